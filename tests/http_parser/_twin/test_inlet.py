"""The short ways through a connection on both twins: what takes them, and what does not.

That they lead where the long ways do is what tests/conformance proves, by every split.
"""

import gc
import weakref
from typing import Any

import pytest
from support.twins import Twin

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
UPLOAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = UPLOAD.replace(b"Host: a", b"Host: a\r\nConnection: close")
LARGE = b"1388\r\n" + b"x" * 5000 + b"\r\n"
LONG_WAYS = ("_receive_more", "_begin_message", "_take_body", "_end_body", "_fail")


def server(twin: Twin, **limits: int) -> Any:
    return twin.Http1Connection(twin.Role.SERVER, twin.Limits(**limits))


def watched(twin: Twin, role: str = "SERVER") -> tuple[Any, list[str]]:
    """A connection, and the long ways that it went."""
    taken: list[str] = []

    def watch(name: str) -> Any:
        def call(self: Any, *given: Any) -> Any:
            taken.append(name)
            return getattr(super(Watched, self), name)(*given)

        return call

    Watched = type("Watched", (twin.Http1Connection,), {name: watch(name) for name in LONG_WAYS})
    return Watched(twin.Role[role]), taken


class TestShortWays:
    def test_request_that_is_over_with_its_head(self, twin: Twin) -> None:
        connection, taken = watched(twin)
        head, end = connection.receive(GET)
        assert (head.raw, end, taken) == (GET, twin.module("heads").END, [])
        assert connection.is_peer_done

    def test_part_of_a_head(self, twin: Twin) -> None:
        connection, taken = watched(twin)
        assert connection.receive(GET[:9]) == []
        assert taken == []
        assert connection.receive(GET[9:])[0].raw == GET
        assert taken == ["_receive_more", "_begin_message"]

    @pytest.mark.parametrize("begin", [UPLOAD, LAST])
    def test_chunks(self, twin: Twin, begin: bytes) -> None:
        connection, taken = watched(twin)
        head, piece = connection.receive(begin + LARGE)
        assert (head.framing, piece, taken) == (twin.CHUNKED, b"x" * 5000, ["_begin_message"])
        assert connection.chunk_ends == (5000,)
        assert connection.receive(LARGE[:100]) == [b"x" * 94]
        assert connection.receive(LARGE[100:] + b"0\r\n\r\n") == [
            b"x" * 4906,
            twin.module("heads").END,
        ]
        assert list(connection.chunk_ends) == [10_000]
        assert connection.is_peer_done
        assert connection.can_cycle is False
        assert taken == ["_begin_message"]


class TestLongWays:
    def test_bytes_behind_a_request_wait(self, twin: Twin) -> None:
        connection, taken = watched(twin)
        assert len(connection.receive(GET + GET)) == 2
        assert (connection.buffered, taken) == (len(GET), ["_begin_message"])

    def test_part_of_a_size_is_held(self, twin: Twin) -> None:
        connection, taken = watched(twin)
        assert len(connection.receive(UPLOAD + b"1")) == 1
        assert connection.receive(b"\r\na\r\n0\r\n\r\nG") == [b"a", twin.module("heads").END]
        assert taken == ["_begin_message", "_receive_more", "_take_body", "_end_body"]
        assert connection.buffered == 1

    def test_bytes_behind_chunks_wait(self, twin: Twin) -> None:
        connection, taken = watched(twin)
        assert len(connection.receive(UPLOAD + b"0\r\n\r\n" + GET)) == 2
        assert (connection.buffered, taken) == (len(GET), ["_begin_message", "_end_body"])

    def test_trailers(self, twin: Twin) -> None:
        connection, taken = watched(twin)
        connection.receive(UPLOAD)
        assert connection.receive(b"0\r\nA: b\r\n") == []
        assert taken == ["_begin_message"]
        [end] = connection.receive(b"\r\n")
        assert (dict(end.trailers), taken) == ({"A": "b"}, ["_begin_message", "_end_body"])

    def test_body_with_a_length(self, twin: Twin) -> None:
        connection, taken = watched(twin)
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
        assert connection.receive(head + b"a")[1:] == [b"a"]
        assert connection.receive(b"bc") == [b"bc", twin.module("heads").END]
        assert taken[:2] == ["_begin_message", "_take_body"]

    def test_other_kinds_of_bytes(self, twin: Twin) -> None:
        connection, taken = watched(twin)
        assert connection.receive(bytearray(UPLOAD))[0].raw == UPLOAD
        assert connection.receive(bytearray(b"1\r\na\r\n")) == [b"a"]
        assert taken == ["_receive_more", "_begin_message", "_receive_more", "_take_body"]

    def test_answers(self, twin: Twin) -> None:
        connection, taken = watched(twin, "CLIENT")
        connection.send_whole(GET, b"")
        head, piece = connection.receive(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
        )
        assert (head.status, piece) == (200, b"a")
        assert connection.receive(LARGE) == [b"x" * 5000]
        assert taken == ["_receive_more", "_begin_message", "_take_body"]


