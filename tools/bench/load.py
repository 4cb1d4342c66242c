"""The load: a child that sends one request over and over on 64 connections.

It counts answers by their length, which it learns from the first one, so that it costs less than
any server under test. Commands: `send PORT CASE SECONDS`; `pace PORT RATE CONNECTIONS SECONDS`, which
tells how long answers took; `open PORT COUNT` and `close` for a crowd that is idle.
"""

import asyncio
import time

from tools.bench.cases import SERVER_CASES, ServerCase
from tools.bench.child import Answer, raise_file_limit, run, serve_commands
from tools.bench.pace import Crowd, Pace, Sender, learn_answer_size, send_paced

CONNECTIONS = 64


async def send(port: int, case: ServerCase, seconds: float) -> Answer:
    """Load the server for a while; tells requests answered and seconds taken."""
    loop = asyncio.get_running_loop()
    size = await learn_answer_size(port, case)
    senders = []
    for _ in range(CONNECTIONS):
        _, sender = await loop.create_connection(
            lambda: Sender(case.request, size), "127.0.0.1", port
        )
        senders.append(sender)
    start = time.perf_counter()
    for sender in senders:
        sender.start()
    await asyncio.sleep(seconds)
    for sender in senders:
        sender.is_running = False
    await asyncio.wait_for(asyncio.gather(*(sender.done for sender in senders)), 30)
    elapsed = time.perf_counter() - start
    for sender in senders:
        assert sender.transport is not None
        sender.transport.close()
    count = sum(sender.count for sender in senders) * case.count
    return {"count": count, "seconds": elapsed}


async def main() -> None:
    raise_file_limit()
    cases = {case.name: case for case in SERVER_CASES}
    crowd = Crowd(cases["plaintext"])

    async def answer(command: str) -> Answer:
        match command.split():
            case ["send", port, name, seconds]:
                return await send(int(port), cases[name], float(seconds))
            case ["pace", port, rate, count, seconds]:
                pace = Pace(float(rate), int(count), float(seconds))
                return await send_paced(int(port), cases["plaintext"], pace)
            case ["open", port, count]:
                return await crowd.open(int(port), int(count))
            case _:
                return await crowd.close()

    await serve_commands({"ready": 1}, answer)


if __name__ == "__main__":
    run(main)
