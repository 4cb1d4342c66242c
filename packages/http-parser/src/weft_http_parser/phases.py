"""Which side of a connection this is, where a direction is in its message, and which step leads where.

Decides the order of steps, as a table; both directions and both roles share it. Knows no bytes.

    IDLE ──head──▶ BODY ──end──▶ DONE ──cycle───▶ IDLE
         ╰─────────whole────────▶╯ ╰────switch──▶ SWITCHED

A message after which the connection must close goes the same way over LAST_BODY and LAST, which
have no next cycle. Behind the response that opens a tunnel nothing is HTTP: TUNNEL waits for a
switch.
"""

import enum
from typing import Final


class Role(enum.Enum):
    """Which side of the connection this is."""

    CLIENT = "client"
    SERVER = "server"


class Phase(enum.Enum):
    """Where a direction is in its message."""

    IDLE = "before the end of a head"
    BODY = "behind a head"
    LAST_BODY = "behind the head of the last message"
    DONE = "behind a message"
    LAST = "behind the last message"
    TUNNEL = "behind a head with which HTTP ends"
    SWITCHED = "given to another protocol"
    CLOSED = "ended between messages"
    FAILED = "failed"

    __hash__ = object.__hash__  # members are single; Enum's own hash costs as much as a parse


class Step(enum.Enum):
    """What happens to a direction."""

    INTERIM = "a 1xx head"
    HEAD = "a head"
    LAST_HEAD = "the head of a message after which the connection closes"
    WHOLE = "a head without a body"
    LAST_WHOLE = "a head without a body after which the connection closes"
    TUNNEL = "a head with which HTTP ends"
    END = "the end of a body"
    CYCLE = "both messages are over"
    SWITCH = "another protocol takes over"
    CLOSE = "no more bytes"

    __hash__ = object.__hash__


NEXT: Final[dict[Phase, dict[Step, Phase]]] = {
    Phase.IDLE: {
        Step.INTERIM: Phase.IDLE,
        Step.HEAD: Phase.BODY,
        Step.LAST_HEAD: Phase.LAST_BODY,
        Step.WHOLE: Phase.DONE,
        Step.LAST_WHOLE: Phase.LAST,
        Step.TUNNEL: Phase.TUNNEL,
        Step.CLOSE: Phase.CLOSED,
    },
    Phase.BODY: {Step.END: Phase.DONE},
    Phase.LAST_BODY: {Step.END: Phase.LAST},
    Phase.DONE: {Step.CYCLE: Phase.IDLE, Step.SWITCH: Phase.SWITCHED},
    Phase.LAST: {Step.SWITCH: Phase.SWITCHED},
    Phase.TUNNEL: {Step.SWITCH: Phase.SWITCHED},
    Phase.SWITCHED: {},
    Phase.CLOSED: {},
    Phase.FAILED: {},
}
IN_BODY: Final = frozenset({Phase.BODY, Phase.LAST_BODY})
ENDED: Final = frozenset({Phase.DONE, Phase.LAST})
OVER: Final = frozenset({Phase.DONE, Phase.LAST, Phase.TUNNEL})
HEAD_STEPS: Final = {
    (False, False): Step.LAST_HEAD,
    (False, True): Step.HEAD,
    (True, False): Step.LAST_WHOLE,
    (True, True): Step.WHOLE,
}
"""By whether a head has no body, and whether the connection stays."""
