"""The examples in docstrings run as they stand."""

import doctest
import importlib
import pkgutil

import pytest

import weft_http_parser

MODULES = [
    module.name
    for module in pkgutil.walk_packages(weft_http_parser.__path__, "weft_http_parser.")
    if not module.name.endswith("._c")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
