"""Who holds the connections that another request waits for, in words. Closes and decides nothing."""

import logging
from collections.abc import Iterable
from typing import Final

from weft_client_session.connection import Connection

STARVING_SECONDS = 10.0
"""How long the first in line waits before the holders are named."""
HOLDERS_LIMIT = 10  # named in one warning

_log: Final = logging.getLogger("weft.client")


def format_holders(connections: Iterable[Connection], now: float) -> str:
    """The connections in use, those that are held longest first.

    What is said is where they go, for how long the request has run, and what it is about.
    """
    users = [(one.user, one.key) for one in connections if one.user is not None]
    users.sort(key=lambda held: held[0].since)
    named = [
        f"{key.host}:{key.port} for {now - user.since:.0f} s, {user.doing}"
        for user, key in users[:HOLDERS_LIMIT]
    ]
    if len(users) > HOLDERS_LIMIT:
        named.append(f"and {len(users) - HOLDERS_LIMIT} more")
    return "; ".join(named) or "nobody: they are being opened"


def warn_of_starving(connections: Iterable[Connection], waiting: int, now: float) -> None:
    """Log that requests wait for what others hold."""
    _log.warning(
        "%d requests wait for a connection, the first for %.0f s; held by: %s. "
        "Read, release or close each response, or raise the connector's limit",
        waiting,
        STARVING_SECONDS,
        format_holders(connections, now),
    )
