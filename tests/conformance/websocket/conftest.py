import pytest
from support.twins import Twin, load_twin


@pytest.fixture(params=["py", "c"])
def twin(request: pytest.FixtureRequest) -> Twin:
    """The package on each of its twins."""
    return load_twin("weft_websocket", request.param)
