"""A body writer that keeps what it is given."""

from weft_http_parser import Buffer


class KeepingWriter:
    """`blocks` as they were written, `data` joined."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []

    async def write(self, data: Buffer) -> None:
        self.blocks.append(bytes(data))

    @property
    def data(self) -> bytes:
        return b"".join(self.blocks)
