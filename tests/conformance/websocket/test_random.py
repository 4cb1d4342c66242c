"""Random frames, cut anywhere: both twins the same, and `websockets` but for what is documented."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.twins import load_twin

from tools.fuzz import exchanges
from tools.fuzz.exchanges import Course, explain, find_difference, make_course, watch
from weft_http_parser import Role

from .case import Frame
from .catalogue import CASES

SMALL = [case for case in CASES if len(case.wire(True)) < 3000]
opcodes = st.sampled_from((0, 0, 1, 1, 2, 8, 9, 10)) | st.integers(0, 15)
bits = st.sampled_from((0, 0, 0, 0, 4, 1, 2))
payloads = st.binary(max_size=300) | st.text(max_size=100).map(str.encode)
frames = st.builds(
    lambda fin, rsv, opcode, payload: Frame(fin << 7 | rsv << 4 | opcode, payload),
    st.booleans(),
    bits,
    opcodes,
    payloads,
)
cuts = st.lists(st.integers(0, 1500), max_size=8).map(lambda at: tuple(sorted(at)))
roles = st.sampled_from((Role.SERVER, Role.CLIENT))


def twins() -> list[object]:
    return [load_twin("weft_websocket", backend) for backend in ("py", "c")]


@settings(max_examples=500)
@given(st.lists(frames, min_size=1, max_size=6), cuts, roles, st.booleans())
def test_random_frames(
    some: list[Frame], cuts: tuple[int, ...], role: Role, deflate: bool
) -> None:
    wire = b"".join(frame.render(role is Role.SERVER) for frame in some)
    assert find_difference(twins(), Course(role, wire, cuts, deflate)) is None


@settings(max_examples=300)
@given(st.binary(max_size=400), cuts, roles, st.booleans())
def test_random_bytes(wire: bytes, cuts: tuple[int, ...], role: Role, deflate: bool) -> None:
    assert find_difference(twins(), Course(role, wire, cuts, deflate)) is None


@settings(max_examples=500)
@given(st.integers(0, 1 << 48))
def test_damaged_frames(seed: int) -> None:
    assert find_difference(twins(), make_course(Random(seed))) is None


@settings(max_examples=500)
@given(st.integers(0, 1 << 48))
def test_beside_websockets(seed: int) -> None:
    course = make_course(Random(seed))
    ours, theirs = watch(twins()[1], course, ()), exchanges.watch_websockets(course)
    assert explain(course, ours, theirs) is not None, (course, ours, theirs)


@pytest.mark.parametrize("role", [Role.SERVER, Role.CLIENT])
def test_cases_beside_websockets(role: Role) -> None:
    classes: Counter[str | None] = Counter()
    for case in SMALL:
        if dict(case.deflate or ()).get("server_max_window_bits", 15) != 15 or case.limit < 10_000:
            continue
        course = Course(role, case.wire(role is Role.SERVER), (), case.deflate is not None)
        ours, theirs = watch(twins()[1], course, ()), exchanges.watch_websockets(course)
        reason = explain(course, ours, theirs)
        assert reason is not None, (str(case), ours, theirs)
        classes[reason] += 1
    assert set(classes) <= {"", *exchanges.CLASSES}
    assert classes[""] > 100
