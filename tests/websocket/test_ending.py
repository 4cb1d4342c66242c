import asyncio

import pytest

from weft_websocket import WebSocketError, WSMessage, WSMessageTextBytes, WSMsgType
from weft_websocket.ending import ABNORMAL, Ending

GOODBYE = WSMessage(WSMsgType.CLOSE, 3000, "bye")
WRONG = WebSocketError(1002, "wrong")


def test_what_is_noted() -> None:
    ending = Ending()
    ending.note(WSMessage(WSMsgType.TEXT, "x", ""))
    ending.note(WSMessageTextBytes(WSMsgType.TEXT, b"x", ""))
    ending.note(WSMessage(WSMsgType.ERROR, TimeoutError(), None))
    assert (ending.close, ending.exception, ending.is_awaited) == (None, None, False)
    ending.note(WSMessage(WSMsgType.ERROR, WRONG, None))
    assert ending.close == (1002, "wrong")
    ending.note(GOODBYE)
    assert ending.close == (3000, "bye")
    ending.note(WRONG)
    assert ending.exception is WRONG


async def test_the_first_event_decides() -> None:
    ending = Ending()
    ending.expect()
    ending.note(GOODBYE)
    ending.settle(is_answered=False)
    await ending.wait()
    assert (ending.close, ending.exception) == ((3000, "bye"), None)


@pytest.mark.parametrize("ends", ["wrong", "lost", "cancelled"])
async def test_without_an_answer_the_end_is_abnormal(ends: str) -> None:
    ending = Ending()
    ending.expect()
    waiting = asyncio.create_task(ending.wait())
    await asyncio.sleep(0)
    if ends == "cancelled":
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    else:
        ending.note(WRONG) if ends == "wrong" else ending.settle(is_answered=False)
        await waiting
    assert ending.close is ABNORMAL


async def test_an_answer_that_came_with_the_cancellation_counts() -> None:
    ending = Ending()
    ending.expect()
    waiting = asyncio.create_task(ending.wait())
    await asyncio.sleep(0)
    ending.note(GOODBYE)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ending.close == (3000, "bye")
