"""A post that is given up in the middle leaves no connection behind."""

from __future__ import annotations

import asyncio

import pytest

from simulator.posting import Poster


def test_a_cancelled_post_closes_its_connection() -> None:
    async def story() -> bytes:
        asked, ended = asyncio.Event(), asyncio.get_running_loop().create_future()

        async def never_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\nhello")
            asked.set()
            ended.set_result(await reader.read())
            writer.close()

        async with await asyncio.start_server(never_answers, "127.0.0.1") as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            poster = Poster(url, "")
            post = asyncio.create_task(poster.post(f"{url}/sms", b"hello", {}, connect=5, read=60))
            await asked.wait()
            post.cancel()
            with pytest.raises(asyncio.CancelledError):
                await post
            async with asyncio.timeout(60):
                return bytes(await ended)

    assert asyncio.run(story()) == b""
