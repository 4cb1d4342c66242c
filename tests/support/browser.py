"""A real browser driven over WebDriver's JSON protocol, with weft's own client.

Knows the dozen commands that the tests need. https://www.w3.org/TR/webdriver2/
"""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from weft import ClientSession, ClientTimeout

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMEDRIVER = shutil.which("chromedriver")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=800,900",
)
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key that marks an element's reference
PATIENCE_SECONDS = 20
STARTED = re.compile(r"started successfully on port (\d+)")

WAIT_FOR = """
const [condition, done] = arguments;
const isTrue = new Function("return (" + condition + ")");
const look = () => { if (isTrue()) { observer.disconnect(); done(true); } };
const observer = new MutationObserver(look);
observer.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
look();
"""


def missing() -> str | None:
    """Why there is no browser to drive here, or None."""
    if CHROMIUM is None:
        return "chromium is not installed"
    return "chromedriver is not installed" if CHROMEDRIVER is None else None


class BrowserError(Exception):
    """The browser refused a command."""


class Tab:
    """One tab of a browser; every command first makes it the current one."""

    def __init__(self, browser: Browser, handle: str) -> None:
        self._browser = browser
        self.handle = handle

    async def open(self, url: str) -> None:
        await self._do("POST", "url", {"url": url})

    async def click(self, selector: str) -> None:
        await self._do("POST", f"element/{await self._find(selector)}/click", {})

    async def type(self, selector: str, text: str) -> None:
        await self._do("POST", f"element/{await self._find(selector)}/value", {"text": text})

    async def run(self, script: str) -> object:
        """The value that a script returns."""
        return await self._do("POST", "execute/sync", {"script": script, "args": []})

    async def wait_for(self, condition: str) -> None:
        """Wait until a JavaScript expression is true; looked at after each change of the page."""
        await self._do("POST", "execute/async", {"script": WAIT_FOR, "args": [condition]})

    async def screenshot(self) -> bytes:
        """What the tab shows, as PNG."""
        image = await self._do("GET", "screenshot")
        assert isinstance(image, str)
        return base64.b64decode(image)

    async def _find(self, selector: str) -> str:
        query = {"using": "css selector", "value": selector}
        found = await self._do("POST", "element", query)
        assert isinstance(found, dict)
        return str(found[ELEMENT])

    async def _do(self, method: str, command: str, body: object = None) -> object:
        await self._browser.do("POST", "window", {"handle": self.handle})
        return await self._browser.do(method, command, body)


class Browser:
    """A browser's session."""

    def __init__(self, session: ClientSession, path: str) -> None:
        self._session = session
        self._path = path

    async def first_tab(self) -> Tab:
        return Tab(self, str(await self.do("GET", "window")))

    async def new_tab(self) -> Tab:
        made = await self.do("POST", "window/new", {"type": "tab"})
        assert isinstance(made, dict)
        return Tab(self, str(made["handle"]))

    async def do(self, method: str, command: str, body: object = None) -> object:
        path = f"{self._path}/{command}" if command else self._path
        return await send(self._session, method, path, body)


async def send(session: ClientSession, method: str, path: str, body: object = None) -> object:
    """One command to the driver; its value."""
    async with session.request(method, path, json=body) as response:
        answer = await response.json()
    value: object = answer["value"]
    if response.status != 200:
        raise BrowserError(f"{method} {path}: {value}")
    return value


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Browser]:
    """A fresh headless chromium with its profile in this folder, ended with the block."""
    assert CHROMEDRIVER is not None  # see missing()
    driver = await asyncio.create_subprocess_exec(
        CHROMEDRIVER, "--port=0", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            port = await announced_port(driver)
        timeout = ClientTimeout(total=2 * PATIENCE_SECONDS)
        async with ClientSession(f"http://127.0.0.1:{port}", timeout=timeout) as session:
            options = {"binary": CHROMIUM, "args": [*FLAGS, f"--user-data-dir={profile}"]}
            wanted = {
                "goog:chromeOptions": options,
                "timeouts": {"script": PATIENCE_SECONDS * 1000},
            }
            made = await send(
                session, "POST", "/session", {"capabilities": {"alwaysMatch": wanted}}
            )
            assert isinstance(made, dict)
            path = f"/session/{made['sessionId']}"
            try:
                yield Browser(session, path)
            finally:
                await send(session, "DELETE", path)
    finally:
        driver.terminate()
        await driver.communicate()


async def announced_port(driver: asyncio.subprocess.Process) -> int:
    assert driver.stdout is not None  # made with a pipe
    while line := await driver.stdout.readline():
        if match := STARTED.search(line.decode()):
            return int(match[1])
    raise BrowserError("chromedriver ended before it listened")
