"""The number that tells whether a built twin fits the Python one.

Stands apart from both, so that one can be asked without loading the other.
"""

from typing import Final

API: Final = 3
"""Grows with every change of what the twins share, so that no stale binary is taken for this."""
