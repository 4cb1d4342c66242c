"""What a contender offers: calls by the titles of the cases that it has an answer to."""

from collections.abc import Callable
from typing import Any, TypeAlias

Case: TypeAlias = tuple[Callable[..., object], *tuple[Any, ...]]
"""A function and its arguments, two at most."""
