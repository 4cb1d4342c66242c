"""The client case with aiohttp."""

import aiohttp

from tools.bench.child import run
from tools.bench.clients.session import drive


async def main() -> None:
    await drive(aiohttp)


if __name__ == "__main__":
    run(main)
