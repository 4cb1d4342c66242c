"""What the package exports: names that hide no builtin, and that the reference tells of."""

from __future__ import annotations

import builtins
import re
from pathlib import Path

import pytest

import weft_http_parser

REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference"
TEXT = "\n".join(page.read_text("utf-8") for page in sorted(REFERENCE.glob("http-*.md")))


def test_a_star_import_hides_no_builtin() -> None:
    assert not set(weft_http_parser.__all__) & set(dir(builtins))


@pytest.mark.parametrize("name", weft_http_parser.__all__)
def test_the_reference_tells_of_each_name(name: str) -> None:
    assert re.search(rf"\b{name}\b", TEXT)
