"""A listening socket and what is accepted from it.

Decides when a client is taken in: while the server has room, and again soon after the system has
run out of descriptors. Who waits outside waits in the backlog, not in our memory, and is told
nothing. The loops' own ways of accepting know no such bound; asyncio's logs every failed attempt
with a traceback and then sleeps for a second.

uvloop accepts a plain connection at three quarters of the price, so it does that until the server
is full for the first time. Its answer to exhausted descriptors is to accept and to close at once.
"""

import asyncio
import errno
import logging
import socket
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from weft_http_parser import Link

from .door import Door

if TYPE_CHECKING:
    import ssl

ACCEPTED_AT_ONCE: Final = 64  # then the loop sees to other things
RETRY_SECONDS: Final = 0.1  # after the system had no descriptor or no memory left
_PASSING: Final = (BlockingIOError, InterruptedError)
_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Host(Protocol):
    """What a listener needs of the server."""

    @property
    def door(self) -> Door: ...

    def __call__(self) -> Link: ...


@attrs.frozen(kw_only=True)
class ListenOptions:
    """How connections are taken in."""

    backlog: int = 128
    ssl_context: "ssl.SSLContext | None" = None
    handshake_seconds: float = 10.0
    shutdown_seconds: float = 1.0

    def make_tls(self) -> dict[str, Any]:
        """The keywords of a loop for TLS."""
        if self.ssl_context is None:
            return {}
        return {
            "ssl": self.ssl_context,
            "ssl_handshake_timeout": self.handshake_seconds,
            "ssl_shutdown_timeout": self.shutdown_seconds,
        }


class Listener:
    """Accepts the connections of one socket, from `start()` to `stop()`."""

    __slots__ = (
        "_arriving",
        "_can_watch",
        "_delegate",
        "_host",
        "_is_watching",
        "_loop",
        "_options",
        "_retry",
        "_tls",
        "sock",
    )

    def __init__(self, host: Host, sock: socket.socket, options: ListenOptions) -> None:
        self._host = host
        self.sock = sock
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._delegate: asyncio.AbstractServer | None = None  # the loop accepts by itself
        self._tls = options.make_tls()
        self._is_watching = False
        self._can_watch = not hasattr(self._loop, "start_serving_pipe")  # not the one of Windows
        self._retry: asyncio.TimerHandle | None = None
        self._arriving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        self.sock.setblocking(False)
        self.sock.listen(self._options.backlog)
        if not self._can_watch or _accepts_better(self._loop, self._options):
            # Of a copy: the loop closes what it is given.
            self._delegate = await self._loop.create_server(
                self._host,
                sock=self.sock.dup(),
                backlog=self._options.backlog,
                **self._tls,
            )
        else:
            self.watch()
        self._host.door.add_listener(self)

    def watch(self) -> None:
        """Accept here from now on."""
        if not self._can_watch:
            return
        if self._delegate is not None:
            self._delegate.close()
            self._delegate = None
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if not self._is_watching and self.sock.fileno() >= 0:
            self._is_watching = True
            self._loop.add_reader(self.sock.fileno(), self._accept_some)

    def _look_away(self) -> None:
        if self._is_watching:
            self._is_watching = False
            self._loop.remove_reader(self.sock.fileno())

    async def stop(self) -> None:
        """Take in who waits already, and listen no longer."""
        self._host.door.remove_listener(self)
        if self._delegate is not None:
            self._delegate.close()
            self._delegate = None
        # What the system has accepted for us is ours: a closed socket would reset it.
        for _ in range(self._options.backlog + 1):
            if not self._accept():
                break
        self._look_away()
        if self._retry is not None:
            self._retry.cancel()
        self.sock.close()
        if self._arriving:
            _, late = await asyncio.wait(self._arriving, timeout=self._options.shutdown_seconds)
            for task in late:
                task.cancel()

    def _accept_some(self) -> None:
        """Somebody waits."""
        has_room = self._host.door.has_room
        if not has_room():
            self._look_away()
            self._host.door.make_room()  # which tells, when there is some
            return
        for _ in range(ACCEPTED_AT_ONCE):
            if not self._accept() or not has_room():
                return

    def _accept(self) -> bool:
        """Take one in; False where nobody waits, or nobody can be taken in."""
        try:
            sock, _ = self.sock.accept()
        except _PASSING:
            return False
        except OSError as exc:
            if exc.errno in _EXHAUSTED:
                self._pause(exc)
                return False
            return True  # that one is gone again (ECONNABORTED, EPROTO, …)
        sock.setblocking(False)
        self._host.door.count_arriving(1)
        self._arriving.add(self._loop.create_task(self._adopt(sock)))
        return True

    async def _adopt(self, sock: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._host, sock, **self._tls)
        except OSError as exc:  # ssl's errors and TimeoutError are such
            sock.close()
            self._host.door.peer_log.tell(logging.DEBUG, "a client did not arrive: %s", exc)
        finally:
            self._arriving.discard(asyncio.current_task())
            self._host.door.count_arriving(-1)

    def _pause(self, exc: OSError) -> None:
        """The system has no more to give: make room, and try again soon."""
        self._host.door.peer_log.remind(
            logging.ERROR,
            "cannot accept: %s; new clients wait; raise the limit of open files,"
            " or lower max_connections",
            exc.strerror,
        )
        self._host.door.make_room()
        self._look_away()
        if self._retry is None:
            self._retry = self._loop.call_later(RETRY_SECONDS, self.watch)


def _accepts_better(loop: asyncio.AbstractEventLoop, options: ListenOptions) -> bool:
    """Whether a loop's own accepting is the cheaper one: uvloop's, without TLS."""
    return type(loop).__module__.partition(".")[0] == "uvloop" and options.ssl_context is None
