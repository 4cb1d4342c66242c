import pytest

from weft_websocket import (
    HandshakeError,
    Rule,
    WebSocketClosed,
    WebSocketError,
    WeftWebSocketError,
    WSCloseCode,
    WSMessageTypeError,
    WSMsgType,
)


def test_every_rule_answers_with_a_code_that_may_be_sent_and_a_reason_that_fits() -> None:
    allowed = {WSCloseCode.PROTOCOL_ERROR, WSCloseCode.INVALID_TEXT, WSCloseCode.MESSAGE_TOO_BIG}
    for rule in Rule:
        assert rule.close_code in allowed
        assert 0 < len(rule.text.encode()) <= 123


def test_an_error_carries_its_code() -> None:
    error = WebSocketError(1002, "wrong")
    assert (error.code, str(error), error.args) == (1002, "wrong", (1002, "wrong"))
    of_rule = WebSocketError.of(Rule.TEXT)
    assert (of_rule.code, str(of_rule)) == (1007, Rule.TEXT.text)


def test_errors_have_one_root_and_the_built_in_that_users_catch() -> None:
    roots = {
        WebSocketError: Exception,
        WebSocketClosed: ConnectionResetError,
        WSMessageTypeError: TypeError,
        HandshakeError: Exception,
    }
    for error, built_in in roots.items():
        assert issubclass(error, WeftWebSocketError)
        assert issubclass(error, built_in)
    with pytest.raises(ConnectionResetError, match="Cannot write to closing transport"):
        raise WebSocketClosed


def test_a_message_of_another_type() -> None:
    error = WSMessageTypeError(WSMsgType.BINARY, WSMsgType.TEXT)
    assert (error.received, error.wanted) == (WSMsgType.BINARY, WSMsgType.TEXT)
    assert str(error) == "Received message BINARY is not WSMsgType.TEXT"


def test_a_handshake_error_describes_the_answer() -> None:
    error = HandshakeError(426, "no", [("A", "b")])
    assert (error.status, error.text, error.headers) == (426, "no", (("A", "b"),))
    assert str(error) == "426: no"
