"""How the bytes of a large file get to a client: by the kernel where it can, else block by block.

Decides who copies. Knows links and files; knows nothing of what the answer says.
"""

import asyncio
import os
from io import FileIO
from typing import Final, Protocol

from weft_http_parser import Link, LinkLost

from .exchange import ResponseWriter
from .file_cache import FileShrunk, read_at_once, read_block
from .streaming import Buffer

NUDGE_SIZE: Final = 16_384
"""What is handed to the transport when a socket is full: it tells when that is gone."""
STEP_SIZE: Final = 524_288
"""What the kernel sends before others get their turn."""

_CAN_SEND_FILES: Final = hasattr(os, "sendfile") and not os.environ.get("WEFT_NO_SENDFILE")
_CAN_ASK: Final = hasattr(os, "RWF_NOWAIT")


class Outlet(Protocol):
    """Where the parts of a body go."""

    async def send(self, data: Buffer) -> None: ...
    async def send_file(self, file: FileIO, start: int, size: int) -> None: ...


class BlockOutlet:
    """Reads blocks and writes them: for TLS, for codings, for chunks."""

    __slots__ = ("_block_size", "_writer")

    def __init__(self, writer: ResponseWriter, block_size: int) -> None:
        self._writer = writer
        self._block_size = block_size

    async def send(self, data: Buffer) -> None:
        """Send bytes."""
        await self._writer.write(data)

    async def send_file(self, file: FileIO, start: int, size: int) -> None:
        """Send bytes of a file; raises FileShrunk where they are not there."""
        end = start + size
        while start < end and self._writer.may_send():
            block = await read_block(file, start, min(end - start, self._block_size))
            if not block:
                raise FileShrunk("the file became shorter while it was sent")
            start += len(block)
            await self._writer.write(block)
            await asyncio.sleep(0)  # neither reading nor writing need have waited


class KernelOutlet:
    """Sends files on the socket itself, past the transport, whenever that has nothing to send.

    When the socket is full a small piece goes through the transport: that it is gone says that
    there is room again, and the link's watch over slow clients holds.
    """

    __slots__ = ("_block_size", "_link", "_writer")

    def __init__(self, writer: ResponseWriter, link: Link, block_size: int) -> None:
        self._writer = writer
        self._link = link
        self._block_size = block_size

    async def send(self, data: Buffer) -> None:
        """Send bytes."""
        self._link.write(data)
        self._writer.output_size += len(data)
        await self._link.drain()

    async def send_file(self, file: FileIO, start: int, size: int) -> None:
        """Send bytes of a file; raises FileShrunk where they are not there."""
        end = start + size
        while start < end:
            count = min(end - start, STEP_SIZE)
            is_near = _is_in_memory(file, start + count - 1)
            sent = self._push(file, start, count) if is_near else 0
            start += sent
            if sent == count:
                await asyncio.sleep(0)
                continue
            piece = NUDGE_SIZE if is_near else self._block_size
            block = await read_block(file, start, min(end - start, piece))
            if not block:
                raise FileShrunk("the file became shorter while it was sent")
            start += len(block)
            await self.send(block)

    def _push(self, file: FileIO, start: int, count: int) -> int:
        """Let the kernel send; how much it took."""
        link = self._link
        if link.is_closing:
            raise LinkLost("cannot write: the connection is closed")
        if link.bypass < 0 or link.transport.get_write_buffer_size():
            return 0
        try:
            sent = os.sendfile(link.bypass, file.fileno(), start, count)
        except ConnectionError as exc:
            link.abort()
            raise LinkLost("the link is lost") from exc
        except OSError:  # the socket is full, or files of this kind cannot be sent so
            return 0
        self._writer.output_size += sent
        return sent


def _is_in_memory(file: FileIO, at: int) -> bool:
    """Whether reading there takes no disk, as far as the system tells."""
    return not _CAN_ASK or bool(read_at_once(file, at, 1))


def can_bypass(link: Link) -> bool:
    """Whether the kernel can send files on a link."""
    if not _CAN_SEND_FILES:
        return False
    link.open_bypass()
    return link.bypass >= 0
