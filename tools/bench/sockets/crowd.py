"""Thousands of websockets to one server that mostly listen: `open ADDRESS COUNT`, `hear TIMES`, `close`.

Each sends one message when it is open and takes the echo, so that nothing is left to be made late.
What comes between commands waits in the kernel, so that no server pays for waking this process.
"""

import asyncio

from tools.bench.child import Answer, raise_file_limit, serve_commands_deaf
from tools.bench.sockets.raw import WAIT_SECONDS, Member, close_sockets, open_socket
from tools.bench.sockets.traffic import BINARY_CASES, format_messages

AT_ONCE = 50  # less than the shortest backlog of the contenders
CASE = BINARY_CASES[0]


class Crowd:
    """The websockets of this process."""

    def __init__(self) -> None:
        self.members: list[Member] = []

    async def open(self, address: str, count: int) -> Answer:
        (frame,) = format_messages(CASE, is_masked=True)
        for start in range(0, count, AT_ONCE):
            part = range(start, min(start + AT_ONCE, count))
            members = await asyncio.gather(*(open_socket(address, CASE, Member()) for _ in part))
            for member in members:
                member.transport.write(frame)
            self.members += members
            await self.hear(1, members)
        return {"opened": len(self.members)}

    async def hear(self, times: int, members: list[Member] | None = None) -> Answer:
        """Wait until each of them got so many messages."""
        members = self.members if members is None else members
        async with asyncio.timeout(WAIT_SECONDS):
            for member in members:
                for _ in range(times):
                    await member.frames.get()
        return {"heard": times * len(members)}

    async def close(self) -> Answer:
        for start in range(0, len(self.members), AT_ONCE):
            await close_sockets(self.members[start : start + AT_ONCE])
        self.members = []
        return {"closed": 1}


async def answer(crowd: Crowd, command: str) -> Answer:
    match command.split():
        case ["open", address, count]:
            return await crowd.open(address, int(count))
        case ["hear", times]:
            return await crowd.hear(int(times))
        case _:
            return await crowd.close()


def main() -> None:
    crowd = Crowd()
    serve_commands_deaf({"files": raise_file_limit()}, lambda command: answer(crowd, command))


if __name__ == "__main__":
    main()
