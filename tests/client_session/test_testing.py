"""The resolver for tests."""

import pytest

from weft_client_session.testing import FakeResolver, TestClient


async def test_it_answers_from_its_table() -> None:
    resolver = FakeResolver({"a.example": ["127.0.0.1", "::1"]})
    found = await resolver.resolve("a.example", 80)
    assert [(one["hostname"], one["host"], one["port"]) for one in found] == [
        ("a.example", "127.0.0.1", 80),
        ("a.example", "::1", 80),
    ]
    with pytest.raises(OSError, match=r"b\.example"):
        await resolver.resolve("b.example", 80)
    await resolver.close()


async def test_a_client_of_something_else_than_a_server() -> None:
    with pytest.raises(TypeError, match="takes a TestServer, not dict"):
        TestClient({})  # type: ignore[arg-type]  # the mistake under test
