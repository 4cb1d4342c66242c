"""HTTP/1.1 messages: bytes to values and back, bodies, multipart and compression, without I/O."""

__version__ = "0.1.0"
