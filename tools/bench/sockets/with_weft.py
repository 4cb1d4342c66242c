"""Websockets of weft."""

import weft
from tools.bench.sockets.application import drive, send_one_by_one, serve
from tools.bench.sockets.roles import start
from weft import web

if __name__ == "__main__":
    broadcast = getattr(web, "broadcast", send_one_by_one)
    start(server=lambda: serve(web, broadcast), client=lambda: drive(weft))
