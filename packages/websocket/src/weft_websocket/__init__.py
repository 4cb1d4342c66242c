"""RFC 6455 and RFC 7692 as a core without I/O, and one asyncio shell."""

__version__ = "0.1.0"
