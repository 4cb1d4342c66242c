"""The errors of this package that are no HTTP answers, under one root.

Knows nothing of requests or responses; the answers that are raised are in `http_errors`.
"""

import json
from collections.abc import Sequence


class WebServerError(Exception):
    """Root of the errors of this package."""


class ConfigurationError(WebServerError, RuntimeError):
    """The program asked for something that cannot work; the text says what to do."""


class RequestPayloadError(WebServerError):
    """The body of the request is broken: cut short, badly framed or badly encoded."""


class RequestAddressError(WebServerError, ValueError):
    """The target of the request, or its Host field, names no URL."""


class RequestTextError(RequestPayloadError, UnicodeDecodeError):
    """The body is no text of its charset."""


class RequestJsonError(RequestPayloadError, json.JSONDecodeError):
    """The body is no JSON, or is nested too deep."""


class RequestFormError(RequestPayloadError, ValueError):
    """The body is no form, or a field of it is broken."""


class PayloadAccessError(WebServerError):
    """The body was asked for where it can no longer be had."""


class RequestTimeout(RequestPayloadError):
    """The body of the request stalled, or came slower than the least rate."""


class UnknownRouteName(WebServerError, KeyError):
    """No application on the way to the request has a route of this name."""

    def __init__(self, name: str, near: Sequence[str] = ()) -> None:
        super().__init__(name, tuple(near))
        self.name = name
        self.near = tuple(near)

    def __str__(self) -> str:
        guess = f"; did you mean {', '.join(map(repr, self.near))}?" if self.near else ""
        return f"no route is named {self.name!r}{guess}"


class UnreachableRouteWarning(UserWarning):
    """Another route takes every request that this one could take."""


class CleanupError(WebServerError, RuntimeError):
    """Several cleanup contexts failed."""

    def __init__(self, message: str, exceptions: Sequence[BaseException] = ()) -> None:
        super().__init__(message, list(exceptions))

    @property
    def exceptions(self) -> list[BaseException]:
        """What the contexts raised, in the order in which they ran."""
        found: list[BaseException] = self.args[1]
        return found


class NotAppKeyWarning(UserWarning):
    """An application was given a plain string as a key."""
