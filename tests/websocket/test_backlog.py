from hypothesis import given
from hypothesis import strategies as st

from weft_websocket import SendLimits, SlowPolicy
from weft_websocket.backlog import Backlog, Outcome

DISCONNECT, DROP_OLDEST, COALESCE = SlowPolicy


class Item:
    """A message for a queue: a name and a size."""

    def __init__(self, name: str, size: int = 1) -> None:
        self.name = name
        self.size = size


def make(messages: int = 3, bytes: int = 100) -> Backlog[Item, str]:  # the limits' own name
    return Backlog(SendLimits(messages=messages, bytes=bytes))


def fill(
    backlog: Backlog[Item, str], names: str, policy: SlowPolicy = DROP_OLDEST
) -> list[Outcome]:
    return [backlog.put(Item(name), policy, name, 0.0) for name in names]


def rest(backlog: Backlog[Item, str]) -> list[str]:
    """Who is there, in order; places in brackets."""
    names = []
    while backlog:
        entry = backlog.pop()
        names.append(f"[{entry.place}]" if entry.message is None else entry.message.name)
    return names


def test_messages_and_places_keep_their_order() -> None:
    backlog = make()
    fill(backlog, "a")
    backlog.join("x")
    fill(backlog, "b")
    assert len(backlog) == 3
    assert rest(backlog) == ["a", "[x]", "b"]


def test_the_oldest_is_dropped_behind_any_number_of_places() -> None:
    backlog = make(messages=2)
    backlog.join("x")
    assert fill(backlog, "abc") == [(True, 0), (True, 0), (True, 1)]
    assert backlog.dropped == 1
    assert rest(backlog) == ["[x]", "b", "c"]


def test_bytes_are_bounded_too() -> None:
    backlog = make(bytes=10)
    fill(backlog, "ab")
    assert backlog.put(Item("c", 9), DROP_OLDEST, None, 0.0) == (True, 1)
    assert backlog.to_lag(0.0, 7) == (2, 10, 0.0, 7, 1)
    assert backlog.put(Item("d", 11), DROP_OLDEST, None, 0.0) == (False, 3)
    assert backlog.to_lag(0.0, 0) == (0, 0, 0.0, 0, 4)


def test_disconnect_takes_nothing_more_and_leaves_what_waits() -> None:
    backlog = make()
    assert fill(backlog, "abcd", DISCONNECT)[-2:] == [(True, 0), (False, 1)]
    assert rest(backlog) == ["a", "b", "c"]


def test_coalescing_replaces_what_has_the_key_and_keeps_its_place() -> None:
    backlog = make()
    fill(backlog, "ab", COALESCE)
    assert backlog.put(Item("A", 5), COALESCE, "a", 9.0) == (True, 1)
    assert backlog.to_lag(1.0, 0) == (2, 6, 1.0, 0, 1)
    assert fill(backlog, "cd", COALESCE) == [(True, 0), (True, 1)]
    assert rest(backlog) == ["b", "c", "d"]
    # What is gone is no longer replaced.
    assert fill(backlog, "b", COALESCE) == [(True, 0)]
    assert rest(backlog) == ["b"]


def test_coalescing_keeps_the_bound_on_bytes() -> None:
    backlog = make(bytes=10)
    fill(backlog, "ab", COALESCE)
    assert backlog.put(Item("B", 10), COALESCE, "b", 0.0) == (True, 2)
    assert rest(backlog) == ["B"]


def test_coalescing_without_a_key_replaces_nothing() -> None:
    backlog = make()
    for _ in range(2):
        assert backlog.put(Item("a"), COALESCE, None, 0.0) == (True, 0)
    assert rest(backlog) == ["a", "a"]


def test_other_policies_look_at_no_key() -> None:
    backlog = make()
    fill(backlog, "aa", DROP_OLDEST)
    assert rest(backlog) == ["a", "a"]


def test_a_place_can_be_left_and_messages_dropped() -> None:
    backlog = make()
    place = backlog.join("x")
    backlog.join("y")
    fill(backlog, "ab", COALESCE)
    backlog.leave(place)
    backlog.leave(place)
    backlog.drop_messages()
    assert backlog.dropped == 2
    assert backlog.to_lag(5.0, 0) == (0, 0, 0.0, 0, 2)
    assert rest(backlog) == ["[y]"]


STEP = st.one_of(
    st.tuples(
        st.sampled_from(SlowPolicy), st.sampled_from("abc"), st.integers(min_value=0, max_value=12)
    ),
    st.sampled_from(["pop", "join", "leave", "drop"]),
)


@given(st.lists(STEP))
def test_bounds_order_and_counts_hold_whatever_happens(steps: list[object]) -> None:
    backlog: Backlog[Item, int] = Backlog(SendLimits(messages=3, bytes=20))
    put = popped = turn = 0
    places = []
    seen: list[int] = []
    for step in steps:
        turn += 1
        if isinstance(step, tuple):
            policy, key, size = step
            item = Item(key, size)
            put += 1
            backlog.put(item, policy, key, float(turn))
        elif step == "join":
            places.append(backlog.join(turn))
        elif step == "leave" and places:
            backlog.leave(places.pop())
        elif step == "drop":
            backlog.drop_messages()
        elif step == "pop" and backlog:
            entry = backlog.pop()
            popped += entry.message is not None
            seen.append(int(entry.since) if entry.place is None else entry.place)
        lag = backlog.to_lag(0.0, 0)
        assert lag.messages <= 3
        assert 0 <= lag.bytes <= 20
        # Nothing is lost without being counted.
        assert put == popped + lag.messages + backlog.dropped
    if not any(step[0] is COALESCE for step in steps if isinstance(step, tuple)):
        assert seen == sorted(seen)
