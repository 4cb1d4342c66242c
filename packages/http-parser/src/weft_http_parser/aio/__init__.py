"""The asyncio shell of this package: a link and a stream."""
