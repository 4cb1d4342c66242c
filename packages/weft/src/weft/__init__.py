"""An HTTP client and server framework for asyncio: fast, strict and safe."""

__version__ = "0.1.0"
