"""Every statement of the founding documents has a test that carries its number."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
NUMBERS = {*range(1, 20), *range(25, 58)}


def numbers_in(name: str) -> set[int]:
    """Those that a test is about: one, several, or from one to another."""
    found = re.match(r"test_statements?((?:_(?:\d+|to|and))+)", name)
    if found is None:
        return set()
    words = found[1].strip("_").split("_")
    numbers = {int(word) for word in words if word.isdecimal()}
    if "to" in words:
        return set(range(min(numbers), max(numbers) + 1))
    return numbers


def test_names_are_read() -> None:
    assert numbers_in("test_statement_5_in_this_order") == {5}
    assert numbers_in("test_statements_47_48_run_app_blocks") == {47, 48}
    assert numbers_in("test_statements_16_to_18_another_handler") == {16, 17, 18}
    assert numbers_in("test_5_statements") == set()


def test_every_number_is_there() -> None:
    names = [
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text("utf-8"), re.M)
    ]
    tested = {number for name in names for number in numbers_in(name)}
    assert not sorted(NUMBERS - tested)
