"""A router from paths to any value: a frozen segment tree, without a server."""

__version__ = "0.1.0"
