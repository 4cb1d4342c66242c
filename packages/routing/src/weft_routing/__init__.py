"""A router from paths to any value: a frozen segment tree, without a server."""

from .errors import (
    BadValue,
    DuplicateName,
    DuplicateRoute,
    MethodError,
    MissingValue,
    PatternError,
    RouteNameError,
    RoutingError,
    UnknownValue,
    WrongPhase,
)
from .pattern import Parameter, Pattern, parse_pattern
from .router import Router
from .tree import Match, Miss, Route
from .urls import build_url

__version__ = "0.1.0"

__all__ = (
    "BadValue",
    "DuplicateName",
    "DuplicateRoute",
    "Match",
    "MethodError",
    "Miss",
    "MissingValue",
    "Parameter",
    "Pattern",
    "PatternError",
    "Route",
    "RouteNameError",
    "Router",
    "RoutingError",
    "UnknownValue",
    "WrongPhase",
    "build_url",
    "parse_pattern",
)
