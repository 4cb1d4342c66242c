import doctest
import json

import pytest

from weft_websocket import WSCloseCode, WSMessage, WSMessageTextBytes, WSMsgType, codes


def test_examples() -> None:
    assert doctest.testmod(codes).failed == 0


def test_types_have_aiohttps_members_and_values() -> None:
    assert {member.name: member.value for member in WSMsgType} == {
        "CONTINUATION": 0,
        "TEXT": 1,
        "BINARY": 2,
        "PING": 9,
        "PONG": 10,
        "CLOSE": 8,
        "CLOSING": 256,
        "CLOSED": 257,
        "ERROR": 258,
    }


def test_close_codes_have_aiohttps_members_and_values() -> None:
    names = "OK GOING_AWAY PROTOCOL_ERROR UNSUPPORTED_DATA ABNORMAL_CLOSURE INVALID_TEXT"
    names += " POLICY_VIOLATION MESSAGE_TOO_BIG MANDATORY_EXTENSION INTERNAL_ERROR"
    names += " SERVICE_RESTART TRY_AGAIN_LATER BAD_GATEWAY"
    numbers = [1000, 1001, 1002, 1003, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
    assert {code.name: code.value for code in WSCloseCode} == dict(
        zip(names.split(), numbers, strict=True)
    )


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        *((code, True) for code in (1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 4999)),
        *((code, False) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000)),
    ],
)
def test_codes_that_may_be_sent(code: int, answer: bool) -> None:
    assert codes.is_sendable(code) is answer


def test_a_message_is_a_tuple_of_three() -> None:
    message = WSMessage(WSMsgType.TEXT, "x", "")
    assert message == (1, "x", "")
    kind, data, extra = message
    assert (kind, data, extra) == (WSMsgType.TEXT, "x", "")
    assert repr(message) == "WSMessage(type=<WSMsgType.TEXT: 1>, data='x', extra='')"


def test_json_is_loaded_from_the_data() -> None:
    assert WSMessage(WSMsgType.TEXT, '{"a": [1]}', "").json() == {"a": [1]}
    assert WSMessage(WSMsgType.TEXT, "5", "").json(loads=lambda text: text * 2) == "55"
    assert WSMessageTextBytes(WSMsgType.TEXT, b'{"a": [1]}', "").json() == {"a": [1]}
    assert WSMessageTextBytes(WSMsgType.TEXT, b"5", "").json(loads=bytes.decode) == "5"
    with pytest.raises(json.JSONDecodeError):
        WSMessage(WSMsgType.TEXT, "{", "").json()
