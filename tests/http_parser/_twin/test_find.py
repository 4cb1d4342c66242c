"""The search for a delimiter, the same from both twins and from bytes.find()."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.twins import Twin, load_twin

DELIMITER = b"\r\n--abc"
TEXTS = st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"a", b"c", DELIMITER, DELIMITER[:-1], b"x" * 90])
)


@pytest.mark.parametrize("backend", ["py", "c"])
@given(texts=TEXTS, start=st.integers(0, 1000))
def test_what_is_found(backend: str, texts: list[bytes], start: int) -> None:
    twin = load_twin("weft_http_parser", backend)
    data = b"".join(texts)
    assert twin.module("_twin").find_delimiter(data, DELIMITER, start) == data.find(
        DELIMITER, start
    )


@pytest.mark.parametrize("behind", [0, 1, 248, 249, 250, 256, 600])
def test_every_place(twin: Twin, behind: int) -> None:
    """Around the ends of blocks, with what looks like the delimiter before and behind."""
    for before in (*range(10), *range(240, 270), 500):
        data = b"\r" * before + DELIMITER + b"c" * behind
        assert twin.module("_twin").find_delimiter(data, DELIMITER, 0) == before
        assert twin.module("_twin").find_delimiter(data, DELIMITER, before + 1) == -1
        assert twin.module("_twin").find_delimiter(data[:-1], DELIMITER, 0) == (
            before if behind else -1
        )


def test_what_is_refused(twin: Twin) -> None:
    for arguments in ((b"", b"ab", -1), (b"", b"a", 0)):
        with pytest.raises(ValueError, match="below"):
            twin.module("_twin").find_delimiter(*arguments)
    for wrong in (("", b"ab", 0), (b"", "ab", 0), (b"", b"ab", "0"), (b"", b"ab")):
        with pytest.raises((TypeError, AttributeError)):
            twin.module("_twin").find_delimiter(*wrong)
