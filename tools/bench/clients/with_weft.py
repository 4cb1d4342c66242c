"""The client case with weft."""

import weft
from tools.bench.child import run
from tools.bench.clients.session import drive


async def main() -> None:
    await drive(weft)


if __name__ == "__main__":
    run(main)
