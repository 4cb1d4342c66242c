"""TLS sessions that are taken up again, so that the next handshake is half as long.

Knows which session belongs to which peer; opens nothing. A session holds what was checked in the
handshake that it comes from, so it is for the same context, name and port alone.
"""

import ssl
from collections import OrderedDict
from collections.abc import Hashable

SESSIONS_LIMIT = 256


class SessionCache:
    """The last TLS session with each peer, at most 256 of them."""

    __slots__ = ("_sessions",)

    def __init__(self) -> None:
        self._sessions: OrderedDict[Hashable, ssl.SSLSession] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, context: ssl.SSLContext, name: str, port: int) -> ssl.SSLSession | None:
        """The session that a new handshake may take up."""
        return self._sessions.get((context, name, port))

    def keep(self, tls: object, port: int) -> None:
        """Keep the session of an open connection; its tickets come behind the handshake."""
        if not isinstance(tls, ssl.SSLObject) or tls.server_hostname is None:
            return
        session = tls.session
        if session is None or not session.has_ticket:
            return
        key = (tls.context, tls.server_hostname, port)
        self._sessions[key] = session
        self._sessions.move_to_end(key)
        while len(self._sessions) > SESSIONS_LIMIT:
            self._sessions.popitem(last=False)


class ResumingContext:
    """A context whose next connection takes up a session; as much of one as event loops use."""

    __slots__ = ("_context", "_session")

    def __init__(self, context: ssl.SSLContext, session: ssl.SSLSession) -> None:
        self._context = context
        self._session = session

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
    ) -> ssl.SSLObject:
        """As SSLContext.wrap_bio, with the session."""
        return self._context.wrap_bio(
            incoming, outgoing, server_side, server_hostname, session=self._session
        )
