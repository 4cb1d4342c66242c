"""Websockets of aiohttp."""

import aiohttp
from aiohttp import web

from tools.bench.sockets.application import drive, serve
from tools.bench.sockets.roles import start

if __name__ == "__main__":
    start(server=lambda: serve(web), client=lambda: drive(aiohttp))
