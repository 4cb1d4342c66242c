"""The parsers that are compared: each module's `cases()` maps titles of cases to calls."""

from collections.abc import Callable
from typing import Any, TypeAlias

Case: TypeAlias = tuple[Callable[..., object], *tuple[Any, ...]]
"""A function and its arguments, two at most."""
