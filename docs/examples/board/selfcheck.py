"""The demo checks itself: weft's client walks through everything the board offers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from types import TracebackType

from weft import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse

STEP_SECONDS = 10
TEXT = "A note of the self-check <b>with markup</b>, äöü, 🧵"


class StepFailed(Exception):
    """A step saw something else than it should have."""


async def run_selfcheck(base_url: str, report: Callable[[str], None]) -> bool:
    """Walk through the board at `base_url`; True when every step passed.

    Each step is reported in one line. The note made on the way is removed at the end.
    """
    timeout = ClientTimeout(total=STEP_SECONDS)
    async with ClientSession(base_url, timeout=timeout) as session:
        async with Walk(session) as walk:
            for name, step in walk.steps():
                try:
                    async with asyncio.timeout(STEP_SECONDS):
                        saw = await step()
                except Exception as exc:  # whatever a step raises is its failure
                    report(f"  ✗ {name:<10} {type(exc).__name__}: {exc}")
                    return False
                report(f"  ✓ {name:<10} {saw}")
    return True


class Walk:
    """One walk through the board: the steps in order, and what they leave for each other."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session
        self._socket: ClientWebSocketResponse | None = None
        self._note_id: int | None = None

    async def __aenter__(self) -> Walk:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._note_id is not None:  # a step failed between posting and deleting
            with contextlib.suppress(ClientError, OSError, TimeoutError):
                await self._session.delete(f"/api/notes/{self._note_id}")

    def steps(self) -> list[tuple[str, Callable[[], Awaitable[str]]]]:
        return [
            ("page", self.page),
            ("script", self.script),
            ("listen", self.listen),
            ("post", self.post),
            ("live", self.live),
            ("read", self.read),
            ("not found", self.not_found),
            ("bad input", self.bad_input),
            ("delete", self.delete),
        ]

    async def page(self) -> str:
        async with self._session.get("/") as response:
            text = await response.text()
            expect("status", response.status, 200)
            expect("content type", response.content_type, "text/html")
            expect("the form is there", 'id="write"' in text, True)
        return f"GET / gave 200, {len(text)} characters of HTML"

    async def script(self) -> str:
        async with self._session.get("/static/board.js") as response:
            body = await response.read()
            expect("status", response.status, 200)
        return f"GET /static/board.js gave 200, {len(body)} bytes of {response.content_type}"

    async def listen(self) -> str:
        self._socket = await self._session.ws_connect("/ws")
        message = await self._socket.receive_json()
        expect("message", message["type"], "board")
        return f"websocket /ws opened and told the board: {len(message['notes'])} notes"

    async def post(self) -> str:
        async with self._session.post("/api/notes", json={"text": TEXT}) as response:
            note = await response.json()
            expect("status", response.status, 201)
        self._note_id = note["id"]
        return f"POST /api/notes gave 201, note {self._note_id}"

    async def live(self) -> str:
        await self._hear("added")
        return f"the websocket told of note {self._note_id}"

    async def read(self) -> str:
        async with self._session.get(f"/api/notes/{self._note_id}") as response:
            note = await response.json()
            expect("status", response.status, 200)
            expect("text", note["text"], TEXT)
        async with self._session.get("/api/notes") as response:
            numbers = [note["id"] for note in await response.json()]
            expect("the list names it", self._note_id in numbers, True)
        return f"GET gave the same text back, and a list of {len(numbers)}"

    async def not_found(self) -> str:
        async with self._session.get("/api/notes/0") as response:
            expect("status", response.status, 404)
            return f"GET /api/notes/0 gave 404: {(await response.json())['error']}"

    async def bad_input(self) -> str:
        async with self._session.post("/api/notes", json={"text": ""}) as response:
            expect("status", response.status, 400)
            return f"POST of an empty note gave 400: {(await response.json())['error']}"

    async def delete(self) -> str:
        async with self._session.delete(f"/api/notes/{self._note_id}") as response:
            expect("status", response.status, 204)
        await self._hear("removed")
        gone, self._note_id = self._note_id, None
        return f"DELETE /api/notes/{gone} gave 204, and the websocket told of it"

    async def _hear(self, kind: str) -> None:
        """Read messages until the one about our note: other people may be writing too."""
        assert self._socket is not None  # the steps run in order, and "listen" made it
        while True:
            message = await self._socket.receive_json()
            if message["type"] == kind and message["id"] == self._note_id:
                return


def expect(what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        raise StepFailed(f"{what}: saw {seen!r}, wanted {wanted!r}")
