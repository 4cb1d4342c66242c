from weft_http_parser import Hold
from weft_websocket import WSMessage, WSMsgType
from weft_websocket.inbox import Inbox


class Gate:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def hold(self, reason: Hold) -> None:
        self.calls.append(f"hold {reason.name}")

    def release(self, reason: Hold) -> None:
        self.calls.append(f"release {reason.name}")


def message(data: object) -> WSMessage:
    return WSMessage(WSMsgType.BINARY, data, "")


async def test_the_gate_is_moved_only_when_it_changes() -> None:
    gate = Gate()
    inbox = Inbox(gate, 2)
    inbox.release()
    inbox.hold()
    inbox.hold()
    assert inbox.is_held
    inbox.release()
    inbox.release()
    assert gate.calls == ["hold QUEUE", "release QUEUE"]


async def test_full_by_number_or_by_size() -> None:
    inbox = Inbox(Gate(), 3)
    assert not inbox.is_full
    inbox.messages.extend([message(b""), WSMessage(WSMsgType.CLOSE, 1000, "")])
    assert not inbox.is_full
    inbox.messages.append(message(b""))
    assert inbox.is_full
    inbox.messages.clear()
    inbox.messages.append(message(b"x" * (2**18 - 1)))
    assert not inbox.is_full
    inbox.messages.append(message("x"))
    assert inbox.is_full
