"""What an application compresses of itself: which codings, which types, from which size on.

Decides by a body's media type and length. Knows no response and no client.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import attrs

from weft_http_parser import supported_codings

from .errors import ConfigurationError

KNOWN_CODINGS: Final = ("zstd", "br", "gzip", "deflate")
COMPRESSIBLE: Final = (
    "text/*",
    "*+json",
    "*+xml",
    "*+text",
    "application/json",
    "application/javascript",
    "application/manifest+json",
    "application/wasm",
    "application/x-ndjson",
    "application/xml",
    "application/x-javascript",
    "application/yaml",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/vnd.microsoft.icon",
    "image/x-icon",
)


def _to_names(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


def _to_levels(given: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType(dict(given))


def _installed(codings: Iterable[str]) -> tuple[str, ...]:
    """Those of the codings that can be made here."""
    names = tuple(codings)
    for name in names:
        if name not in KNOWN_CODINGS:
            raise ValueError(
                f"{name!r} is no coding that is known here; give some of {', '.join(KNOWN_CODINGS)}"
            )
    found = tuple(name for name in names if name in supported_codings())
    if not found:
        raise ConfigurationError(
            f"none of {', '.join(names) or 'no codings'} can be made here; install the library of"
            " one, or add gzip, which needs none"
        )
    return found


@attrs.frozen(kw_only=True)
class Compression:
    """What an application compresses of itself: `Application(compression=True)` is the default.

    >>> Compression(codings=("gzip",)).takes("application/problem+json")
    True
    """

    codings: tuple[str, ...] = attrs.field(default=KNOWN_CODINGS, converter=_installed)
    """In the order of preference among those that a client likes alike. Codings whose library is
    not installed are left out."""
    min_size: int = 1024
    """A body of fewer bytes is left as it is; one of unknown length counts as long."""
    types: tuple[str, ...] = attrs.field(default=COMPRESSIBLE, converter=_to_names)
    """Media types; a star may stand for what is before the slash and more (`*+json`) or for
    what is behind it (`text/*`)."""
    levels: Mapping[str, int] = attrs.field(factory=dict[str, int], converter=_to_levels)
    """How hard each coding tries, by its name, where that is not its library's usual level."""
    inline_size: int = 32_768
    """A piece of at least so many bytes is compressed in an executor."""
    executor: Executor | None = None
    """None is the loop's."""

    def takes(self, kind: str) -> bool:
        """Whether bodies of a media type, without parameters, are compressed."""
        return _takes(self.types, kind)


@lru_cache(maxsize=1024)
def _takes(types: tuple[str, ...], kind: str) -> bool:
    return any(_fits(each, kind) for each in types)


def _fits(pattern: str, kind: str) -> bool:
    if pattern.startswith("*"):
        return kind.endswith(pattern[1:])
    if pattern.endswith("*"):
        return kind.startswith(pattern[:-1])
    return kind == pattern


def to_compression(value: Compression | bool | None) -> Compression | bool | None:
    """What an application compresses, of what it was told; True is as the defaults have it.

    >>> to_compression(True) == Compression()
    True
    """
    if value is None or value is False or isinstance(value, Compression):
        return value
    if value is True:
        return Compression()
    raise TypeError(
        f"compression is {value!r}; give True, False, or a web.Compression, such as"
        ' Compression(codings=("gzip",))'
    )
