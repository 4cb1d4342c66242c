"""No limit is without its cases. The cases themselves run with all others."""

import attrs

from weft_http_parser import Limits

from .bounds import BOUNDS, CASES

ONE_ROLE = {"empty_lines": "server", "ahead": "client"}
"""A client skips no empty lines; how a server holds bytes ahead is in wire/test_connection.py."""


def test_every_limit_has_cases_in_each_role_that_has_it() -> None:
    roles: dict[str, set[str]] = {}
    for bound in BOUNDS:
        roles.setdefault(bound.limit, set()).add(bound.role)
    both = {"server", "client"}
    assert roles == {
        field.name: {ONE_ROLE[field.name]} if field.name in ONE_ROLE else both
        for field in attrs.fields(Limits)
    }


def test_only_what_is_over_its_limit_is_refused() -> None:
    assert [bool(case.error) for case in CASES] == [False, False, True] * len(BOUNDS)