class TestFaults:
    @pytest.mark.parametrize(
        "parts", [(UPLOAD + LARGE + b"1\r\nax",), (UPLOAD, LARGE, b"1\r\nax")]
    )
    def test_what_was_whole_is_told_once(self, twin: Twin, parts: tuple[bytes, ...]) -> None:
        connection = server(twin)
        for part in parts[:-1]:
            connection.receive(part)
        with pytest.raises(twin.ProtocolError) as caught:
            connection.receive(parts[-1])
        error = caught.value
        whole = len(UPLOAD + LARGE)
        assert (error.reason, error.offset) == (twin.Reason.CHUNK_END, whole + 4)
        assert error.__suppress_context__ or error.__context__ is None
        assert [event for event in error.events if isinstance(event, bytes)][-1] == b"a"
        with pytest.raises(twin.ProtocolError) as again:
            connection.receive(b"more")
        assert (again.value.offset, again.value.events) == (whole + 4, ())

    def test_head(self, twin: Twin) -> None:
        with pytest.raises(twin.ProtocolError) as caught:
            server(twin).receive(b"GET /\0")
        assert (caught.value.reason, caught.value.offset) == (twin.Reason.TARGET, 5)

    def test_host(self, twin: Twin) -> None:
        wire = b"GET / HTTP/1.1\r\n\r\n"
        with pytest.raises(twin.ProtocolError) as caught:
            server(twin).receive(wire)
        assert (caught.value.reason, caught.value.offset) == (
            twin.Reason.HOST_MISSING,
            len(wire) - 1,
        )

    def test_framing(self, twin: Twin) -> None:
        wire = UPLOAD.replace(b"chunked", b"gzip")
        with pytest.raises(twin.ProtocolError) as caught:
            server(twin).receive(wire + LARGE)
        assert (caught.value.reason, caught.value.offset) == (twin.Reason.CODING, len(wire) - 1)


class TestMaking:
    def test_parameters_may_be_named(self, twin: Twin) -> None:
        limits = twin.Limits(line=5)
        for connection in (
            twin.Http1Connection(role=twin.Role.SERVER, limits=limits),
            twin.Http1Connection(twin.Role.SERVER, limits, twin.STRICT),
        ):
            with pytest.raises(twin.ProtocolError):
                connection.receive(GET)

    def test_leniency_is_for_clients(self, twin: Twin) -> None:
        twin.Http1Connection(twin.Role.CLIENT, strictness=twin.LENIENT)
        with pytest.raises(ValueError, match="STRICT"):
            twin.Http1Connection(twin.Role.SERVER, strictness=twin.LENIENT)

    @pytest.mark.parametrize("given", [(), (1, 2, 3, 4)])
    def test_wrong_number(self, twin: Twin, given: tuple[int, ...]) -> None:
        with pytest.raises(TypeError):
            twin.Http1Connection(*given)

    def test_limits_are_read(self, twin: Twin) -> None:
        with pytest.raises(AttributeError):
            twin.Http1Connection(twin.Role.SERVER, object()).receive(UPLOAD)

    def test_connection_in_a_circle_goes(self, twin: Twin) -> None:
        class Held(twin.Http1Connection):  # type: ignore[misc, name-defined]  # known at run time
            pass

        connection = Held(twin.Role.SERVER)
        connection.receive(UPLOAD)
        connection.itself = connection
        gone = weakref.ref(connection)
        del connection
        gc.collect()
        assert gone() is None
