from collections.abc import Callable
from typing import Final, final

from weft_http_parser import Event

from .api import Carrier, Host, Kinds, Work

API: Final = 2

@final
class Starter:
    def __new__(cls, host: Host, work: Work, kinds: Kinds) -> Starter: ...
    def start(self, carrier: Carrier, /) -> None: ...
    def receive(self, carrier: Carrier, data: bytes, /) -> list[Event] | None: ...

class Swift: ...

def quicken(pattern: Swift, text_media: str, to_media: Callable[[str], str], /) -> None: ...
