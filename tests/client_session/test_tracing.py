"""Signals of a request."""

from types import SimpleNamespace
from typing import Any

import attrs
import pytest

import weft_client_session as client
from weft_client_session import TraceConfig, TraceDnsCacheHitParams
from weft_client_session.tracing import Trace

aiohttp = pytest.importorskip("aiohttp")
SIGNALS = sorted(name for name in dir(aiohttp.TraceConfig()) if name.startswith("on_"))
PARAMS = sorted(name for name in dir(aiohttp) if name.startswith("Trace") and "Params" in name)


class Session:
    closed = False


@pytest.mark.parametrize("name", SIGNALS)
def test_every_signal_of_aiohttp_is_here(name: str) -> None:
    config = TraceConfig()
    assert len(getattr(config, name)) == 0
    assert getattr(config, name) is getattr(config, name)


@pytest.mark.parametrize("name", PARAMS)
def test_params_have_aiohttp_s_fields(name: str) -> None:
    theirs = [field.name for field in attrs.fields(getattr(aiohttp, name))]
    assert list(getattr(client, name)._fields) == theirs


async def test_receivers_are_called_in_order_with_session_context_and_params() -> None:
    calls: list[tuple[str, Any, Any, Any]] = []

    async def first(session: Any, context: Any, params: Any) -> None:
        calls.append(("first", session, context, params))

    async def second(session: Any, context: Any, params: Any) -> None:
        calls.append(("second", session, context, params))

    config = TraceConfig()
    config.on_dns_cache_hit.append(first)
    config.on_dns_cache_hit.append(second)
    config.freeze()
    session = Session()
    context = config.trace_config_ctx({"k": 1})
    params = TraceDnsCacheHitParams("a")
    await Trace(session, config, context).send(params)
    assert calls == [("first", session, context, params), ("second", session, context, params)]
    assert context.trace_request_ctx == {"k": 1}


def test_the_context_can_be_of_another_make() -> None:
    class Context(SimpleNamespace):
        pass

    assert isinstance(TraceConfig(Context).trace_config_ctx(), Context)


def test_frozen_signals_take_nobody() -> None:
    async def receiver(session: Any, context: Any, params: Any) -> None:
        """Never called."""

    config = TraceConfig()
    config.on_request_start.append(receiver)
    config.on_request_start.remove(receiver)
    assert not config.on_request_start.frozen
    config.freeze()
    assert config.on_request_start.frozen
    for signal in (config.on_request_start, config.on_request_end):
        with pytest.raises(RuntimeError, match="frozen"):
            signal.append(receiver)
