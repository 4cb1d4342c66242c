"""Good and bad input to begin from: the conformance cases, beside the targets' own.

Knows where the cases lie; a tree without tests has none.
"""

import importlib
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2] / "tests"


def read_cases(module: str) -> tuple[bytes, ...]:
    """The wire bytes of every case of a module of tests/conformance."""
    if not (TESTS / "conformance" / f"{module}.py").exists():
        return ()
    if str(TESTS) not in sys.path:
        sys.path.append(str(TESTS))
    cases = importlib.import_module(f"conformance.{module}").CASES
    return tuple(case.wire for case in cases if len(case.wire) < 2000)


def behind_head(wires: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """What stands behind the first empty line, where something does."""
    bodies = (wire.partition(b"\r\n\r\n")[2] for wire in wires)
    return tuple(body for body in bodies if body)
