"""The limit for a client: the load itself, which neither parses nor builds anything."""

import time

from tools.bench.cases import SERVER_CASES
from tools.bench.child import Answer, run, serve_commands
from tools.bench.load import send


async def answer(command: str) -> Answer:
    port, seconds = command.split()
    cpu = time.process_time()
    result = await send(int(port), SERVER_CASES[0], float(seconds))
    return {**result, "cpu": time.process_time() - cpu}


async def main() -> None:
    await serve_commands({"ready": 1}, answer)


if __name__ == "__main__":
    run(main)
