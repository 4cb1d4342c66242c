"""Which cookies are kept, which are sent, and what a file holds."""

import json
import os
import stat
import time
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from yarl import URL

from weft_client_session import CookieJar, DummyCookieJar
from weft_client_session.jar import MAX_PER_DOMAIN


def filled(url: str, *headers: str, **options: object) -> CookieJar:
    jar = CookieJar(**options)  # type: ignore[arg-type]
    jar.update_cookies_from_headers(headers, URL(url))
    return jar


def sent(jar: CookieJar, url: str) -> dict[str, str]:
    return {name: morsel.value for name, morsel in jar.filter_cookies(URL(url)).items()}


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://ex.com/a/b", True),
        ("http://ex.com/a/b/x", True),
        ("http://ex.com/a/bc", False),
        ("http://ex.com/", False),
        ("http://www.ex.com/a/b/", False),
        ("https://ex.com:8443/a/b/", True),
    ],
)
def test_a_plain_cookie_stays_with_its_host_and_directory(url: str, wanted: bool) -> None:
    assert bool(sent(filled("http://ex.com/a/b/c", "k=v"), url)) is wanted


@pytest.mark.parametrize(
    ("header", "url", "wanted"),
    [
        ("k=v; Domain=ex.com; Path=/", "http://ex.com/", True),
        ("k=v; Domain=.ex.com; Path=/", "http://y.z.ex.com/", True),
        ("k=v; Domain=ex.com; Path=/", "http://notex.com/", False),
        ("k=v; Domain=other.com; Path=/", "http://other.com/", False),
        ("k=v; Domain=x.www.ex.com; Path=/", "http://x.www.ex.com/", False),
        ("k=v; Domain=com; Path=/", "http://ex.com/", False),
    ],
)
def test_domains(header: str, url: str, wanted: bool) -> None:
    assert bool(sent(filled("http://www.ex.com/", header), url)) is wanted


def test_secure_cookies_need_tls_both_ways() -> None:
    assert len(filled("http://ex.com/", "k=v; Secure; Path=/")) == 0
    jar = filled("https://ex.com/", "k=v; Secure; Path=/")
    assert sent(jar, "https://ex.com/") == {"k": "v"}
    assert sent(jar, "wss://ex.com/") == {"k": "v"}
    assert sent(jar, "http://ex.com/") == {}


def test_an_origin_may_count_as_secure() -> None:
    jar = filled(
        "http://localhost:8080/", "k=v; Secure", treat_as_secure_origin="http://localhost:8080"
    )
    assert sent(jar, "http://localhost:8080/") == {"k": "v"}
    assert sent(jar, "http://localhost:9090/") == {}


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("__Secure-k=v; Path=/", 0),
        ("__Secure-k=v; Path=/; Secure", 1),
        ("__Host-k=v; Secure", 1),
        ("__Host-k=v; Secure; Path=/; Domain=ex.com", 0),
        ("__Host-k=v; Secure; Path=/x", 0),
    ],
)
def test_prefixes_promise_what_they_say(header: str, wanted: int) -> None:
    assert len(filled("https://ex.com/", header)) == wanted


def test_addresses_get_cookies_only_where_that_is_wished() -> None:
    assert len(filled("http://127.0.0.1/", "k=v")) == 0
    assert len(filled("http://[::1]/", "k=v")) == 0
    jar = filled("http://127.0.0.1/", "k=v", unsafe=True)
    assert sent(jar, "http://127.0.0.1:81/") == {"k": "v"}


@pytest.mark.parametrize(
    ("attributes", "is_kept"),
    [
        ("Max-Age=100", True),
        ("Max-Age=0", False),
        ("Max-Age=-1", False),
        ("Max-Age=x", True),
        ("Expires=Wed, 21 Oct 2015 07:28:00 GMT", False),
        ("Expires=Wed, 21 Oct 2065 07:28:00 GMT", True),
        ("Expires=never", True),
        ("Max-Age=100; Expires=Wed, 21 Oct 2015 07:28:00 GMT", True),
    ],
)
def test_lifetimes(attributes: str, is_kept: bool) -> None:
    assert bool(sent(filled("http://ex.com/", f"k=v; {attributes}"), "http://ex.com/")) is is_kept


def test_a_dead_cookie_deletes_a_living_one() -> None:
    jar = filled("http://ex.com/", "k=v; Max-Age=100", "k=; Max-Age=0")
    assert len(jar) == 0


def test_cookies_die_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    jar = filled("http://ex.com/", "k=v; Max-Age=100")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 101)
    assert sent(jar, "http://ex.com/") == {}
    assert len(jar) == 0


def test_the_nearest_path_wins() -> None:
    jar = filled("http://ex.com/a/", "k=far; Path=/", "k=near; Path=/a")
    assert sent(jar, "http://ex.com/a/b") == {"k": "near"}
    assert sent(jar, "http://ex.com/") == {"k": "far"}


def test_values_go_back_as_they_came() -> None:
    jar = filled("http://ex.com/", 'q="x y"', "j=[1, 2]", "novalue", "=v")
    codes = {m.key: m.coded_value for m in jar.filter_cookies(URL("http://ex.com/")).values()}
    assert codes == {"q": '"x y"', "j": "[1, 2]"}


def test_own_cookies_go_everywhere() -> None:
    jar = CookieJar()
    jar.update_cookies({"k": "v w"})
    assert sent(jar, "http://127.0.0.1/") == {"k": "v w"}
    assert jar.filter_cookies(URL("http://any/"))["k"].coded_value == '"v w"'
    plain = CookieJar(quote_cookie=False)
    plain.update_cookies([("k", "v w")])
    assert plain.filter_cookies(URL("http://any/"))["k"].coded_value == "v w"


