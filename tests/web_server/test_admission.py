"""What stands before an application. How it behaves over sockets is in tests/integration."""

from typing import Any

from support.serving import answer_to, last, status_of

from weft_web_server import Application, BaseRequest, Bounds, Deadlines, Request, Response
from weft_web_server.admission import admit, count_requests
from weft_web_server.settings import ServerOptions


async def hello(request: BaseRequest) -> Response:
    return Response(text="hello")


def find(request: BaseRequest) -> Any:
    return hello


def test_a_server_without_bounds_runs_none_of_this() -> None:
    assert admit(find, ServerOptions()) is find


def test_each_bound_stands_before_the_application() -> None:
    for bounds in (Bounds(max_concurrent_requests=1), Bounds(max_requests_per_connection=1)):
        assert admit(find, ServerOptions(bounds=bounds)) is not find
    assert admit(find, ServerOptions(deadlines=Deadlines(handler=1))) is not find


async def test_requests_are_counted() -> None:
    counted: list[bool] = []
    find = count_requests(lambda request: hello, lambda: counted.append(True))
    for number in range(3):
        assert find(None) is hello
        assert len(counted) == number + 1


async def test_the_limit_of_a_handler_leaves_its_own_timeout_alone() -> None:
    async def fail(request: Request) -> Response:
        raise TimeoutError

    app = Application()
    app.router.add_get("/", fail)
    answer = await answer_to(app, last(), deadlines=Deadlines(handler=10))
    assert status_of(answer) == 504
