"""Public suffixes: domains below which anybody may have a name, such as `co.uk`.

A cookie for one of them would go to strangers (RFC 6265bis 5.7). The list of publicsuffix.org comes
with the extra `publicsuffix`; without it only whole top-level domains are known.
"""

import functools
from collections.abc import Callable

PublicSuffixCheck = Callable[[str], bool]


def is_public_suffix(domain: str) -> bool:
    """Whether anybody may have a name below this domain.

    >>> is_public_suffix("com"), is_public_suffix("example.com")
    (True, False)
    """
    return "." not in domain or _listed()(domain)


@functools.cache
def _listed() -> PublicSuffixCheck:
    """The check of the installed list; it is read with the first cookie that names a domain."""
    try:
        from publicsuffixlist import PublicSuffixList  # late: an extra
    except ImportError:
        return _is_never
    suffix_of = PublicSuffixList().publicsuffix
    return lambda domain: suffix_of(domain) == domain


def _is_never(domain: str) -> bool:
    return False
