from typing import Final, TypeAlias, final

API: Final = 1

_Buffer: TypeAlias = bytes | bytearray | memoryview

def mask(data: _Buffer, key: bytes, /) -> bytes: ...
def render_header(first: int, length: int, key: bytes | None, /) -> bytes: ...
def render_frame(first: int, payload: _Buffer | str, key: bytes | None, /) -> bytes: ...

@final
class FrameScanner:
    @property
    def fault(self) -> int: ...
    @property
    def has_more(self) -> bool: ...
    def __new__(
        cls,
        expects_mask: bool,
        allows_deflate: bool,
        decodes_text: bool,
        max_message_size: int,
        max_fragments: int,
        max_batch: int,
    ) -> FrameScanner: ...
    def feed(self, data: bytes, /) -> list[tuple[int, bytes | str]]: ...
