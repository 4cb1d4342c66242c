"""Netscape's lines, in and out; what programs of others make of them."""

import http.cookiejar
import json
import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest
from yarl import URL

from weft_client_session import CookieJar

SOON = int(time.time()) + 1000
HEADERS = (
    "plain=1; Path=/a",
    "wide=2; Domain=example.com; Path=/",
    "kept=3; Max-Age=1000; Path=/; Secure; HttpOnly; SameSite=Strict",
    'quoted="a b"; Path=/',
)


def filled() -> CookieJar:
    jar = CookieJar()
    jar.update_cookies_from_headers(HEADERS, URL("https://www.example.com/"))
    return jar


def sent(jar: CookieJar, url: str) -> dict[str, str]:
    return {name: morsel.coded_value for name, morsel in jar.filter_cookies(URL(url)).items()}


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "cookies.txt"
    filled().save_netscape(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    jar = CookieJar()
    jar.load_netscape(path)
    for url in (
        "https://www.example.com/a/b",
        "http://www.example.com/",
        "https://x.example.com/",
    ):
        assert sent(jar, url) == sent(filled(), url) != {}
    kept = {morsel.key: morsel for morsel in jar}
    assert kept["kept"]["httponly"] is True and kept["kept"]["secure"] is True
    assert jar.host_only_cookies == filled().host_only_cookies


def test_same_site_is_kept_by_json(tmp_path: Path) -> None:
    path = tmp_path / "cookies.json"
    filled().save(path)
    jar = CookieJar()
    jar.load(path)
    assert {morsel.key: morsel["samesite"] for morsel in jar}["kept"] == "Strict"


def test_what_the_format_cannot_say_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "cookies.txt"
    jar = CookieJar()
    jar.update_cookies({"everywhere": "1"})
    jar.update_cookies_from_headers(["tab=a\tb", "good=1"], URL("http://a.example/"))
    jar.save_netscape(path)
    assert "everywhere" not in path.read_text()
    for line in path.read_text().splitlines()[1:]:
        assert line.count("\t") == 6


def test_python_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "cookies.txt"
    filled().save_netscape(path)
    theirs = http.cookiejar.MozillaCookieJar(path)
    # It takes the 0 of curl and wget, which ends with the session, for a time long ago.
    theirs.load(ignore_discard=True, ignore_expires=True)
    found = {cookie.name: cookie for cookie in theirs}
    assert set(found) >= {"plain", "wide"}
    assert found["wide"].domain == ".example.com"
    assert (found["plain"].domain, found["plain"].path) == ("www.example.com", "/a")


def test_what_python_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cookies.txt"
    theirs = http.cookiejar.MozillaCookieJar(path)
    theirs.set_cookie(
        http.cookiejar.Cookie(
            version=0, name="a", value="b", port=None, port_specified=False,
            domain=".example.com", domain_specified=True, domain_initial_dot=True,
            path="/", path_specified=True, secure=False, expires=SOON, discard=False,
            comment=None, comment_url=None, rest={},
        )
    )  # fmt: skip
    theirs.save()
    jar = CookieJar()
    jar.load_netscape(path)
    assert sent(jar, "http://www.example.com/") == {"a": "b"}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_reads_and_writes_the_same(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.txt", tmp_path / "theirs.txt"
    filled().save_netscape(ours)
    # A URL that cannot be reached: the jar is read and written all the same.
    subprocess.run(
        ["curl", "-s", "-b", str(ours), "-c", str(theirs), "http://127.0.0.1:1/"], check=False
    )
    jar = CookieJar()
    jar.load_netscape(theirs)
    assert sent(jar, "https://www.example.com/") == sent(filled(), "https://www.example.com/")


def test_a_file_of_others(tmp_path: Path) -> None:
    path = tmp_path / "cookies.txt"
    lines = [
        "# a comment",
        "",
        "example.com\tFALSE\t/\tFALSE\t0\tsession\t1\r",
        f"#HttpOnly_.EXAMPLE.com\tTRUE\t/\tTRUE\t{SOON}\tsecret\t",
        f".example.com\tTRUE\tnowhere\tFALSE\t{SOON}.5\tempty",
        ".example.com\tTRUE\t/\tFALSE\t1\told\tx",
    ]
    path.write_text("\n".join(lines))
    jar = CookieJar()
    jar.update_cookies({"before": "1"})
    jar.load_netscape(path)
    assert sent(jar, "https://example.com/") == {"session": "1", "secret": "", "empty": ""}
    assert sent(jar, "http://www.example.com/") == {"empty": ""}


@pytest.mark.parametrize(
    "line",
    ["no tabs at all", "a\tb\tc", "a.b\tTRUE\t/\tTRUE\tsoon\tn\tv", "a.b\tTRUE\t/\tTRUE\t0\t\tv"],
)
def test_a_line_that_is_none_changes_nothing(tmp_path: Path, line: str) -> None:
    path = tmp_path / "cookies.txt"
    path.write_text(f"# head\n{line}\n")
    jar = filled()
    with pytest.raises(ValueError, match="line 2"):
        jar.load_netscape(path)
    assert len(jar) == 4


def test_json_without_a_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cookies.json"
    path.write_text(json.dumps({"|": {"a": {"value": "1"}}}))
    with pytest.raises(ValueError, match="without a valid name"):
        CookieJar().load(path)
