"""A newsroom: stories are kept in PostgreSQL, and Redis tells every reader of a new one.

    DATABASE_URL=postgresql://... REDIS_URL=redis://... python docs/examples/newsroom/newsroom.py

One pool of database connections is opened before the first request, shared with the editors'
sub-application, and closed after the last. Each process of the newsroom hears of every story, by
whichever process it was taken, and tells the readers that it serves.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Callable

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError

from weft import web

POOL = web.AppKey("POOL", asyncpg.Pool)
REDIS = web.AppKey("REDIS", Redis)
READERS = web.AppKey("READERS", set[web.WebSocketResponse])

CHANNEL = "stories"
HEADLINE_LENGTH = 200
RETRY_SECONDS = (0.1, 5.0)  # the first wait for a lost Redis, and the longest

logger = logging.getLogger("newsroom")


def create_app(database_url: str, redis_url: str) -> web.Application:
    """The readers' application, with the editors' one below /desk."""
    app = web.Application()
    desk = web.Application(client_max_size=64 * 1024)
    app[READERS] = set()
    app.cleanup_ctx.append(database(database_url, desk))
    app.cleanup_ctx.append(redis(redis_url, desk))
    app.cleanup_ctx.append(news_for_readers)
    app.add_routes([web.get("/stories", list_stories), web.get("/live", serve_reader)])
    desk.add_routes([web.post("/stories", take_story)])
    app.add_subapp("/desk", desk)
    return app


Context = Callable[[web.Application], AsyncIterator[None]]


def database(url: str, *shared: web.Application) -> Context:
    """Open the pool, in this application and in those that share it; close it in the end."""

    async def context(app: web.Application) -> AsyncIterator[None]:
        async with asyncpg.create_pool(url, min_size=1, max_size=5, timeout=10) as pool:
            await pool.execute(
                "CREATE TABLE IF NOT EXISTS stories"
                " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, headline text NOT NULL)"
            )
            for each in (app, *shared):
                each[POOL] = pool
            yield

    return context


def redis(url: str, *shared: web.Application) -> Context:
    async def context(app: web.Application) -> AsyncIterator[None]:
        async with Redis.from_url(url, socket_connect_timeout=10) as client:
            await client.ping()  # a wrong address is told at the start
            for each in (app, *shared):
                each[REDIS] = client
            yield

    return context


async def news_for_readers(app: web.Application) -> AsyncIterator[None]:
    """Listen to Redis from before the first request to after the last."""
    is_listening = asyncio.Event()
    task = asyncio.create_task(listen(app[REDIS], app[READERS], is_listening))
    await is_listening.wait()
    yield
    task.cancel()
    await asyncio.wait([task])


async def listen(
    client: Redis, readers: set[web.WebSocketResponse], is_listening: asyncio.Event
) -> None:
    """Pass each story on to the readers; a lost Redis is asked again, ever less often."""
    first, longest = RETRY_SECONDS
    pause = first
    while True:
        try:
            async with client.pubsub(ignore_subscribe_messages=True) as channel:
                await channel.subscribe(CHANNEL)
                is_listening.set()
                async for message in channel.listen():
                    pause = first
                    web.broadcast(readers, message["data"].decode())
        except (RedisError, OSError) as exc:
            logger.warning("no news from Redis for %.1f s: %s", pause, exc)
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)


async def list_stories(request: web.Request) -> web.Response:
    """The newest twenty, newest first."""
    rows = await request.app[POOL].fetch(
        "SELECT id, headline FROM stories ORDER BY id DESC LIMIT 20"
    )
    return web.json_response([dict(row) for row in rows])


async def take_story(request: web.Request) -> web.Response:
    """Keep a story, then tell every reader of every process."""
    headline = await headline_of(request)
    number = await request.app[POOL].fetchval(
        "INSERT INTO stories (headline) VALUES ($1) RETURNING id", headline
    )
    story = {"id": number, "headline": headline}
    try:
        await request.app[REDIS].publish(CHANNEL, json.dumps(story))
    except (RedisError, OSError) as exc:
        logger.warning("story %d is kept, but nobody was told: %s", number, exc)
    return web.json_response(story, status=201)


async def headline_of(request: web.Request) -> str:
    try:
        story = await request.json()
    except ValueError:
        raise web.HTTPBadRequest(text="the body is not JSON") from None
    headline = story.get("headline") if isinstance(story, dict) else None
    if not isinstance(headline, str) or not 0 < len(headline) <= HEADLINE_LENGTH:
        raise web.HTTPBadRequest(text=f"headline: a text of 1 to {HEADLINE_LENGTH} characters")
    if "\0" in headline:
        raise web.HTTPBadRequest(text="headline: NUL cannot be kept")
    return headline


async def serve_reader(request: web.Request) -> web.WebSocketResponse:
    """A reader only listens; one that is too slow is dropped rather than waited for."""
    reader = web.WebSocketResponse(max_msg_size=1024)
    await reader.prepare(request)
    request.app[READERS].add(reader)
    try:
        async for _ in reader:
            pass
    finally:
        request.app[READERS].discard(reader)
    return reader


if __name__ == "__main__":
    web.run_app(
        create_app(os.environ["DATABASE_URL"], os.environ["REDIS_URL"]),
        host="127.0.0.1",
        port=int(os.environ.get("PORT", "8080")),
    )
