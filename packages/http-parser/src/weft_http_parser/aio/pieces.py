"""Bytes that wait for a reader, as the pieces in which they came, and where chunks ended in them.

Decides how pieces are cut and joined, so that no byte is copied more often than once. Knows no
streams and no waiting.
"""

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from typing import Final

LARGE_PIECE: Final = 16_384
"""From here on a copy costs more than a call."""
_PRUNE_AT: Final = 1024


class Pieces:
    """A queue of bytes: pieces go in, any number of bytes comes out.

    >>> pieces = Pieces()
    >>> pieces.append(b"abc")
    >>> pieces.append(b"def")
    >>> pieces.take(4), pieces.size, pieces.taken
    (b'abcd', 2, 4)
    """

    __slots__ = ("chunks", "offset", "size", "taken")

    def __init__(self) -> None:
        self.chunks: deque[bytes] = deque()
        self.offset = 0  # what is before this index of the first chunk was taken
        self.size = 0
        self.taken = 0

    def append(self, data: bytes) -> None:
        self.chunks.append(data)
        self.size += len(data)

    def take(self, count: int) -> bytes:
        """The next `count` bytes, or all when they are fewer."""
        chunks, start = self.chunks, self.offset
        if count > self.size:
            count = self.size
        end = start + count
        if chunks and end <= (first := len(chunks[0])):
            self.size -= count
            self.taken += count
            if end < first:
                self.offset = end
                return chunks[0][start:end]
            self.offset = 0
            return chunks.popleft()[start:]
        parts: list[bytes] = []
        self.move(count, parts)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def take_ready(self) -> bytes:
        """The next piece as it came where it is large or alone, or all that there is."""
        chunks = self.chunks
        if not self.offset and (len(chunks) == 1 or len(chunks[0]) >= LARGE_PIECE):
            data = chunks.popleft()
            size = len(data)
            self.size -= size
            self.taken += size
            return data
        rest = len(chunks[0]) - self.offset
        return self.take(rest if rest >= LARGE_PIECE else self.size)

    def take_first(self) -> bytes:
        """The rest of the first piece."""
        return self.take(len(self.chunks[0]) - self.offset)

    def move(self, count: int, parts: list[bytes]) -> int:
        """Append the next `count` bytes to `parts` without joining them; how many there were."""
        chunks = self.chunks
        if count >= self.size:
            count = self.size
            if self.offset:
                chunks[0] = chunks[0][self.offset :]
                self.offset = 0
            parts.extend(chunks)
            chunks.clear()
            left = 0
        else:
            left = count
        while left:
            chunk, start = chunks[0], self.offset
            rest = len(chunk) - start
            if rest > left:
                parts.append(chunk[start : start + left])
                self.offset = start + left
                break
            parts.append(chunk[start:] if start else chunk)
            chunks.popleft()
            self.offset = 0
            left -= rest
        self.size -= count
        self.taken += count
        return count

    def put_back(self, parts: list[bytes]) -> None:
        """Undo a move."""
        if self.offset:
            self.chunks[0] = self.chunks[0][self.offset :]
            self.offset = 0
        self.chunks.extendleft(reversed(parts))
        size = sum(map(len, parts))
        self.size += size
        self.taken -= size

    def find(self, separator: bytes, tail: bytes | bytearray) -> int:
        """How much of the first piece ends `separator`; 0 when it goes on behind it.

        `tail` is what was taken before and may begin the separator.
        """
        chunk, offset = self.chunks[0], self.offset
        reach = len(separator) - 1
        tail = tail[-reach:] if reach else b""
        if tail:
            seam = tail + chunk[offset : offset + reach]
            at = seam.find(separator)
            if at >= 0:
                return at + len(separator) - len(tail)
        at = chunk.find(separator, offset)
        return at + len(separator) - offset if at >= 0 else 0


class Marks:
    """Growing positions in a body, eight bytes each: a chunk of one byte must not cost a hundred.

    >>> marks = Marks()
    >>> marks.add([3, 5, 9])
    >>> marks.drop_before(4)
    >>> len(marks), marks.pop()
    (2, 5)
    """

    __slots__ = ("_at", "_numbers")

    def __init__(self) -> None:
        self._numbers = array("q")
        self._at = 0  # the first that counts

    def __len__(self) -> int:
        return len(self._numbers) - self._at

    def add(self, positions: Iterable[int]) -> None:
        self._numbers.extend(positions)

    @property
    def first(self) -> int:
        return self._numbers[self._at]

    @property
    def last(self) -> int:
        return self._numbers[-1]

    def pop(self) -> int:
        position = self._numbers[self._at]
        self._at += 1
        self._prune()
        return position

    def drop_before(self, position: int) -> None:
        """Forget those that are smaller."""
        self._at = bisect_left(self._numbers, position, self._at)
        self._prune()

    def count_to(self, position: int) -> int:
        """Forget those up to `position`; how many they were."""
        at = self._at
        self._at = bisect_left(self._numbers, position + 1, at)
        count = self._at - at
        self._prune()
        return count

    def _prune(self) -> None:
        if self._at > _PRUNE_AT and 2 * self._at > len(self._numbers):
            del self._numbers[: self._at]
            self._at = 0
