"""How much of a message is accepted before it is refused.

Decides the defaults, and what can be a limit. Knows nothing of who checks them.
"""

from typing import Final

import attrs

LARGEST_SIZE: Final = 2**63 - 1
"""The largest body that a length or a chunk size can speak of here."""


@attrs.frozen(kw_only=True)
class Limits:
    """Bounds in bytes or in counts; each is the largest value that still passes.

    What is no int raises TypeError, what is negative ValueError.

    >>> Limits(line=100).field
    8190
    """

    line: int = 8190
    """Request or status line, without its CRLF."""
    field: int = 8190
    """One field line, name and value, without its CRLF."""
    fields: int = 128
    """Field lines of a head."""
    head: int = 65_536
    """The whole head, from the first byte of its start line to its last CRLF."""
    empty_lines: int = 4
    """Empty lines skipped before a request line (RFC 9112 2.2)."""
    chunk_line: int = 4096
    """One chunk-size line with its extensions, without its CRLF."""
    chunk_extensions: int = 16_384
    """All chunk extensions of one body together."""
    trailer_fields: int = 32
    """Field lines of a trailer section."""
    trailers: int = 16_384
    """The whole trailer section with its last CRLF."""
    body: int = LARGEST_SIZE
    """A body as it is transferred, in whichever framing: no bound of its own unless set."""
    ahead: int = 1_048_576
    """Bytes held that were sent behind the end of a message."""

    def __attrs_post_init__(self) -> None:
        for field in attrs.fields(Limits):
            _check(field.name, getattr(self, field.name))


def _check(name: str, limit: object) -> None:
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise TypeError(f"the limit {name} is an int, not {type(limit).__name__}")
    if limit < 0:
        raise ValueError(f"the limit {name} is at least 0, not {limit}")
    if name == "body" and limit > LARGEST_SIZE:
        raise ValueError(f"the limit body is at most 2**63 - 1, not {limit}")


DEFAULT_LIMITS = Limits()
