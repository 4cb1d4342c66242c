"""Public suffixes, with the list and without."""

import sys

import pytest

from weft_client_session.suffixes import _listed, is_public_suffix


@pytest.mark.parametrize(
    ("domain", "wanted"),
    [
        ("com", True),
        ("co.uk", True),
        ("github.io", True),
        ("example.com", False),
        ("www.co.uk", False),
        ("xn--55qx5d.cn", True),
        ("localhost", True),
        ("corp.internal", False),
    ],
)
def test_the_list(domain: str, wanted: bool) -> None:
    pytest.importorskip("publicsuffixlist")
    assert is_public_suffix(domain) is wanted


def test_without_it_top_level_domains_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "publicsuffixlist", None)
    _listed.cache_clear()
    try:
        assert is_public_suffix("com")
        assert not is_public_suffix("co.uk")
    finally:
        _listed.cache_clear()
