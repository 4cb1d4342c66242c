import pytest
from support.memory import Recorder, memory_links

from weft_http_parser import Hold
from weft_websocket import lingerer
from weft_websocket.lingerer import Lingerer


async def test_bytes_are_dropped_until_the_peer_ends() -> None:
    peer = Recorder(at_eof=True)
    peer_link, link = memory_links(peer)
    link.hold(Hold.QUEUE)
    link.write(b"close frame")
    Lingerer(link).start()
    assert not link.holds
    assert await peer.until_bytes(11) == b"close frame"
    await peer.until_event("eof")
    peer_link.write(b"x" * 200_000)
    assert not link.is_closing
    peer_link.close()
    await link.wait_closed()


async def test_a_peer_that_stays_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingerer, "_LINGER_SECONDS", 0.01)
    peer = Recorder(at_eof=True)
    _, link = memory_links(peer)
    Lingerer(link).start()
    await link.wait_closed()
    await peer.until_event("lost")


async def test_a_transport_that_cannot_end_one_side_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peer = Recorder()
    _, link = memory_links(peer)
    monkeypatch.setattr(link.transport, "can_write_eof", lambda: False)
    link.write(b"close frame")
    Lingerer(link).start()
    assert await peer.until_bytes(11) == b"close frame"
    await link.wait_closed()
