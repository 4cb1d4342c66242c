import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from weft_http_parser import Role
from weft_websocket import DeflateParams, WebSocketClosed, WSMsgType, WsProtocol

TEXT, BINARY = WSMsgType.TEXT, WSMsgType.BINARY


def send(sender: WsProtocol, *chunks: bytes, compress: int | None = None) -> list[bytes]:
    fragments = sender.begin_fragments(TEXT, compress)
    frames = [sender.send_fragment(fragments, fragments.pack(chunk)) for chunk in chunks]
    return [*frames, sender.send_fragment(fragments, fragments.pack_end(), is_last=True)]


def test_the_bytes() -> None:
    assert send(WsProtocol(Role.SERVER), b"ab", b"c") == [b"\x01\x02ab", b"\x00\x01c", b"\x80\x00"]
    assert send(WsProtocol(Role.SERVER)) == [b"\x81\x00"]


def test_compressed_bytes() -> None:
    first, second, last = send(WsProtocol(Role.SERVER, deflate=DeflateParams()), b"ab", b"c")
    assert (first[0], second[0], last) == (0x41, 0x00, b"\x80\x00")
    # RFC 7692 7.2.3.6
    assert send(WsProtocol(Role.SERVER, deflate=DeflateParams())) == [b"\xc1\x01\x00"]
    assert send(WsProtocol(Role.SERVER, deflate=DeflateParams()), b"ab", compress=0) == [
        b"\x01\x02ab",
        b"\x80\x00",
    ]


@pytest.mark.parametrize(
    "deflate",
    [
        None,
        DeflateParams(),
        DeflateParams(server_no_context_takeover=True, client_no_context_takeover=True),
        DeflateParams(server_max_window_bits=8, client_max_window_bits=8),
    ],
)
@pytest.mark.parametrize("role", Role)
def test_messages_before_between_and_behind(role: Role, deflate: DeflateParams | None) -> None:
    sender = WsProtocol(role, deflate=deflate)
    reader = WsProtocol(Role.SERVER if role is Role.CLIENT else Role.CLIENT, deflate=deflate)
    text = b"the same words again " * 4
    for chunks in ((text, text), (), (b"a",), (text[::-1], b"b", text), ()):
        frames = send(sender, *chunks)
        frames.insert(1, sender.send_ping(b"!"))
        data = b"".join(chunks).decode()
        events = [event for frame in frames for event in reader.receive(frame)]
        assert (TEXT, data, "") in events
        assert len(events) == 2
        assert reader.receive(sender.send_text(text.decode())) == [(TEXT, text.decode(), "")]


def test_each_fragment_can_be_read_when_it_comes() -> None:
    sender = WsProtocol(Role.SERVER, deflate=DeflateParams())
    reader = PerMessageDeflate(False, False, 15, 15)
    opcode, rsv1 = Opcode.TEXT, True
    read = b""
    for frame in send(sender, b"hello ", b"world")[:2]:
        # The receiver's own way through a fragment: no tail before the last.
        read += bytes(reader.decode(Frame(opcode, frame[2:], fin=False, rsv1=rsv1)).data)
        opcode, rsv1 = Opcode.CONT, False
    assert read == b"hello world"


def test_a_close_frame_goes_between_and_ends_it() -> None:
    sender = WsProtocol(Role.SERVER)
    fragments = sender.begin_fragments(BINARY)
    sender.send_fragment(fragments, b"half")
    sender.send_close()
    with pytest.raises(WebSocketClosed):
        sender.send_fragment(fragments, b"")
    with pytest.raises(WebSocketClosed):
        sender.begin_fragments(BINARY)
