"""request(): a request without a session."""

import pytest
from support.answers import answers

import weft_client_session as client
from weft_client_session import TCPConnector


async def test_one_request_without_a_session() -> None:
    async with answers() as server:
        async with client.request("GET", server.url()) as response:
            assert await response.text() == "ok"
        with pytest.raises(client.InvalidURL):
            async with client.request("GET", "http://"):
                pass
        async with TCPConnector() as connector:
            async with client.request("GET", server.url(), connector=connector) as response:
                assert response.status == 200
            assert not connector.closed
