from collections.abc import Awaitable, Callable
from functools import partial, wraps

import pytest
from support.serving import answer_to, body_of, last, status_of

from weft_web_server import Application, Handler, Request, Response, StreamResponse, View
from weft_web_server.views import check_handler


async def answer(request: Request) -> StreamResponse:
    return Response(text="x")


class Both(View):
    async def get(self) -> StreamResponse:
        return Response(text=self.request.path)

    async def post(self) -> StreamResponse:
        return None  # type: ignore[return-value]  # the mistake under test


async def test_view() -> None:
    app = Application()
    app.router.add_view("/", Both)
    assert body_of(await answer_to(app, last())) == b"/"
    refused = await answer_to(app, last(method="DELETE"))
    assert status_of(refused) == 405 and b"\r\nAllow: GET,POST\r\n" in refused
    assert status_of(await answer_to(app, last(method="__INIT__"))) == 405
    assert status_of(await answer_to(app, last(method="POST"))) == 500


class Callable_:
    async def __call__(self, request: Request) -> StreamResponse:
        return Response(text="object")


def inject(handler: Callable[..., Awaitable[StreamResponse]]) -> Handler:
    """A decorator that gives more than the request."""

    @wraps(handler)
    async def call(request: Request) -> StreamResponse:
        return await handler(request, 1)

    return call


@inject
async def answer_with_more(request: Request, number: int) -> StreamResponse:
    return Response(text=f"{number}")


async def answer_with_default(request: Request, number: int = 1) -> StreamResponse:
    return Response()


@pytest.mark.parametrize(
    "handler",
    [
        answer,
        Both,
        partial(answer),
        Callable_(),
        lambda request: answer(request),
        answer_with_more,
        partial(answer_with_more),
        answer_with_default,
    ],
)
def test_good_handlers(handler: object) -> None:
    assert check_handler(handler) is handler  # type: ignore[arg-type]  # any kind


async def generator(request):  # type: ignore[no-untyped-def]  # a mistake under test
    yield 1


@pytest.mark.parametrize(
    ("handler", "text"),
    [
        (5, "5 is no handler; give an async function"),
        (int, "is no handler"),
        (generator, "generator is a generator"),
        (lambda: None, r"must take one argument"),
        (lambda a, b: None, "one argument, the request"),
        (lambda a, *, b: None, "it must take one argument"),
    ],
)
def test_bad_handlers(handler: object, text: str) -> None:
    with pytest.raises(TypeError, match=text) as caught:
        Application().router.add_get("/", handler)  # type: ignore[arg-type]  # mistakes under test
    assert "\n" not in str(caught.value)


def test_a_handler_without_a_signature() -> None:
    """One that is built in cannot be looked into, and is taken."""
    assert check_handler(min) is min
