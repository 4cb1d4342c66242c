import asyncio

from support.memory import Recorder, memory_links, transport_of

from weft_http_parser import Hold, Link, Role
from weft_websocket import DeflateParams, WsProtocol
from weft_websocket.outbox import Outbox


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


def transport_is_empty(link: Link) -> bool:
    return not link.transport.get_write_buffer_size()