def test_standard_cookies_are_taken() -> None:
    jar = CookieJar()
    jar.update_cookies(SimpleCookie("a=b; Path=/x"), URL("http://h/"))
    assert sent(jar, "http://h/x") == {"a": "b"}
    assert [morsel["path"] for morsel in jar] == ["/x"]


def test_clearing() -> None:
    jar = filled("http://a.ex.com/", "one=1", "two=2; Domain=ex.com")
    jar.update_cookies_from_headers(["three=3"], URL("http://other.org/"))
    jar.clear_domain("ex.com")
    assert [morsel.key for morsel in jar] == ["three"]
    jar.clear(lambda morsel: morsel.key != "three")
    assert len(jar) == 1
    jar.clear()
    assert len(jar) == 0


def test_what_aiohttp_shows_is_shown() -> None:
    jar = filled("http://ex.com/", "k=v")
    assert dict(jar.cookies) == {("ex.com", ""): SimpleCookie("k=v")} or len(jar.cookies) == 1
    assert jar.host_only_cookies == {("ex.com", "", "k")}


def test_one_host_cannot_fill_the_jar() -> None:
    jar = filled("http://ex.com/", *(f"k{n}=v" for n in range(MAX_PER_DOMAIN + 5)))
    assert len(jar) == MAX_PER_DOMAIN
    assert "k0" not in sent(jar, "http://ex.com/")


def test_oversized_cookies_are_left() -> None:
    assert len(filled("http://ex.com/", "k=" + "v" * 5000)) == 0


def test_ghsa_2fqr_a_file_keeps_every_flag(tmp_path: Path) -> None:
    headers = ["a=1; Path=/", "b=2; Domain=ex.com; Max-Age=99; Secure; HttpOnly; SameSite=Lax"]
    jar = filled("https://ex.com/", *headers)
    path = tmp_path / "jar.json"
    jar.save(path)
    again = CookieJar()
    again.load(path)
    assert again.host_only_cookies == jar.host_only_cookies == {("ex.com", "", "a")}
    assert sent(again, "http://ex.com/") == {"a": "1"}
    assert sent(again, "https://www.ex.com/") == {"b": "2"}
    flags = {morsel.key: (morsel["httponly"], morsel["samesite"]) for morsel in again}
    assert flags == {"a": ("", ""), "b": (True, "Lax")}
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_files_of_aiohttp_can_be_read(tmp_path: Path) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    path = tmp_path / "jar.json"
    path.write_text(
        json.dumps(
            {
                "ex.com|": {
                    "a": {
                        "key": "a",
                        "value": "1",
                        "coded_value": "1",
                        "path": "/",
                        "domain": "ex.com",
                        "host_only": True,
                    }
                }
            }
        )
    )
    jar = CookieJar()
    jar.load(path)
    jar.save(path)
    assert sent(jar, "http://ex.com/") == {"a": "1"}
    assert json.loads(path.read_text())["ex.com|"]["a"]["host_only"] is True
    del aiohttp


@pytest.mark.parametrize("text", ["[]", '{"a|": {"b": {}}}', '{"a|": {"b": {"key": "x y"}}}'])
def test_broken_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jar.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="cookie"):
        CookieJar().load(path)


def test_dummy_keeps_nothing() -> None:
    jar = DummyCookieJar()
    jar.update_cookies({"a": "b"})
    jar.update_cookies_from_headers(["a=b"], URL("http://h/"))
    jar.clear()
    jar.clear_domain("h")
    assert (len(jar), list(jar), dict(jar.cookies)) == (0, [], {})
    assert not jar.filter_cookies(URL("http://h/"))
    assert (jar.unsafe, jar.quote_cookie, jar.host_only_cookies) == (False, True, frozenset())


# RFC 6265bis.


def test_nobody_sets_a_cookie_for_a_public_suffix() -> None:
    pytest.importorskip("publicsuffixlist")
    assert len(filled("https://evil.co.uk/", "k=v; Domain=co.uk; Path=/")) == 0
    assert len(filled("https://evil.github.io/", "k=v; Domain=github.io; Path=/")) == 0
    jar = filled("https://github.io/", "k=v; Domain=github.io; Path=/")
    assert sent(jar, "https://github.io/") == {"k": "v"}
    assert sent(jar, "https://evil.github.io/") == {}


def test_what_is_public_can_be_said() -> None:
    def is_public(domain: str) -> bool:
        return domain == "shared.corp"

    jar = filled("http://a.shared.corp/", "k=v; Domain=shared.corp", public_suffixes=is_public)
    assert len(jar) == 0
    jar = filled("http://a.b.co.uk/", "k=v; Domain=b.co.uk", public_suffixes=is_public)
    assert len(jar) == 1


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("k=plain; Path=/", "secret"),
        ("k=plain; Domain=ex.com; Path=/", "secret"),
        ("k=plain; Path=/a", "secret"),
        ("other=plain; Path=/", "secret"),
    ],
)
def test_plain_http_lays_nothing_over_a_secure_cookie(header: str, wanted: str) -> None:
    jar = filled("https://www.ex.com/", "k=secret; Secure; Path=/")
    jar.update_cookies_from_headers([header], URL("http://www.ex.com/a/b"))
    assert sent(jar, "https://www.ex.com/a/b")["k"] == wanted
    jar.update_cookies_from_headers(["k=new; Secure; Path=/"], URL("https://www.ex.com/a/b"))
    assert sent(jar, "https://www.ex.com/")["k"] == "new"
