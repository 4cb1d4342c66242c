"""The target over the twins of weft_websocket: masking, frames to bytes and back."""

from random import Random
from types import ModuleType

from tools.fuzz.mutate import cut, damage, pieces
from weft_websocket._twin import _py

FIRST_BYTES = (0x81, 0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A, 0x88, 0xC1, 0xC2, 0x41, 0x91)
TEXTS = ("", "a", "hello", "é", "日本語" * 5, "x" * 125, "y" * 126, "€" * 300, "z" * 70_000)
WRONG_TEXTS = (b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ok\xff", b"\xe2\x82")


class FrameTarget:
    """One scanner over frames in pieces."""

    def __init__(self, random: Random) -> None:
        is_masked = random.random() < 0.5
        self.data = damage(random, b"".join(_frame(random, is_masked) for _ in range(5)))
        self.cuts = cut(random, len(self.data))
        self.drains = random.random() < 0.7
        self.arguments = (
            is_masked,
            random.random() < 0.5,  # allows deflate
            random.random() < 0.7,  # decodes text
            random.choice((0, 100, 1000, 1 << 22)),
            random.choice((2, 3, 65_536)),
            random.choice((1, 2, 3, 64)),
        )

    def run(self, twin: ModuleType) -> list[object]:
        scanner = twin.FrameScanner(*self.arguments)
        seen: list[object] = []
        for piece in pieces(self.data, self.cuts):
            seen.append((scanner.feed(piece), int(scanner.fault), scanner.has_more))
            while self.drains and scanner.has_more:
                seen.append((scanner.feed(b""), int(scanner.fault), scanner.has_more))
        return seen


def _frame(random: Random, is_masked: bool) -> bytes:
    first = random.choice(FIRST_BYTES)
    payload = random.choice(TEXTS).encode()
    if first & 0x0F >= 8:
        payload = payload[:30]
    if random.random() < 0.2:
        payload += random.choice(WRONG_TEXTS)
    key = random.randbytes(4) if is_masked else None
    return _py.render_frame(first, payload[: random.randrange(80_000)], key)


class RenderTarget:
    """Frames and masks out of values."""

    def __init__(self, random: Random) -> None:
        self.data = random.randbytes(random.randrange(600))
        self.text = random.choice((*TEXTS, "\ud800"))
        self.key = random.choice((None, random.randbytes(4), b"abc"))
        self.first = random.choice((0x81, 0x02, 255, 256, -1))
        self.length = random.choice((0, 125, 126, 65_535, 65_536, 1 << 40))

    def run(self, twin: ModuleType) -> list[object]:
        return [
            _outcome(twin.mask, self.data, self.key or b"1234"),
            _outcome(twin.mask, memoryview(self.data), self.key or b"1234"),
            _outcome(twin.render_header, self.first, self.length, self.key),
            _outcome(twin.render_frame, self.first, self.data, self.key),
            _outcome(twin.render_frame, self.first, self.text, self.key),
        ]


def _outcome(function: object, *values: object) -> object:
    try:
        return function(*values)  # type: ignore[operator]  # the twins' functions
    except ValueError:  # which of two wrong arguments is refused first is left open
        return ValueError


TARGETS = {"frames": FrameTarget, "frame-rendering": RenderTarget}
PYTHON = _py
