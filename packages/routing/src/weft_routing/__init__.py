"""A router from paths to any value: a frozen segment tree, without a server."""

from .answers import Match, Miss, Route
from .convertors import BUILT_IN_CONVERTORS, PathConvertor, check_convertors
from .errors import (
    BadValue,
    ConvertorError,
    DuplicateName,
    DuplicateRoute,
    HostError,
    MethodError,
    MissingValue,
    PatternError,
    Place,
    RouteNameError,
    RoutingError,
    UnknownValue,
    WrongPhase,
)
from .hosts import HostPattern, parse_host
from .pattern import Parameter, Pattern, parse_pattern
from .reach import Unreachable
from .router import Router
from .urls import build_url

__version__ = "0.1.0"

__all__ = (
    "BUILT_IN_CONVERTORS",
    "BadValue",
    "ConvertorError",
    "DuplicateName",
    "DuplicateRoute",
    "HostError",
    "HostPattern",
    "Match",
    "MethodError",
    "Miss",
    "MissingValue",
    "Parameter",
    "PathConvertor",
    "Pattern",
    "PatternError",
    "Place",
    "Route",
    "RouteNameError",
    "Router",
    "RoutingError",
    "UnknownValue",
    "Unreachable",
    "WrongPhase",
    "build_url",
    "check_convertors",
    "parse_host",
    "parse_pattern",
)
