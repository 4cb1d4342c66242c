"""An asyncio HTTP client with the API of aiohttp.ClientSession."""

__version__ = "0.1.0"
