"""Frames of the raw peers are those of our own protocol, and messages are what they say."""

import json

import pytest

from tools.bench.sockets.traffic import (
    BINARY,
    BINARY_CASES,
    CASES,
    COMPRESSED,
    DEFLATE_CASE,
    FINAL,
    NOTICE,
    OFFER,
    RECORD_SIZE,
    RECORDS,
    TEXT,
    EchoCase,
    FrameReader,
    apply_mask,
    format_frame,
    format_messages,
    format_upgrade,
    read_payload,
)
from weft_http_parser import Role
from weft_websocket import DeflateParams, WebSocketError, WsProtocol

SIZES = (0, 1, 125, 126, 65535, 65536, 100_000)
ALL_CASES = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


def protocol_for(case: EchoCase, role: Role) -> WsProtocol:
    return WsProtocol(role, deflate=DeflateParams() if case.is_compressed else None)


@ALL_CASES
def test_a_server_takes_the_messages(case: EchoCase) -> None:
    ours = protocol_for(case, Role.SERVER)
    for message, frame in zip(case.messages, format_messages(case, is_masked=True), strict=True):
        (event,) = ours.receive(frame)
        assert not isinstance(event, WebSocketError)
        assert event.data == (message.decode() if case.is_text else message)


@ALL_CASES
def test_a_client_takes_the_messages(case: EchoCase) -> None:
    ours = protocol_for(case, Role.CLIENT)
    for message, frame in zip(case.messages, format_messages(case, is_masked=False), strict=True):
        (event,) = ours.receive(frame)
        assert not isinstance(event, WebSocketError)
        assert event.data == (message.decode() if case.is_text else message)


@ALL_CASES
def test_an_echo_is_read(case: EchoCase) -> None:
    ours = protocol_for(case, Role.SERVER)
    message = case.messages[0]
    sent = [ours.send_text(message.decode())] if case.is_text else ours.send_binary(message)
    ((first, payload),) = FrameReader().receive(b"".join(sent))
    assert first == FINAL | (TEXT if case.is_text else BINARY) | COMPRESSED * case.is_compressed
    assert read_payload(first, payload) == message


@pytest.mark.parametrize("size", SIZES)
def test_frames_are_read_whole(size: int) -> None:
    payload = bytes(number % 251 for number in range(size))
    frame = format_frame(FINAL | BINARY, payload)
    reader = FrameReader()
    assert reader.receive(frame * 2 + frame[:1]) == [(FINAL | BINARY, payload)] * 2
    assert reader.receive(frame[1:]) == [(FINAL | BINARY, payload)]


@pytest.mark.parametrize("size", [0, 5, 126, 65536])
def test_frames_are_read_in_pieces(size: int) -> None:
    frame = format_frame(FINAL | TEXT, b"y" * size)
    reader = FrameReader()
    pieces = [frame[at : at + 1] for at in range(20)] + [frame[20:]]
    taken = [frame for piece in pieces for frame in reader.receive(piece)]
    assert taken == [(FINAL | TEXT, b"y" * size)]


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 1000])
def test_mask(size: int) -> None:
    payload = b"\x00\xff\x10" * size
    assert apply_mask(apply_mask(payload)) == payload
    assert size == 0 or apply_mask(payload) != payload


def test_records() -> None:
    texts = DEFLATE_CASE.messages
    assert len(set(texts)) == RECORDS and {len(text) for text in texts} == {RECORD_SIZE}
    assert all(len(json.loads(text)["items"]) == 13 for text in texts)
    assert RECORDS * RECORD_SIZE == 2 * 2**15


def test_sizes() -> None:
    assert [len(case.messages[0]) for case in BINARY_CASES] == [32, 1024, 102_400]
    assert len(NOTICE.encode()) == 200


def test_upgrade() -> None:
    assert format_upgrade("small").startswith(b"GET /small HTTP/1.1\r\nHost: ")
    assert OFFER not in format_upgrade("small")
    assert format_upgrade("deflate", is_compressed=True).endswith(OFFER + b"\r\n")
