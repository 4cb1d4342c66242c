"""What the options of the command become for run_app()."""

import argparse
import os
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from weft_web_server import ConfigurationError
from weft_web_server.cli_options import add_places, add_settings, to_places, to_settings


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_places(parser)
    add_settings(parser)
    return parser.parse_args(words)


def places(*words: str) -> dict[str, Any]:
    """Those that are given."""
    made = to_places(parse(*words))
    return {name: value for name, value in made.items() if value is not None}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {"host": "localhost", "port": 8080}),
        (["--hostname", "::1"], {"host": "::1", "port": 8080}),
        (["--host", "::1"], {"host": "::1", "port": 8080}),
        (["-P", "1"], {"host": "localhost", "port": 1}),
        (["-U", "x", "-P", "1"], {"path": "x"}),
        (["-U", "@x"], {"path": "\0x"}),
        (["-U", "x", "--unix-mode", "660"], {"path": "x", "unix_mode": 0o660}),
        (["-U", "x", "-H", "a"], {"host": "a", "port": 8080, "path": "x"}),
        (["--reuse-port"], {"host": "localhost", "port": 8080, "reuse_port": True}),
    ],
)
def test_places(words: list[str], expected: dict[str, Any]) -> None:
    assert places(*words) == expected


def test_sockets_that_were_handed_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as given:
        made = places("--fd", str(os.dup(given.fileno())), "--fd", str(os.dup(given.fileno())))
        socks = made.pop("sock")
        assert made == {}
        assert [sock.getsockname() for sock in socks] == [given.getsockname()] * 2
        for sock in socks:
            sock.close()


def test_tls(tmp_path: Path) -> None:
    cert = trustme.CA().issue_cert("localhost")
    both = tmp_path / "both.pem"
    cert.private_key_and_cert_chain_pem.write_to_path(both)
    assert isinstance(places("--tls-cert", str(both))["ssl_context"], ssl.SSLContext)
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    cert.private_key_pem.write_to_path(key)
    cert.cert_chain_pems[0].write_to_path(chain)
    made = places("--tls-cert", str(chain), "--tls-key", str(key))
    assert isinstance(made["ssl_context"], ssl.SSLContext)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--fd", "many"], "--fd is 'many'; give a number"),
        (["--fd", "systemd"], "systemd has handed no sockets"),
        (["--fd", "999999"], "descriptor 999999 is no socket"),
        (["--tls-key", "x"], "--tls-key needs --tls-cert"),
        (["--tls-cert", "/nowhere"], "cannot use the certificate /nowhere"),
    ],
)
def test_wrong_places(words: list[str], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTEN_PID", raising=False)
    with pytest.raises(ConfigurationError, match=told):
        places(*words)


def test_no_settings() -> None:
    assert to_settings(parse()) == {}


def test_settings() -> None:
    words = """--loop asyncio --shutdown-timeout 1 --keepalive-timeout 2 --backlog 3
        --max-connections 4 --max-concurrent-requests 5 --max-requests-per-connection 6
        --access-log-format %a --no-access-log"""
    assert to_settings(parse(*words.split())) == {
        "loop": "asyncio",
        "shutdown_timeout": 1,
        "keepalive_timeout": 2,
        "backlog": 3,
        "max_connections": 4,
        "max_concurrent_requests": 5,
        "max_requests_per_connection": 6,
        "access_log_format": "%a",
        "access_log": None,
    }
