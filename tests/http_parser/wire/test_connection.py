"""The connection: order, persistence, misuse, poison. Wire cases are in tests/conformance."""

import tracemalloc
from typing import Any

import pytest
from support.twins import Twin

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
CHUNKED_POST = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
CONNECT = b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"


@pytest.fixture
def server(twin: Twin) -> Any:
    return twin.Http1Connection(twin.Role.SERVER)


@pytest.fixture
def client(twin: Twin) -> Any:
    return twin.Http1Connection(twin.Role.CLIENT)


def refused(twin: Twin, reason: str, offset: int = 0) -> Any:
    """The error with that reason and offset."""

    def fits(error: Any) -> bool:
        return error.reason is twin.Reason[reason] and error.offset == offset

    return pytest.raises(twin.ProtocolError, check=fits)


class TestServer:
    def test_whole_request(self, twin: Twin, server: Any) -> None:
        assert server.role is twin.Role.SERVER
        assert server.is_idle
        assert not server.has_received
        head, end = server.receive(GET)
        assert head.raw == GET
        assert end is twin.END
        assert server.is_peer_done
        assert server.has_received
        assert not server.is_idle
        assert not server.is_our_done
        assert not server.can_cycle
        assert server.send_whole(OK, b"hi") == OK + b"hi"
        assert server.is_our_done
        assert server.can_cycle
        assert server.next_cycle() == []
        assert server.is_idle

    def test_nothing(self, server: Any) -> None:
        assert server.receive(b"") == []
        assert server.is_idle

    def test_part_of_a_head(self, server: Any) -> None:
        assert server.receive(GET[:5]) == []
        assert server.has_received
        assert not server.is_idle
        assert server.buffered == 0
        assert len(server.receive(GET[5:])) == 2

    def test_body(self, twin: Twin, server: Any) -> None:
        (head,) = server.receive(POST)
        assert (head.framing, head.persistent) == (3, True)
        assert server.receive(b"ab") == [b"ab"]
        assert not server.is_peer_done
        assert server.receive(b"cGET") == [b"c", twin.END]
        assert server.is_peer_done
        assert server.buffered == 3

    def test_body_in_the_same_read(self, twin: Twin, server: Any) -> None:
        assert server.receive(POST + b"abc")[1:] == [b"abc", twin.END]

    def test_chunk_ends(self, server: Any) -> None:
        server.receive(CHUNKED_POST)
        assert list(server.chunk_ends) == []
        server.receive(b"2\r\nab\r\n1\r\nc\r\n2\r\nd")
        assert list(server.chunk_ends) == [2, 3]
        server.receive(b"e\r\n0\r\n\r\n")
        assert list(server.chunk_ends) == [5]
        server.receive(b"G")
        assert list(server.chunk_ends) == []

    def test_pipeline(self, server: Any) -> None:
        events = server.receive(GET + POST + b"abc" + GET + GET[:7])
        for expected in (2, 3, 2, 0):
            assert len(events) == expected
            if events:
                server.send_whole(OK, b"hi")
                events = server.next_cycle()
        assert server.buffered == 0
        assert server.has_received
        assert len(server.receive(GET[7:])) == 2

    def test_pipelined_bytes_wait(self, server: Any) -> None:
        server.receive(GET)
        assert server.receive(GET[:9]) == []
        assert server.receive(GET[9:]) == []
        assert server.buffered == len(GET)
        server.send_whole(OK, b"hi")
        assert len(server.next_cycle()) == 2

    def test_bytes_ahead_are_bounded(self, twin: Twin) -> None:
        server = twin.Http1Connection(twin.Role.SERVER, twin.Limits(ahead=10))
        server.receive(GET)
        server.receive(bytes(10))
        with refused(twin, "TOO_MUCH_AHEAD", len(GET) + 10):
            server.receive(b"x")

    @pytest.mark.parametrize(
        "request_", [GET, POST + b"abc", CHUNKED_POST + b"0\r\n\r\n", CONNECT]
    )
    def test_bytes_ahead_are_bounded_in_one_read(self, twin: Twin, request_: bytes) -> None:
        limits = twin.Limits(ahead=10)
        assert twin.Http1Connection(twin.Role.SERVER, limits).receive(request_ + bytes(10))
        server = twin.Http1Connection(twin.Role.SERVER, limits)
        with refused(twin, "TOO_MUCH_AHEAD", len(request_) + 10) as caught:
            server.receive(request_ + bytes(11))
        assert caught.value.events[-1] is twin.END
        with refused(twin, "TOO_MUCH_AHEAD", len(request_) + 10) as caught:
            server.receive(b"")
        assert caught.value.events == ()

    def test_answer_before_the_request_is_over(self, twin: Twin, server: Any) -> None:
        server.receive(POST)
        server.send_whole(OK, b"hi")
        assert not server.can_cycle
        assert server.receive(b"abc") == [b"abc", twin.END]
        assert server.can_cycle

    def test_request_that_closes(self, server: Any) -> None:
        server.receive(GET[:-2] + b"Connection: close\r\n\r\n")
        assert server.is_peer_done
        server.send_whole(OK, b"hi")
        assert not server.can_cycle

    def test_answer_that_closes(self, server: Any) -> None:
        server.receive(GET)
        server.send_whole(OK, b"hi", persistent=False)
        assert server.is_our_done
        assert not server.can_cycle

    def test_answer_in_pieces(self, twin: Twin, server: Any) -> None:
        server.receive(GET)
        head = twin.ResponseHead(200, "OK", headers=[("Transfer-Encoding", "chunked")])
        assert server.send_head(head) == head.raw
        assert head.framing == twin.CHUNKED
        assert server.send_data(b"") == []
        assert server.send_data(b"abc") == [b"3\r\nabc\r\n"]
        assert not server.is_our_done
        assert server.send_end([("X", "y")]) == b"0\r\nX: y\r\n\r\n"
        assert server.can_cycle

    def test_answer_until_close(self, twin: Twin, server: Any) -> None:
        server.receive(GET)
        server.send_head(twin.ResponseHead(200, "OK"))
        assert server.send_data(b"abc") == [b"abc"]
        assert server.send_end() == b""
        assert not server.can_cycle

    @pytest.mark.parametrize("status", [204, 304])
    def test_answers_without_a_body(self, twin: Twin, server: Any, status: int) -> None:
        server.receive(GET)
        server.send_head(twin.ResponseHead(status, "", headers=[("Content-Length", "3")]))
        with refused(twin, "BODY_TOO_LONG", 3):
            server.send_data(b"abc")

    def test_answer_to_head(self, twin: Twin, server: Any) -> None:
        server.receive(GET.replace(b"GET", b"HEAD"))
        server.send_head(twin.ResponseHead(200, "", headers=[("Content-Length", "3")]))
        assert server.send_end() == b""
        assert server.can_cycle

    def test_rendered_head(self, twin: Twin, server: Any) -> None:
        server.receive(GET)
        assert server.send_rendered(OK, 2) == OK
        assert server.send_data(b"hi") == [b"hi"]
        assert server.send_end() == b""
        assert server.can_cycle

    def test_interim_answers(self, twin: Twin, server: Any) -> None:
        server.receive(POST)
        early = twin.ResponseHead(100, "Continue")
        assert server.send_head(early) == early.raw
        assert server.send_rendered(early.raw, 0, status=103) == early.raw
        server.send_whole(OK, b"hi")
        with refused(twin, "OUT_OF_ORDER"):
            server.send_head(early)

    def test_timeout_answer_to_a_silent_peer(self, server: Any) -> None:
        assert server.send_whole(OK, b"hi", persistent=False)
        assert server.is_our_done

    def test_a_fault_behind_a_head_request_is_answered_with_a_body(
        self, twin: Twin, server: Any
    ) -> None:
        server.receive(GET.replace(b"GET", b"HEAD"))
        server.send_whole(OK, b"")
        assert server.next_cycle() == []
        with pytest.raises(twin.ProtocolError):
            server.receive(b"\0")
        head = twin.ResponseHead(400, "Bad Request", headers=[("Content-Length", "3")])
        server.send_head(head)
        assert head.framing == 3
        assert server.send_data(b"bad") == [b"bad"]
        assert server.send_end() == b""


