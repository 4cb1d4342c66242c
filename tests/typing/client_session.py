"""What a type checker knows about sessions and responses. Checked, never run."""

from typing import assert_type

from weft_client_session import ClientResponse, ClientSession, ClientTimeout


async def fetch() -> None:
    async with ClientSession(timeout=ClientTimeout(total=5.0)) as session:
        async with session.get("http://example.org/", params={"q": "1"}) as response:
            assert_type(response, ClientResponse)
            assert_type(response.status, int)
            assert_type(await response.read(), bytes)
            assert_type(await response.text(), str)
            async for chunk in response.content.iter_chunked(1024):
                assert_type(chunk, bytes)
        awaited = await session.post("http://example.org/", json={"a": 1})
        assert_type(awaited, ClientResponse)
        async with session.ws_connect("http://example.org/") as socket:
            await socket.send_str("text")
            assert_type(await socket.receive_str(), str)
        assert_type(await session.close(), None)
