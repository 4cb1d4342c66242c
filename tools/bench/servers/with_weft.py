"""The cases served by weft."""

from tools.bench.child import run
from tools.bench.servers.application import serve
from weft import web


async def main() -> None:
    await serve(web)


if __name__ == "__main__":
    run(main)
