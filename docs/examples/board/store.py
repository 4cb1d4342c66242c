"""Where the notes are kept: one SQLite file, used from one worker thread.

SQLite calls block, so none of them runs on the event loop. A pool of exactly one thread does
them in order, which is also why no lock is needed. Knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL,
    created TEXT NOT NULL
)
"""


class StoreError(Exception):
    """The file cannot be used as a store of notes; the text says which file and why."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note on the board."""

    id: int
    text: str
    created: str

    def to_json(self) -> dict[str, object]:
        return {"id": self.id, "text": self.text, "created": self.created}


class NoteStore:
    """The notes in one SQLite file. `open` it before use, `close` it at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="notes")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the file, and create it with its table when it is new."""
        await self._run(self._open)

    async def close(self) -> None:
        """Close the file; everything acknowledged before is in it."""
        await self._run(self._close)
        self._thread.shutdown()

    async def add(self, text: str) -> Note:
        """Keep a note and return it with its number."""
        return await self._run(lambda: self._add(text))

    async def get(self, note_id: int) -> Note | None:
        """The note of this number, or None."""
        found = await self._run(lambda: self._select("WHERE id = ?", note_id))
        return found[0] if found else None

    async def newest(self, count: int) -> list[Note]:
        """At most `count` notes, the newest first."""
        return await self._run(lambda: self._select("ORDER BY id DESC LIMIT ?", count))

    async def remove(self, note_id: int) -> bool:
        """Forget a note; False when there was none."""
        return await self._run(lambda: self._remove(note_id))

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    # Everything below runs in the worker thread.

    def _open(self) -> None:
        connection = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path)
            with connection:
                connection.execute(SCHEMA)
                connection.execute("SELECT id, text, created FROM notes LIMIT 1")
        except (OSError, sqlite3.Error) as exc:
            if connection is not None:
                connection.close()
            raise StoreError(f"cannot keep notes in {self.path}: {exc}") from exc
        self._connection = connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(f"the store {self.path} is not open")
        return self._connection

    def _add(self, text: str) -> Note:
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with self._opened() as connection:  # one transaction: committed when the block ends
            cursor = connection.execute(
                "INSERT INTO notes (text, created) VALUES (?, ?)", (text, created)
            )
        assert cursor.lastrowid is not None  # an INSERT into a table with a row id has one
        return Note(cursor.lastrowid, text, created)

    def _select(self, clause: str, value: int) -> list[Note]:
        rows = self._opened().execute(f"SELECT id, text, created FROM notes {clause}", (value,))
        return [Note(*row) for row in rows]

    def _remove(self, note_id: int) -> bool:
        with self._opened() as connection:
            return connection.execute("DELETE FROM notes WHERE id = ?", (note_id,)).rowcount > 0
