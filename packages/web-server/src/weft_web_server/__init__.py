"""An asyncio web server with the API of aiohttp.web."""

__version__ = "0.1.0"
