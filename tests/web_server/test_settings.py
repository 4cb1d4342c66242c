import pytest

from weft_web_server import ServerOptions
from weft_web_server.settings import Deadlines, to_options


def test_defaults() -> None:
    deadlines = Deadlines()
    assert (deadlines.head, deadlines.keep_alive, deadlines.body) == (30, 75, 30)
    assert (deadlines.body_grace, deadlines.body_rate) == (10, 240)
    assert (deadlines.linger, deadlines.write) == (5, 60)
    assert to_options() == ServerOptions()
    assert ServerOptions().bounds.linger_size == 256 * 1024
    assert ServerOptions().request_limits.body_size == 1024 * 1024


def test_keywords_of_aiohttp() -> None:
    options = to_options(
        keepalive_timeout=1,
        lingering_time=2,
        max_line_size=3,
        max_field_size=4,
        max_headers=5,
        auto_decompress=False,
        read_bufsize=1,
    )
    assert (options.deadlines.keep_alive, options.deadlines.linger) == (1, 2)
    assert (options.limits.line, options.limits.field, options.limits.fields) == (3, 4, 5)
    assert not options.auto_decompress


def test_unknown_keyword() -> None:
    with pytest.raises(TypeError, match="no option 'nonsense'"):
        to_options(nonsense=1)
