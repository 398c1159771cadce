"""A lean HTTP/1.1 client for webhooks: POST over kept-alive loopback connections, on asyncio streams.

It never connects to another machine, whatever URL a request names: the simulator may run anywhere.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from simulator.config import LOOPBACK

MOST_READ = 1_000_000
KEPT_SECONDS = 1.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a webhook's receiver answered; `error` instead of a status when there was no answer."""

    status: int = 0
    content_type: str = ""
    body: bytes = b""
    error: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether the receiver took it."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the 2xx class

    @property
    def words(self) -> str:
        """Return the outcome in a word or two: `200`, `connect: refused`."""
        return self.error or str(self.status)


class Poster:
    """Posts to the application, wherever its public address says that it is."""

    def __init__(self, app_url: str, public_url: str) -> None:
        self._app = urlsplit(app_url)
        self._public = urlsplit(public_url) if public_url else self._app
        self._idle: defaultdict[tuple[str, int], list[tuple[float, Connection]]] = defaultdict(list)

    def close(self) -> None:
        """Close the kept connections."""
        for connections in self._idle.values():
            for _since, (_reader, writer) in connections:
                writer.close()
        self._idle.clear()

    def _target(self, url: str) -> tuple[str, int, str, str]:
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if (parts.scheme, parts.netloc) == (self._public.scheme, self._public.netloc):
            return self._app.hostname or "", self._app.port or 80, parts.netloc, target or "/"
        if parts.scheme == "http" and parts.hostname in LOOPBACK:
            return parts.hostname or "", parts.port or 80, parts.netloc, target or "/"
        raise ValueError(f"{parts.netloc} is neither the application nor this machine")

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, connect: float, read: float
    ) -> Reply:
        """Post once; `connect` and `read` are timeouts in seconds. Never raises for what the network does."""
        try:
            host, port, netloc, target = self._target(url)
        except ValueError as error:
            return Reply(error=f"refused here: {error}")
        lines = [f"POST {target} HTTP/1.1", f"Host: {netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        message = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
        connection = self._kept(host, port)
        if connection is None:
            try:
                async with asyncio.timeout(connect):
                    connection = await asyncio.open_connection(host, port)
            except TimeoutError:
                return Reply(error="connect: timeout")
            except OSError as error:
                reason = os.strerror(error.errno) if error.errno else "failed"
                return Reply(error=f"connect: {reason.lower()}")
        keep = False
        try:
            reply, keep = await _exchange(connection, message, read)
        finally:  # also when the simulator ends while an answer is awaited
            if keep:
                self._idle[host, port].append((time.monotonic(), connection))
            else:
                connection[1].close()
        return reply

    def _kept(self, host: str, port: int) -> Connection | None:
        """Return one that is surely still open: servers close theirs after some seconds of silence."""
        idle = self._idle[host, port]
        while idle:
            since, (reader, writer) = idle.pop()
            if time.monotonic() - since < KEPT_SECONDS and not (reader.at_eof() or writer.is_closing()):
                return reader, writer
            writer.close()
        return None


async def _exchange(connection: Connection, message: bytes, read: float) -> tuple[Reply, bool]:
    """Return the reply, and whether the connection can be kept."""
    reader, writer = connection
    try:
        async with asyncio.timeout(read):
            writer.write(message)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            return await _read_reply(reader, head)
    except TimeoutError:
        return Reply(error="read: timeout"), False
    except (asyncio.IncompleteReadError, OSError):
        return Reply(error="read: connection lost"), False
    except (ValueError, asyncio.LimitOverrunError):
        return Reply(error="read: not HTTP"), False


async def _read_reply(reader: asyncio.StreamReader, head: bytes) -> tuple[Reply, bool]:
    first, *lines = head.decode("latin-1").split("\r\n")
    status = int(first.split(" ", 2)[1])
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    keep = headers.get("connection", "").lower() != "close"
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = await _read_chunks(reader)
    elif "content-length" in headers:
        length = int(headers["content-length"])
        if length > MOST_READ:
            raise ValueError("an answer of that size is not wanted")
        body = await reader.readexactly(length)
    elif status in {204, 304}:
        body = b""
    else:
        body, keep = await reader.read(MOST_READ), False
    return Reply(status=status, content_type=headers.get("content-type", ""), body=body), keep


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        chunk = await reader.readexactly(size + 2)
        if size == 0:
            return body
        body += chunk[:-2]
        if len(body) > MOST_READ:
            raise ValueError("an answer of that size is not wanted")
