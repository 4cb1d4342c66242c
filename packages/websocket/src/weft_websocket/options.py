"""How a stream behaves, as values. Knows nothing that behaves so."""

from typing import Final

import attrs

from weft_websocket.backlog import DEFAULT_LIMITS, SendLimits


@attrs.frozen(kw_only=True)
class StreamOptions:
    """How a stream behaves."""

    autoping: bool = True
    autoclose: bool = True
    heartbeat_seconds: float | None = None
    frame_timeout_seconds: float | None = 30.0
    message_timeout_seconds: float | None = 120.0
    close_timeout_seconds: float | None = 10.0
    receive_timeout_seconds: float | None = None
    queue_limit: int = 16
    write_limit: int = 65536
    send_limits: SendLimits = DEFAULT_LIMITS


DEFAULT_OPTIONS: Final = StreamOptions()
