"""Prepared messages: the bytes, what is shared, and that other receivers understand what follows."""

import zlib

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from weft_http_parser import Role
from weft_websocket import DeflateParams, PreparedMessage, WebSocketClosed, WSMsgType, WsProtocol

TEXT = "the price of tea is 17 " * 8


def test_the_kinds() -> None:
    assert PreparedMessage("ä").frame(0) == b"\x81\x02\xc3\xa4"
    assert PreparedMessage(b"ab").frame(0) == b"\x82\x02ab"
    assert PreparedMessage(bytearray(b"ab"), text=True).frame(0) == b"\x81\x02ab"
    assert PreparedMessage(memoryview(b"ab")).size == 2
    assert repr(PreparedMessage("ab")) == "<PreparedMessage TEXT of 2 bytes>"


def test_what_is_no_message() -> None:
    with pytest.raises(TypeError, match="of bytes"):
        PreparedMessage("a", text=False)
    with pytest.raises(TypeError, match="not int"):
        PreparedMessage(1)  # type: ignore[arg-type]  # that is the point


def test_servers_send_the_very_same_bytes() -> None:
    message = PreparedMessage(TEXT)
    plain = [WsProtocol(Role.SERVER).send_prepared(message) for _ in range(2)]
    assert plain[0] is plain[1]
    packed = [
        WsProtocol(Role.SERVER, deflate=DeflateParams()).send_prepared(message) for _ in range(2)
    ]
    assert packed[0] is packed[1]
    assert len(packed[0]) < len(plain[0])


def test_a_client_masks_every_frame_anew() -> None:
    message = PreparedMessage(TEXT)
    client = WsProtocol(Role.CLIENT, deflate=DeflateParams())
    frames = {client.send_prepared(message) for _ in range(3)}
    assert len(frames) == 3
    server = WsProtocol(Role.SERVER, deflate=DeflateParams())
    for frame in frames:
        assert server.receive(frame) == [(WSMsgType.TEXT, TEXT, "")]


def test_compression_is_for_each_message_to_choose() -> None:
    server = WsProtocol(Role.SERVER, deflate=DeflateParams())
    assert server.send_prepared(PreparedMessage(TEXT, compress=0))[0] == 0x81
    fast, best = (
        server.send_prepared(PreparedMessage(TEXT * 50, compress=level)) for level in (1, 9)
    )
    assert len(best) < len(fast)


def test_nothing_is_sent_behind_a_close_frame() -> None:
    server = WsProtocol(Role.SERVER)
    server.send_close()
    with pytest.raises(WebSocketClosed):
        server.send_prepared(PreparedMessage("x"))


@pytest.mark.parametrize("bits", [8, 9, 12, 15])
@pytest.mark.parametrize("keeps_window", [True, False])
@pytest.mark.parametrize("role", Role)
def test_messages_around_a_prepared_one_are_understood(
    role: Role, keeps_window: bool, bits: int
) -> None:
    params = DeflateParams(
        server_max_window_bits=bits,
        client_max_window_bits=bits,
        server_no_context_takeover=not keeps_window,
        client_no_context_takeover=not keeps_window,
    )
    sender = WsProtocol(role, deflate=params)
    reader = WsProtocol(Role.SERVER if role is Role.CLIENT else Role.CLIENT, deflate=params)
    prepared = PreparedMessage(TEXT)
    # Each has parts of the others, so every one could refer to the one before it.
    sent: list[str | PreparedMessage] = [
        TEXT[::-1],
        prepared,
        TEXT[::-1],
        TEXT,
        prepared,
        prepared,
        TEXT,
        TEXT[3:],
    ]
    for message in sent:
        if isinstance(message, PreparedMessage):
            frame, text = sender.send_prepared(message), TEXT
        else:
            frame, text = sender.send_text(message), message
        assert frame[0] == 0xC1
        assert reader.receive(frame) == [(WSMsgType.TEXT, text, "")]


def test_a_receiver_of_websockets_understands_them() -> None:
    sender = WsProtocol(Role.SERVER, deflate=DeflateParams())
    reader = PerMessageDeflate(False, False, 15, 15)
    prepared = PreparedMessage(TEXT)
    for message in (TEXT, prepared, TEXT, TEXT, prepared, TEXT[5:]):
        if isinstance(message, PreparedMessage):
            frame, text = sender.send_prepared(message), TEXT
        else:
            frame, text = sender.send_text(message), message
        at = 4 if frame[1] == 126 else 2
        decoded = reader.decode(Frame(Opcode.TEXT, frame[at:], rsv1=True))
        assert bytes(decoded.data).decode() == text


def test_a_coder_that_goes_on_would_not_be_understood() -> None:
    """Why the window begins anew: distances would count the prepared message's bytes as well."""
    coder = zlib.compressobj(wbits=-15)
    first, last = (
        (coder.compress(TEXT.encode()) + coder.flush(zlib.Z_SYNC_FLUSH))[:-4] for _ in range(2)
    )
    reader = WsProtocol(Role.CLIENT, deflate=DeflateParams())
    between = WsProtocol(Role.SERVER, deflate=DeflateParams()).send_prepared(
        PreparedMessage("something else " * 3)
    )
    events = []
    for frame in (bytes((0xC1, len(first))) + first, between, bytes((0xC1, len(last))) + last):
        events += reader.receive(frame)
    assert events[0] == (WSMsgType.TEXT, TEXT, "")
    assert events[2] != (WSMsgType.TEXT, TEXT, "")