class TestClient:
    def test_exchange(self, twin: Twin, client: Any) -> None:
        assert client.role is twin.Role.CLIENT
        assert client.send_whole(GET, b"") == GET
        assert not client.is_idle
        assert not client.has_received
        head, body, end = client.receive(OK + b"hi")
        assert (head.status, body, end) == (200, b"hi", twin.END)
        assert client.can_cycle
        assert client.next_cycle() == []
        assert client.is_idle

    def test_head_from_values(self, twin: Twin, client: Any) -> None:
        head = twin.RequestHead("PUT", "/", headers=[("Host", "a"), ("Content-Length", "3")])
        assert client.send_head(head) == head.raw
        assert head.framing == 3
        assert client.send_data(b"abc") == [b"abc"]
        assert client.send_end() == b""
        assert len(client.receive(OK + b"hi")) == 3
        assert client.can_cycle

    def test_answer_before_the_request_is_over(self, client: Any) -> None:
        client.send_rendered(POST, 3, method="POST")
        assert len(client.receive(OK + b"hi")) == 3
        assert not client.can_cycle
        client.send_data(b"abc")
        client.send_end()
        assert client.can_cycle

    @pytest.mark.parametrize("method", ["", "HEAD"])
    def test_method_decides_about_the_body(self, client: Any, method: str) -> None:
        client.send_whole(GET.replace(b"GET", b"HEAD"), b"", method=method)
        assert len(client.receive(OK)) == 2
        assert client.can_cycle

    def test_until_close(self, twin: Twin, client: Any) -> None:
        client.send_whole(GET, b"")
        head, body = client.receive(b"HTTP/1.1 200 OK\r\n\r\nabc")
        assert (head.framing, head.persistent, body) == (twin.UNTIL_CLOSE, False, b"abc")
        assert client.receive_eof() == [twin.END]
        assert client.is_peer_done
        assert not client.can_cycle

    def test_interim_then_eof(self, client: Any) -> None:
        client.send_whole(GET, b"")
        client.receive(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert client.receive_eof() == []

    def test_interims_are_counted_per_request(self, client: Any) -> None:
        for _ in range(3):
            client.send_whole(GET, b"")
            assert len(client.receive(b"HTTP/1.1 100 C\r\n\r\n" * 20 + OK + b"hi")) == 23
            client.next_cycle()

    def test_response_without_a_request(self, twin: Twin, client: Any) -> None:
        with refused(twin, "UNASKED_RESPONSE"):
            client.receive(b"H")

    def test_second_response(self, twin: Twin, client: Any) -> None:
        client.send_whole(GET, b"")
        client.receive(OK + b"hiHTTP")
        assert client.buffered == 4
        with refused(twin, "UNASKED_RESPONSE", len(OK) + 2):
            client.next_cycle()

    def test_tunnel_with_more_than_may_wait(self, twin: Twin) -> None:
        client = twin.Http1Connection(twin.Role.CLIENT, twin.Limits(ahead=3))
        client.send_whole(UPGRADE, b"")
        with refused(twin, "TOO_MUCH_AHEAD", len(SWITCHING) + 3) as caught:
            client.receive(SWITCHING + b"abcd")
        assert [event.status for event in caught.value.events] == [101]

    def test_lenient(self, twin: Twin) -> None:
        sloppy = b"HTTP/1.1 200\nContent-Length: 2\n\nhi"
        client = twin.Http1Connection(twin.Role.CLIENT, strictness=twin.LENIENT)
        for _ in range(2):
            client.send_whole(GET, b"")
            head, body, _end = client.receive(sloppy)
            assert (head.status, body) == (200, b"hi")
            client.next_cycle()

    def test_closed_while_idle(self, client: Any) -> None:
        assert client.receive_eof() == []
        assert not client.is_idle
        assert not client.can_cycle


class TestSwitch:
    def test_server(self, twin: Twin, server: Any) -> None:
        server.receive(UPGRADE + b"\x81\0")
        server.send_whole(SWITCHING, b"")
        assert server.switch() == b"\x81\0"
        assert server.buffered == 0
        with refused(twin, "OUT_OF_ORDER"):
            server.receive(b"x")

    def test_server_with_a_head(self, twin: Twin, server: Any) -> None:
        server.receive(UPGRADE)
        server.send_head(twin.ResponseHead(101, "", headers=[("Upgrade", "x")]))
        server.receive(b"abc")
        assert server.switch() == b"abc"

    def test_server_tunnel(self, twin: Twin, server: Any) -> None:
        server.receive(CONNECT + b"abc")
        server.send_head(twin.ResponseHead(200, "OK"))
        assert server.is_our_done
        assert not server.can_cycle
        assert server.switch() == b"abc"

    def test_server_in_http_10(self, twin: Twin, server: Any) -> None:
        server.receive(b"CONNECT a:1 HTTP/1.0\r\n\r\nabc")
        server.send_whole(OK, b"", persistent=False)
        assert server.switch() == b"abc"

    def test_declined(self, server: Any) -> None:
        server.receive(UPGRADE + GET)
        server.send_whole(OK, b"hi")
        assert len(server.next_cycle()) == 2

    def test_client(self, twin: Twin, client: Any) -> None:
        client.send_whole(UPGRADE, b"")
        (head,) = client.receive(SWITCHING + b"abc")
        assert head.status == 101
        assert client.receive(b"def") == []
        assert client.buffered == 6
        assert not client.can_cycle
        assert client.switch() == b"abcdef"
        with refused(twin, "OUT_OF_ORDER"):
            client.send_whole(GET, b"")

    def test_client_tunnel(self, client: Any) -> None:
        client.send_whole(CONNECT, b"", method="CONNECT")
        (head,) = client.receive(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\x16")
        assert head.framing == 0
        assert client.switch() == b"\x16"

    def test_too_early(self, twin: Twin, server: Any) -> None:
        server.receive(POST)
        server.send_whole(SWITCHING, b"")
        with refused(twin, "OUT_OF_ORDER"):
            server.switch()

    def test_before_our_answer(self, twin: Twin, server: Any) -> None:
        server.receive(UPGRADE)
        with refused(twin, "OUT_OF_ORDER"):
            server.switch()


class TestEof:
    def test_between_messages(self, server: Any) -> None:
        assert server.receive_eof() == []

    def test_behind_a_request(self, server: Any) -> None:
        server.receive(GET)
        assert server.receive_eof() == []
        server.send_whole(OK, b"hi")
        assert not server.can_cycle

    def test_behind_pipelined_requests(self, server: Any) -> None:
        server.receive(GET + GET)
        assert server.receive_eof() == []
        server.send_whole(OK, b"hi")
        assert server.can_cycle
        assert len(server.next_cycle()) == 2
        server.send_whole(OK, b"hi")
        assert not server.can_cycle

    def test_inside_a_pipelined_request(self, twin: Twin, server: Any) -> None:
        server.receive(GET + POST)
        assert server.receive_eof() == []
        server.send_whole(OK, b"hi")
        with refused(twin, "INCOMPLETE", len(GET + POST)):
            server.next_cycle()

    def test_bytes_behind_it(self, twin: Twin, server: Any) -> None:
        server.receive(GET)
        server.receive_eof()
        with refused(twin, "OUT_OF_ORDER"):
            server.receive(b"x")

    def test_twice(self, server: Any) -> None:
        server.receive_eof()
        assert server.receive_eof() == []


class TestFailure:
    def test_poison(self, twin: Twin, server: Any) -> None:
        with refused(twin, "METHOD", 1):
            server.receive(b"G\0")
        with refused(twin, "METHOD", 1):
            server.receive(GET)
        with refused(twin, "METHOD", 1):
            server.receive_eof()
        assert not server.is_peer_done

    def test_an_answer_may_still_be_sent(self, twin: Twin, server: Any) -> None:
        with refused(twin, "METHOD"):
            server.receive(b"\0")
        assert server.send_whole(OK, b"hi", persistent=False)
        assert not server.can_cycle
        with refused(twin, "OUT_OF_ORDER"):
            server.next_cycle()

    def test_offsets_count_from_the_first_message(self, twin: Twin, server: Any) -> None:
        server.receive(GET + GET + b"\0")
        for _ in range(2):
            server.send_whole(OK, b"hi")
            if _ == 0:
                server.next_cycle()
        with refused(twin, "METHOD", 2 * len(GET)):
            server.next_cycle()

    def test_offset_in_a_body(self, twin: Twin, server: Any) -> None:
        server.receive(GET)
        server.send_whole(OK, b"hi")
        server.next_cycle()
        server.receive(CHUNKED_POST)
        server.receive(b"1\r\na\r\n")
        with refused(twin, "CHUNK_SIZE", len(GET + CHUNKED_POST) + 6):
            server.receive(b"x")

    def test_events_before_a_fault_come_with_it(self, twin: Twin, server: Any) -> None:
        with refused(twin, "CHUNK_SIZE", len(CHUNKED_POST) + 6) as caught:
            server.receive(CHUNKED_POST + b"1\r\na\r\nx")
        head, body = caught.value.events
        assert (head.raw, body) == (CHUNKED_POST, b"a")
        for again in (lambda: server.receive(b"x"), server.receive_eof):
            with refused(twin, "CHUNK_SIZE", len(CHUNKED_POST) + 6) as caught:
                again()
            assert caught.value.events == ()

    def test_events_before_a_fault_of_a_head(self, twin: Twin, client: Any) -> None:
        client.send_whole(GET, b"")
        with refused(twin, "BARE_LF", 32) as caught:
            client.receive(b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 O\nK")
        assert [event.status for event in caught.value.events] == [103]

    def test_events_before_the_end_of_a_pipelined_body(self, twin: Twin, server: Any) -> None:
        server.receive(GET + POST + b"ab")
        server.receive_eof()
        server.send_whole(OK, b"hi")
        with refused(twin, "INCOMPLETE", len(GET + POST) + 2) as caught:
            server.next_cycle()
        head, body = caught.value.events
        assert (head.raw, body) == (POST, b"ab")

    @pytest.mark.parametrize("step", ["send_data", "send_end", "next_cycle", "switch", "twice"])
    def test_out_of_order(self, twin: Twin, server: Any, step: str) -> None:
        server.receive(GET)
        steps = {
            "send_data": lambda: server.send_data(b"x"),
            "send_end": server.send_end,
            "next_cycle": server.next_cycle,
            "switch": server.switch,
            "twice": lambda: [server.send_whole(OK, b"hi") for _ in range(2)],
        }
        with refused(twin, "OUT_OF_ORDER"):
            steps[step]()
        with refused(twin, "OUT_OF_ORDER"):  # and it stays failed
            server.send_whole(OK, b"hi")
        assert not server.can_cycle

    def test_data_behind_the_end(self, twin: Twin, server: Any) -> None:
        server.receive(GET)
        server.send_rendered(OK, 2)
        server.send_data(b"hi")
        server.send_end()
        with refused(twin, "OUT_OF_ORDER"):
            server.send_data(b"x")

    def test_head_of_the_other_side(self, twin: Twin, server: Any, client: Any) -> None:
        server.receive(GET)
        with refused(twin, "OUT_OF_ORDER"):
            server.send_head(twin.RequestHead("GET", "/", headers=[("Host", "a")]))
        with refused(twin, "OUT_OF_ORDER"):
            client.send_head(twin.ResponseHead(204, "No Content"))
        for side in (server, client):
            with refused(twin, "OUT_OF_ORDER"):  # and it stays failed
                side.send_whole(GET, b"")

    def test_trailer_that_frames(self, twin: Twin, server: Any) -> None:
        server.receive(GET)
        server.send_rendered(OK, twin.CHUNKED)
        with refused(twin, "TRAILER"):
            server.send_end([("Content-Length", "2")])
        assert not server.can_cycle

    @pytest.mark.parametrize(
        ("data", "reason"), [(b"hi!", "BODY_TOO_LONG"), (b"h", "BODY_TOO_SHORT")]
    )
    def test_length_that_is_not_kept(
        self, twin: Twin, server: Any, data: bytes, reason: str
    ) -> None:
        server.receive(GET)
        server.send_rendered(OK, 2)
        with refused(twin, reason, len(data)):
            server.send_data(data)
            server.send_end()
        assert not server.can_cycle

    def test_head_that_must_not_be_sent(self, twin: Twin, client: Any) -> None:
        head = twin.RequestHead(
            "PUT", "/", headers=[("Content-Length", "3"), ("Transfer-Encoding", "chunked")]
        )
        with refused(twin, "OUT_OF_ORDER"):
            client.send_head(head)
        with refused(twin, "OUT_OF_ORDER"):  # and it stays failed
            client.send_head(twin.RequestHead("GET", "/", headers=[("Host", "a")]))

    @pytest.mark.parametrize("hosts", [[], ["a", "b"]])
    def test_request_without_one_host(self, twin: Twin, client: Any, hosts: list[str]) -> None:
        head = twin.RequestHead("GET", "/", headers=[("Host", host) for host in hosts])
        with refused(twin, "OUT_OF_ORDER"):
            client.send_head(head)
        old = twin.RequestHead("GET", "/", twin.HTTP_10)
        assert twin.Http1Connection(twin.Role.CLIENT).send_head(old) == old.raw

    @pytest.mark.parametrize("status", [103, 204])
    def test_transfer_coding_where_no_body_may_be(
        self, twin: Twin, server: Any, status: int
    ) -> None:
        server.receive(GET)
        with refused(twin, "OUT_OF_ORDER"):
            server.send_head(
                twin.ResponseHead(status, "", headers=[("Transfer-Encoding", "chunked")])
            )

    def test_a_fault_of_ours_has_no_status_of_the_peers(self, twin: Twin, server: Any) -> None:
        server.receive(GET)
        with pytest.raises(twin.ProtocolError) as caught:
            server.send_head(twin.ResponseHead(200, "OK", headers=[("Content-Length", "x")]))
        assert caught.value.status == 500
        assert caught.value.__cause__.reason is twin.Reason.LENGTH


class TestCost:
    """Work and memory stay in proportion to what came (counted, not timed)."""

    def test_dribbled_head_is_kept_once(self, server: Any) -> None:
        head = GET[:-2] + b"X: " + b"a" * 8000 + b"\r\n\r\n"
        for at in range(len(head) - 1):
            assert server.receive(head[at : at + 1]) == []
        assert len(server.receive(head[-1:])) == 2

    def test_many_chunks_in_one_read(self, server: Any) -> None:
        server.receive(CHUNKED_POST)
        pieces = server.receive(b"1\r\na\r\n" * 100_000)
        assert {len(piece) for piece in pieces[:-1]} == {2048}
        assert b"".join(pieces) == b"a" * 100_000

    def test_many_chunks_in_one_read_take_less_than_four_times_their_bytes(
        self, server: Any
    ) -> None:
        server.receive(CHUNKED_POST)
        wire = b"1\r\na\r\n" * 100_000
        tracemalloc.start()
        try:
            server.receive(wire)
            assert tracemalloc.get_traced_memory()[1] < 4 * len(wire)
        finally:
            tracemalloc.stop()

    def test_ends_of_small_chunks_take_less_than_the_chunks(self, server: Any) -> None:
        server.receive(CHUNKED_POST)
        wire = b"1\r\na\r\n" * 10_000
        server.receive(wire)
        ends = server.chunk_ends
        assert (ends[0], ends[-1], len(ends)) == (1, 10_000, 10_000)
        assert memoryview(ends).nbytes < 2 * len(wire)

    def test_nothing_is_kept_of_a_body(self, server: Any) -> None:
        server.receive(POST.replace(b"3", b"1000000"))
        for _ in range(10):
            data = bytes(1000)
            (piece,) = server.receive(data)
            assert piece is data
