"""The client case with aiohttp."""

import sys

import aiohttp

from tools.bench.child import run
from tools.bench.clients.session import drive


async def main() -> None:
    await drive(aiohttp)


if __name__ == "__main__":
    sys.exit(run(main))
