"""The load of the echo rows: `open ADDRESS CASE`, `run SECONDS`, `close`."""

from tools.bench.child import Answer, run, serve_commands
from tools.bench.sockets.raw import Load


async def main() -> None:
    load = Load()

    async def answer(command: str) -> Answer:
        match command.split():
            case ["open", address, name]:
                return await load.open(address, name)
            case ["run", seconds]:
                return await load.run(float(seconds))
            case _:
                return await load.close()

    await serve_commands({"ready": 1}, answer)


if __name__ == "__main__":
    run(main)
