"""Websockets of weft."""

import weft
from tools.bench.sockets.application import Sockets, drive, serve
from tools.bench.sockets.roles import start
from weft import web


async def tell(sockets: Sockets, message: str) -> None:
    report = web.broadcast(sockets, message)
    assert report.sent == len(sockets)  # nothing waits behind slow peers


if __name__ == "__main__":
    start(server=lambda: serve(web, tell), client=lambda: drive(weft))
