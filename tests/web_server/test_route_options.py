import pytest

from weft_web_server import RouteOptions
from weft_web_server.route_options import NO_OPTIONS


def test_values() -> None:
    options = RouteOptions(client_max_size=0, timeout=0.5, handler_cancellation=False)
    assert (options.client_max_size, options.timeout) == (0, 0.5)
    assert options.handler_cancellation is False
    assert RouteOptions() == NO_OPTIONS


@pytest.mark.parametrize("name", ["client_max_size", "timeout"])
@pytest.mark.parametrize("value", [-1, float("nan")])
def test_bad_values(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} is .*; give a number that is not negative"):
        RouteOptions(**{name: value})  # type: ignore[arg-type]  # one of two names


@pytest.mark.parametrize("name", ["client_max_size", "timeout"])
def test_no_numbers(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} is '5'; give a number"):
        RouteOptions(**{name: "5"})  # type: ignore[arg-type]  # the mistake under test


def test_over() -> None:
    inner = RouteOptions(timeout=0, handler_cancellation=False)
    outer = RouteOptions(timeout=5, handler_cancellation=True, client_max_size=7)
    merged = RouteOptions(timeout=0, handler_cancellation=False, client_max_size=7)
    assert inner.over(outer) == merged
    assert NO_OPTIONS.over(outer) == outer and outer.over(NO_OPTIONS) == outer
