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


WHOLE = [
    GET,
    GET.replace(b"Host", b"Connection: Keep-Alive\r\nHost"),
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nContent-Length: 0\r\nHost: a\r\n\r\n",
]


def told(events: Any) -> Any:
    """Events as values that can be compared."""
    if events is None:
        return None
    return [
        event if isinstance(event, bytes) else (getattr(event, "framing", None), str(event))
        for event in events
    ]


class TestWholeRequests:
    """Those that came as a whole, alone and with others behind them."""

    @pytest.mark.parametrize("request_", WHOLE)
    def test_alone(self, twin: Twin, request_: bytes) -> None:
        connection = server(twin)
        head, *body, end = connection.receive(request_)
        assert b"".join(body) == request_[len(head.raw) :]
        assert (head.framing, head.persistent) == (len(b"".join(body)), True)
        assert (end, connection.buffered) == (twin.module("heads").END, 0)
        assert connection.answered() is None
        assert connection.is_idle

    @pytest.mark.parametrize("request_", WHOLE)
    @pytest.mark.parametrize(
        "behind", [*WHOLE, b"", b"\r\n", GET[:9], UPLOAD, LAST + b"0\r\n\r\n"]
    )
    def test_with_others_behind(self, twin: Twin, request_: bytes, behind: bytes) -> None:
        """As one after the other, sent and cycled by hand."""
        connection, plain = server(twin), server(twin)
        assert told(connection.receive(request_ + behind)) == told(plain.receive(request_))
        assert connection.buffered == len(behind)
        plain.send_whole(b"HTTP/1.1 204 No Content\r\n\r\n")
        assert plain.next_cycle() == []
        expected = plain.receive(behind) if behind else None
        assert told(connection.answered()) == told(expected)
        assert connection.has_received == plain.has_received
        if behind in WHOLE:
            assert connection.answered() is None and connection.is_idle

    def test_a_fault_behind_has_its_place(self, twin: Twin) -> None:
        connection = server(twin)
        connection.receive(GET + GET + b"GET / HTTP/1.1\r\n\r\n")
        assert len(connection.answered()) == 2
        with pytest.raises(twin.ProtocolError) as caught:
            connection.answered()
        assert caught.value.reason is twin.Reason.HOST_MISSING
        assert caught.value.offset == 2 * len(GET) + 17

    def test_other_ends(self, twin: Twin) -> None:
        """An answer out of order, and one behind which the connection ends."""
        with pytest.raises(twin.ProtocolError):
            server(twin).answered()
        connection = server(twin)
        connection.receive(GET.replace(b"Host", b"Connection: close\r\nHost"))
        with pytest.raises(twin.ProtocolError):
            connection.answered()
        connection = server(twin)
        connection.receive(GET + GET)
        connection.send_whole(b"HTTP/1.1 204 No Content\r\n\r\n")
        with pytest.raises(twin.ProtocolError):
            connection.answered()

    def test_the_end_of_the_bytes(self, twin: Twin) -> None:
        connection = server(twin)
        connection.receive(GET + GET)
        connection.receive_eof()
        assert len(connection.answered()) == 2
        with pytest.raises(twin.ProtocolError):
            connection.answered()

    @pytest.mark.parametrize(
        ("limits", "behind"),
        [({"body": 2}, b""), ({"ahead": 5}, b"x" * 6), ({}, b"x" * 1_048_577)],
    )
    def test_bounds(self, twin: Twin, limits: dict[str, int], behind: bytes) -> None:
        connection = server(twin, **limits)
        with pytest.raises(twin.ProtocolError) as caught:
            connection.receive(WHOLE[2] + behind)
        kinds = twin.Reason.BODY_TOO_LARGE, twin.Reason.TOO_MUCH_AHEAD
        assert caught.value.reason is kinds["body" not in limits]

    @pytest.mark.parametrize(
        "fields",
        [
            b"Content-Length: 3\r\nContent-Length: 3",
            b"Content-Length: 3, 3",
            b"Content-Length: 0000000000000000003",
            b"Content-Length: +3",
            b"Content-Length: ",
            b"Content-Length: 3\r\nTransfer-Encoding: chunked",
            b"Content-Length: 3\r\nConnection: keep-alive, x",
            b"Content-Length: 3\r\nConnection: keep-alive\r\nConnection: close",
            b"Content-Length: 3\r\nConnection: keep-alivE",
            b"Content-Length: 3\r\nConnection: keep-alivX",
            b"Content-Length: 3\r\nConnection:",
            b"Content-Length: 3x",
            b"Content-Length: 3\r\nExpect: 100-continue",
            b"Content-Length: 3\r\nX-Folded: a\r\n b",
        ],
    )
    def test_unusual_framing(self, twin: Twin, fields: bytes) -> None:
        """What is not simply framed is judged as it is in pieces."""
        data = b"POST / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n\r\nabc"

        def judge(*parts: bytes) -> Any:
            connection = server(twin)
            try:
                events = [event for part in parts for event in connection.receive(part)]
            except twin.ProtocolError as exc:
                return exc.reason, exc.offset
            body = b"".join(event for event in events if isinstance(event, bytes))
            return events[0].framing, events[0].persistent, body

        assert judge(data) == judge(data[:30], data[30:])


class TestTraits:
    """What a server asks of every request, told by bits."""

    @pytest.mark.parametrize(
        ("line", "fields", "traits"),
        [
            (b"GET / HTTP/1.1", b"", 0),
            (b"GET / HTTP/1.0", b"", 1 | 16),
            (b"POST / HTTP/1.1", b"Expect: 100-continue\r\nContent-Length: 1", 2 | 32),
            (b"POST / HTTP/1.1", b"Content-Encoding: gzip\r\nContent-Length: 1", 4 | 32),
            (b"OPTIONS * HTTP/1.1", b"", 8),
            (b"GET http://a/ HTTP/1.1", b"", 8),
            (b"GET / HTTP/1.1", b"Connection: close", 16),
            (b"POST / HTTP/1.1", b"Transfer-Encoding: chunked", 32),
            (b"HEAD / HTTP/1.1", b"", 64),
            (b"HEAR / HTTP/1.1", b"", 0),
        ],
    )
    def test_of(self, twin: Twin, line: bytes, fields: bytes, traits: int) -> None:
        data = line + b"\r\nHost: a\r\n" + (fields + b"\r\n" if fields else b"") + b"\r\n"
        assert server(twin).receive(data)[0].traits == traits


class TestLongWays:
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
