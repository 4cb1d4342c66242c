"""Websocket contenders, in both roles, and the raw peers that they talk to."""
