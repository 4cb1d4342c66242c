"""The cases served by aiohttp."""

from aiohttp import web

from tools.bench.child import run
from tools.bench.servers.application import serve


async def main() -> None:
    await serve(web)


if __name__ == "__main__":
    run(main)
