import asyncio

import pytest
from support.memory import Recorder, memory_links, transport_of

from weft_http_parser import Hold, Link, Role
from weft_websocket import DeflateParams, PreparedMessage, SlowPolicy, WSMsgType, WsProtocol
from weft_websocket.outbox import Fate, Outbox


async def test_a_message_is_written_at_the_call() -> None:
    _, link = memory_links()
    outbox = Outbox(link, WsProtocol(Role.SERVER), 65536)
    sending = outbox.send_text("x", None)
    assert transport_of(link).written == b"\x81\x01x"
    await sending
    await outbox.send_rendered(b"\x89\x00")
    assert transport_of(link).written == b"\x81\x01x\x89\x00"


async def test_large_binary_goes_as_it_is() -> None:
    peer = Recorder()
    _, link = memory_links(peer)
    outbox = Outbox(link, WsProtocol(Role.SERVER), 65536)
    await outbox.send_binary(memoryview(b"x" * 50_000), None)
    assert await peer.until_bytes(50_004) == b"\x82\x7e\xc3\x50" + b"x" * 50_000


async def test_senders_wait_only_above_the_limit() -> None:
    peer = Recorder()
    peer_link, link = memory_links(peer)
    peer_link.hold(Hold.BODY)
    outbox = Outbox(link, WsProtocol(Role.SERVER), 100_040)  # headers count
    for _ in range(10):
        await outbox.send_binary(b"x" * 10_000, None)  # far over the transport's own mark
    waiting = asyncio.ensure_future(outbox.send_binary(b"x", None))
    await asyncio.sleep(0)
    assert not waiting.done()
    peer_link.release(Hold.BODY)
    await waiting


async def test_large_messages_leave_the_loop_while_they_are_compressed() -> None:
    peer = Recorder()
    _, link = memory_links(peer)
    protocol = WsProtocol(Role.SERVER, deflate=DeflateParams())
    reader = WsProtocol(Role.CLIENT, deflate=DeflateParams())
    outbox = Outbox(link, protocol, 65536)
    large = asyncio.ensure_future(outbox.send_text("large " * 20_000, None))
    await asyncio.sleep(0)
    assert not peer.received
    small = asyncio.ensure_future(outbox.send_binary(b"small", None))
    plain = asyncio.ensure_future(outbox.send_text("plain", 0))
    await asyncio.gather(large, small, plain)
    await peer.until(lambda: transport_is_empty(link))
    events = reader.receive(bytes(peer.received))
    assert [event.data[:5] for event in events if isinstance(event, tuple)] == [
        "large",
        b"small",
        "plain",
    ]


async def test_messages_keep_the_order_of_the_calls_wherever_they_are_awaited() -> None:
    peer = Recorder()
    _, link = memory_links(peer)
    outbox = Outbox(link, WsProtocol(Role.SERVER, deflate=DeflateParams()), 65536)
    sendings = [
        outbox.send_text("large " * 20_000, None),
        outbox.send_text("small", None),
        outbox.send_binary(b"plain", 0),
        outbox.send_prepared(PreparedMessage("ready")),
    ]
    await asyncio.gather(*reversed(sendings))
    await peer.until(lambda: transport_is_empty(link))
    reader = WsProtocol(Role.CLIENT, deflate=DeflateParams())
    events = reader.receive(bytes(peer.received))
    said = [event.data[:5] for event in events if isinstance(event, tuple)]
    assert said == ["large", "small", b"plain", "ready"]


async def test_messages_that_nobody_awaits_are_no_obstacle() -> None:
    _, link = memory_links()
    outbox = Outbox(link, WsProtocol(Role.SERVER, deflate=DeflateParams()), 65536)
    await outbox.take_turn()
    dropped = [outbox.send_text("never", None) for _ in range(3)]
    outbox.give_turn()  # it comes to the first of them
    with pytest.warns(RuntimeWarning, match="never awaited"):
        dropped.clear()
    assert outbox.has_room
    await outbox.send_binary(b"on", 0)
    assert transport_of(link).written == b"\x82\x02on"


def transport_is_empty(link: Link) -> bool:
    return not link.transport.get_write_buffer_size()


async def test_compression_that_finds_the_turn_taken_waits_for_it() -> None:
    peer = Recorder()
    _, link = memory_links(peer)
    outbox = Outbox(link, WsProtocol(Role.SERVER, deflate=DeflateParams()), 65536)
    await outbox.take_turn()
    waiting = asyncio.ensure_future(outbox.send_binary(b"x", None))
    plain = asyncio.ensure_future(outbox.send_binary(b"y", 0))
    await asyncio.sleep(0)
    assert not transport_of(link).written
    outbox.give_turn()
    await asyncio.gather(waiting, plain)
    reader = WsProtocol(Role.CLIENT, deflate=DeflateParams())
    events = reader.receive(bytes(transport_of(link).written))
    assert events == [(WSMsgType.BINARY, b"x", ""), (WSMsgType.BINARY, b"y", "")]


async def test_a_sender_cancelled_as_its_turn_comes_passes_it_on() -> None:
    _, link = memory_links()
    outbox = Outbox(link, WsProtocol(Role.SERVER), 65536)
    await outbox.take_turn()
    first = asyncio.ensure_future(outbox.take_turn())
    second = asyncio.ensure_future(outbox.take_turn())
    await asyncio.sleep(0)
    outbox.give_turn()
    first.cancel()
    await second
    assert first.cancelled()
    assert not outbox.has_room
    outbox.give_turn()
    assert outbox.has_room


async def test_a_turn_does_not_come_to_who_was_cancelled_before() -> None:
    _, link = memory_links()
    outbox = Outbox(link, WsProtocol(Role.SERVER), 65536)
    await outbox.take_turn()
    waiting = asyncio.ensure_future(outbox.take_turn())
    await asyncio.sleep(0)
    waiting.cancel()
    outbox.give_turn()
    assert outbox.has_room
    await asyncio.gather(waiting, return_exceptions=True)
    assert outbox.has_room


async def test_what_is_queued_behind_a_turn_is_dropped_when_the_link_closes() -> None:
    _, link = memory_links()
    outbox = Outbox(link, WsProtocol(Role.SERVER), 65536)
    await outbox.take_turn()
    offer = outbox.offer(PreparedMessage("x"), SlowPolicy.DISCONNECT, None)
    assert offer == (Fate.QUEUED, 0)
    link.close()
    outbox.give_turn()
    assert (outbox.lag.messages, outbox.lag.dropped) == (0, 1)
    assert outbox.offer(PreparedMessage("x"), None, None) == (Fate.CLOSED, 0)


async def test_a_prepared_message_is_written_at_the_call() -> None:
    _, link = memory_links()
    sending = Outbox(link, WsProtocol(Role.SERVER), 65536).send_prepared(PreparedMessage("x"))
    assert transport_of(link).written == b"\x81\x01x"
    await sending
