"""What one route may set for itself, against the application and the server.

Holds the values. Those who act on them read them from the route of the request.
"""

import enum

import attrs

_LIMITS = ("client_max_size", "timeout", "body_timeout", "body_rate", "write_timeout")


class DisconnectPolicy(enum.StrEnum):
    """What becomes of a handler whose client goes away."""

    CANCEL = "cancel"
    """Its task is cancelled."""
    NOTIFY = "notify"
    """It goes on, and its next read or write raises ConnectionResetError."""
    SHIELD = "shield"
    """It goes on as if nothing had happened: what it writes is dropped."""


def _to_policy(value: "DisconnectPolicy | str | None") -> DisconnectPolicy | None:
    try:
        return None if value is None else DisconnectPolicy(value)
    except ValueError:
        names = ", ".join(repr(each.value) for each in DisconnectPolicy)
        raise ValueError(f"disconnect is {value!r}; give one of {names}") from None


@attrs.frozen(kw_only=True)
class RouteOptions:
    """Limits of one route; None leaves a limit as the application or the server has it.

    >>> RouteOptions(client_max_size=64 * 1024, timeout=5).timeout
    5
    """

    client_max_size: int | None = None
    """The most bytes of a body that is read whole; 0 is no limit, as for an application."""
    timeout: float | None = None
    """The seconds that the handler may take, with the middlewares of its route; 0 is no limit."""
    body_timeout: float | None = None
    """The seconds without a byte of a body that the handler waits for; 0 is no limit."""
    body_rate: float | None = None
    """The least bytes a second of a body; 0 is no limit."""
    write_timeout: float | None = None
    """The seconds in which the client must take something of the answer; 0 is no limit."""
    handler_cancellation: bool | None = None
    """Whether the handler is cancelled when its client goes away: `disconnect` in aiohttp's words,
    where only `cancel` and `notify` can be said."""
    disconnect: DisconnectPolicy | None = attrs.field(default=None, converter=_to_policy)
    """What becomes of the handler when its client goes away: "cancel", "notify" or "shield"."""

    def __attrs_post_init__(self) -> None:
        for name in _LIMITS:
            value = getattr(self, name)
            if not isinstance(value, int | float | None):
                raise TypeError(f"{name} is {value!r}; give a number, or None")
            if value is not None and not value >= 0:  # also what is no number in order, a NaN
                raise ValueError(f"{name} is {value!r}; give a number that is not negative")
        if self.handler_cancellation is not None and self.disconnect is not None:
            raise ValueError("handler_cancellation and disconnect say the same; give one of them")

    @property
    def policy(self) -> DisconnectPolicy | None:
        """What becomes of the handler, in whatever words it was said; None is as the server."""
        if self.handler_cancellation is None:
            return self.disconnect
        return DisconnectPolicy.CANCEL if self.handler_cancellation else DisconnectPolicy.NOTIFY

    def over(self, outer: "RouteOptions") -> "RouteOptions":
        """These, and what they leave open as `outer` has it.

        >>> merged = RouteOptions(timeout=5).over(RouteOptions(timeout=60, client_max_size=0))
        >>> merged.timeout, merged.client_max_size
        (5, 0)
        """
        own = {name: value for name, value in attrs.asdict(self).items() if value is not None}
        if "disconnect" in own or "handler_cancellation" in own:
            outer = attrs.evolve(outer, disconnect=None, handler_cancellation=None)
        return attrs.evolve(outer, **own)


NO_OPTIONS = RouteOptions()
