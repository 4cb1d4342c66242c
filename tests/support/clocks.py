"""A clock that a test moves, in the place of a server's."""

from weft_web_server import Server, TestServer


class MovedClock:
    """Stops a server's own clock, from a time on at which it has a connection."""

    def __init__(self, server: TestServer) -> None:
        assert isinstance(server.handler, Server)
        self._server = server.handler
        assert self._server._sweep_handle is not None  # it has a connection
        self._server._sweep_handle.cancel()

    def move(self, seconds: float) -> None:
        """So many seconds go by, and the server looks at its deadlines."""
        self._server.look(self._server.now + seconds)
