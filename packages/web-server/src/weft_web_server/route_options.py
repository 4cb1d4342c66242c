"""What one route may set for itself, against the application and the server.

Holds the values. Those who act on them read them from the route of the request.
"""

import attrs

_LIMITS = ("client_max_size", "timeout", "body_timeout", "body_rate", "write_timeout")


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
    """Whether the handler is cancelled when its client goes away."""

    def __attrs_post_init__(self) -> None:
        for name in _LIMITS:
            value = getattr(self, name)
            if not isinstance(value, int | float | None):
                raise TypeError(f"{name} is {value!r}; give a number, or None")
            if value is not None and not value >= 0:  # also what is no number in order, a NaN
                raise ValueError(f"{name} is {value!r}; give a number that is not negative")

    def over(self, outer: "RouteOptions") -> "RouteOptions":
        """These, and what they leave open as `outer` has it.

        >>> merged = RouteOptions(timeout=5).over(RouteOptions(timeout=60, client_max_size=0))
        >>> merged.timeout, merged.client_max_size
        (5, 0)
        """
        own = {name: value for name, value in attrs.asdict(self).items() if value is not None}
        return attrs.evolve(outer, **own)


NO_OPTIONS = RouteOptions()
