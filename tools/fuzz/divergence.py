"""Where two readings of the same bytes part, and in which way. Knows nothing of why."""

import enum

import attrs

from tools.fuzz.readers import Message, Reading, Stop


class Kind(enum.Enum):
    """How two readings differ."""

    ACCEPTS = "the peer reads a message that is refused here"
    REFUSES = "the peer refuses what is read or waited for here"
    DIFFERS = "both read a message, and not the same one"
    GOES_ON = "one stops where the other reads on"


@attrs.frozen
class Divergence:
    """The first place where two readings differ."""

    kind: Kind
    wire: bytes
    index: int
    ours: Reading
    theirs: Reading
    asked: bytes = b""

    @property
    def rest(self) -> bytes:
        """The bytes from the beginning of that message on."""
        begins = self.ours.begins
        return self.wire[begins[min(self.index, len(begins) - 1)] :]

    @property
    def before(self) -> bytes:
        """The bytes from the beginning of the message before that one on."""
        return self.wire[self.ours.begins[self.index - 1] :] if self.index else b""

    @property
    def here(self) -> Message | None:
        return self.ours.at(self.index)

    @property
    def there(self) -> Message | None:
        return self.theirs.at(self.index)


def find_divergence(
    wire: bytes, asked: bytes, ours: Reading, theirs: Reading
) -> Divergence | None:
    """Where the readings part, None where they never do."""
    index = 0
    while True:
        here, there = ours.at(index), theirs.at(index)
        if here is None or there is None or not (here.is_over and there.is_over):
            break
        if here != there:
            return Divergence(Kind.DIFFERS, wire, index, ours, theirs, asked)
        index += 1
    kind = _judge_ends(ours, theirs, index)
    return None if kind is None else Divergence(kind, wire, index, ours, theirs, asked)


def _judge_ends(ours: Reading, theirs: Reading, index: int) -> Kind | None:
    """How the readings differ at a message that not both have read to its end."""
    here, there = ours.at(index), theirs.at(index)
    if (here is None and ours.stop is Stop.LEFT) or (there is None and theirs.stop is Stop.LEFT):
        is_same = here is None and there is None and ours.stop is theirs.stop
        return None if is_same else Kind.GOES_ON
    is_read_here = here is not None and here.is_over
    is_read_there = there is not None and there.is_over
    is_refused = not is_read_here and ours.stop is Stop.REFUSED
    if not is_read_there and theirs.stop is Stop.REFUSED:
        return None if is_refused else Kind.REFUSES
    if is_refused:
        return Kind.ACCEPTS
    if is_read_here or is_read_there:
        return Kind.DIFFERS
    return None if _is_part_of(here, there) else Kind.DIFFERS


def _is_part_of(here: Message | None, there: Message | None) -> bool:
    """Two messages that are not over may be one: a reader may hold back what it has."""
    if here is None or there is None:
        return here is there
    heads = (here.start, here.version, here.fields), (there.start, there.version, there.fields)
    shorter, longer = sorted((here.body, there.body), key=len)
    return heads[0] == heads[1] and longer.startswith(shorter)
