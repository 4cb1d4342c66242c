"""The bytes of a body between the connection that feeds them and the reader that takes them.

Decides when the sender is held back and let go, and what a step of decoding makes readable. Knows
no readers and none of their waiting, but for that of a step in an executor.
"""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol

from weft_http_parser.aio.coded import Coded
from weft_http_parser.aio.link import Hold
from weft_http_parser.aio.pieces import Marks, Pieces
from weft_http_parser.errors import HttpParserError
from weft_http_parser.wire.coding import ContentDecoder

MAX_PIECES: Final = 4096
"""Pieces, and chunk ends, above which the sender is held, whatever their size."""


class Gate(Protocol):
    """What holds the sender back; a Link is one."""

    def hold(self, reason: Hold) -> None:
        """Add a reason not to read from the sender."""

    def release(self, reason: Hold) -> None:
        """Take it away; with the last one gone, reading goes on."""


class Reservoir:
    """What came and was not read yet: plain in `pieces`, coded in `coded`."""

    __slots__ = ("_has_held", "coded", "ends", "gate", "limit", "pieces", "store")

    def __init__(self, gate: Gate | None, limit: int, decoder: ContentDecoder | None) -> None:
        self.gate = gate
        self._has_held = False  # since the gate was last let go from here
        self.limit = limit
        self.pieces = Pieces()  # readable
        self.ends: Marks | None = None  # of transfer chunks, in readable bytes
        self.coded = None if decoder is None else Coded(decoder)
        self.store = self.pieces if self.coded is None else self.coded.pieces
        """Where fed bytes wait."""

    @property
    def size(self) -> int:
        """Bytes that wait, coded or not."""
        return self.pieces.size + (0 if self.coded is None else self.coded.pieces.size)

    @property
    def has_work(self) -> bool:
        """Something is left to decode."""
        return self.coded is not None and self.coded.has_work

    @property
    def is_spent(self) -> bool:
        """Nothing is left, and the coding came to its end."""
        if self.pieces.size or self.has_work:
            return False
        return self.coded is None or self.coded.decoder.is_finished

    # Bytes in.

    def add_ends(self, ends: Iterable[int]) -> None:
        """Note where transfer chunks ended, in bytes as they came."""
        if self.ends is None:
            self.ends = Marks()
        coded = self.coded
        if coded is None:
            self.ends.add(ends)
            return
        if coded.ends is None:
            coded.ends = Marks()
        coded.ends.add(ends)

    def add_end(self) -> bool:
        """Note that a transfer chunk ends here; False where one does already."""
        known = self.ends if self.coded is None else self.coded.ends
        position = self.store.taken + self.store.size
        if not position or (known and known.last == position):
            return False
        self.add_ends((position,))
        return True

    def put(self, data: bytes) -> None:
        """Take bytes as they came, and hold the sender back above the high mark."""
        store = self.store
        store.chunks.append(data)
        store.size += len(data)
        # The ends of chunks are looked at where they are added.
        if store.size > 2 * self.limit or len(store.chunks) > MAX_PIECES:
            self.hold()

    def hold(self) -> None:
        """Hold the sender back above the high mark."""
        if self.gate is not None and self._is_beyond(2 * self.limit, MAX_PIECES):
            self._has_held = True
            self.gate.hold(Hold.BODY)

    def release(self) -> None:
        """Let the sender go below the low mark."""
        if not self._has_held:
            return
        low = max(self.limit - 1, 0)
        if self.gate is not None and not self._is_beyond(low, MAX_PIECES // 2 - 1):
            self._has_held = False
            self.gate.release(Hold.BODY)

    def _is_beyond(self, size: int, count: int) -> bool:
        """More waits than that: bytes as they came, their pieces, or the ends of chunks."""
        coded, store = self.coded, self.store
        if store.size > size or len(store.chunks) > count:
            return True
        ends = self.ends if coded is None else coded.ends
        return ends is not None and len(ends) > count

    # Bytes out.

    def take(self, n: int) -> bytes:
        """Hand out up to `n` readable bytes."""
        data = self.pieces.take(n)
        if self._has_held or self.ends is not None:
            self._note_taken()
        return data

    def take_ready(self) -> bytes:
        """Hand out a large piece as it came, or all of what is readable."""
        data = self.pieces.take_ready()
        if self._has_held or self.ends is not None:
            self._note_taken()
        return data

    def take_first(self) -> bytes:
        """Hand out the rest of the first piece."""
        data = self.pieces.take_first()
        self._note_taken()
        return data

    def move(self, n: int, parts: list[bytes]) -> int:
        """Append up to `n` readable bytes to `parts`, in the pieces in which they came."""
        count = self.pieces.move(n, parts)
        self._note_taken()
        return count

    def _note_taken(self) -> None:
        if self.ends is not None:
            self.ends.drop_before(self.pieces.taken)
        if self.coded is None:
            self.release()

    # From one to the other.

    def decode_small(self) -> None:
        """Decode a step at once, unless one is under way."""
        coded = self.coded
        if coded is not None and coded.job is None and coded.has_work:
            self._take_decoded(coded, coded.decode(coded.take_block()))

    async def decode(self) -> None:
        """Decode a step, a large one in the loop's executor; raises what was found wrong."""
        coded = self.coded
        assert coded is not None  # there is work
        if coded.job is None:
            if not coded.is_large:
                self.decode_small()
                return
            loop = asyncio.get_running_loop()
            coded.job = loop.run_in_executor(None, coded.decode, coded.take_block())
        # A cancelled reader leaves the job to the next one, or its bytes would be lost.
        result = await asyncio.shield(coded.job)
        coded.job = None
        self._take_decoded(coded, result)

    def finish(self) -> None:
        """Say that no more comes; ContentCodingError when the coding is not over."""
        if self.coded is not None:
            self.coded.decoder.finish()

    def _take_decoded(self, coded: Coded, result: bytes | HttpParserError) -> None:
        if isinstance(result, HttpParserError):
            raise result
        pieces = self.pieces
        if result:
            pieces.append(result)
        ends = self.ends
        if ends is not None and coded.ends is not None and not coded.decoder.has_pending:
            # What was decoded together ends at one place, which is where the last of them did.
            if coded.ends.count_to(coded.decoder.total_in):
                ends.add((pieces.taken + pieces.size,))
        self.release()
