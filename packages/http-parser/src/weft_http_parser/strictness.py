"""Which sloppiness of a peer is borne with, as a value.

Decides the list: what is not on it is refused. Knows nothing of who reads by it. All of it is
about the lines of a response head; how a message is delimited, chunks and trailers are never read
but to the letter, and neither is any field that says so (`names.STEERING_MARKS`).
"""

from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class Strictness:
    """What a response head may do that RFC 9112 or RFC 9110 forbids; nothing unless said.

    >>> Strictness(allows_bare_lf=True).allows_line_folding
    False
    """

    allows_bare_lf: bool = False
    """LF without CR ends the status line, a field line or the head (RFC 9112 2.2)."""
    allows_line_folding: bool = False
    """A field goes on in lines that begin with a blank; its value has a space there (9112 5.2)."""
    allows_space_before_colon: bool = False
    """Blanks between the name of a field and its colon, which are dropped (RFC 9112 5.1)."""
    allows_bare_status: bool = False
    """A status line that ends behind the code, without the space due there (RFC 9112 4)."""
    allows_controls: bool = False
    """Controls but NUL, CR and LF in values that steer nothing, and in the reason phrase (9110 5.5)."""


STRICT: Final = Strictness()
"""To the letter: the default everywhere, and all that there is for requests."""

LENIENT: Final = Strictness(
    allows_bare_lf=True,
    allows_line_folding=True,
    allows_space_before_colon=True,
    allows_bare_status=True,
    allows_controls=True,
)
"""The harmless sloppiness of real servers, for clients."""
