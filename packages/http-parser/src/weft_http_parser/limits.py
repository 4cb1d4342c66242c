"""How much of a message is accepted before it is refused.

Decides the defaults. Knows nothing of who checks them.
"""

import attrs


@attrs.frozen(kw_only=True)
class Limits:
    """Bounds in bytes or in counts; each is the largest value that still passes.

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
    ahead: int = 1_048_576
    """Bytes held that were sent behind the end of a message."""


DEFAULT_LIMITS = Limits()
