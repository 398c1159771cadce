"""The load generator: HTTP/1.1 over kept-alive loopback connections, as light as Python allows.

Requests are whole byte strings made beforehand, signatures included, so that the generator costs the measured
processes as little of the machine as it can.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from urllib.parse import urlencode

ACCOUNT = "AC" + "0" * 32
TOKEN = "0123456789abcdef0123456789abcdef"
NUMBER = "+15005550006"
PATH = "/inbound/twilio/sms"
_PATIENCE = 120.0  # seconds for the answers of one round
_KEPT_SECONDS = 2.0


def sms_fields(sid: str, phone: str, text: str) -> dict[str, str]:
    """Return what Twilio posts for an inbound text."""
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "SmsStatus": "received",
        "From": phone,
        "To": NUMBER,
        "Body": text,
        "NumSegments": "1",
        "NumMedia": "0",
        "FromCity": "",
        "FromState": "MA",
        "FromZip": "",
        "FromCountry": "US",
        "ToCity": "",
        "ToState": "",
        "ToZip": "",
        "ToCountry": "US",
    }


def sms_request(url: str, sid: str, phone: str, text: str) -> bytes:
    """Return the whole signed request of an inbound text to the server at `url`."""
    fields = sms_fields(sid, phone, text)
    signed = url + PATH + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.digest(TOKEN.encode(), signed.encode(), hashlib.sha1)).decode()
    body = urlencode(fields).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {url.removeprefix('http://')}\r\nUser-Agent: TwilioProxy/1.1\r\n"
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nAccept: */*\r\n"
        f"X-Twilio-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class BadAnswerError(Exception):
    """The server answered something else than 200, or went away."""


class _Line(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._got = b""
        self._answer: asyncio.Future[None] | None = None
        self._used = time.monotonic()
        self._lost = False

    @property
    def usable(self) -> bool:
        """Tell whether the server surely still has it: servers close theirs after some seconds of silence."""
        return not self._lost and time.monotonic() - self._used < _KEPT_SECONDS

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        end = self._got.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        head = self._got[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 : (head + b"\r\n").find(b"\r\n", at)]) if at >= 0 else 0
        if len(self._got) < end + 4 + length:
            return
        answer, self._answer = self._answer, None
        self._used = time.monotonic()
        ok = head.startswith(b"http/1.1 200")
        said, self._got = self._got, b""
        if answer.done():
            return
        if ok:
            answer.set_result(None)
        else:
            answer.set_exception(BadAnswerError(said[:200]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BadAnswerError(f"connection lost: {exc}"))

    def ask(self, request: bytes) -> asyncio.Future[None]:
        """Send; the future is done when the answer is there."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def _line(port: int) -> _Line:
    _, protocol = await asyncio.get_running_loop().create_connection(_Line, "127.0.0.1", port)
    return protocol


async def _usable(free: list[_Line], port: int) -> _Line:
    while free:
        line = free.pop()
        if line.usable:
            return line
        line.close()
    return await _line(port)


async def as_fast_as_it_goes(port: int, requests: Sequence[bytes], connections: int) -> float:
    """Send all requests over so many connections; return the seconds that it took."""
    lines = [await _line(port) for _ in range(connections)]
    left = iter(requests)

    async def work(line: _Line) -> None:
        for request in left:
            await line.ask(request)

    began = time.perf_counter()
    async with asyncio.timeout(_PATIENCE):
        await asyncio.gather(*(work(line) for line in lines))
    seconds = time.perf_counter() - began
    for line in lines:
        line.close()
    return seconds


@dataclass(slots=True)
class Sent:
    """What was sent in an open loop: when each message was due (wall clock), and seconds until its answer."""

    due: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    latest: float = 0.0  # by how many seconds the generator itself was late at the worst


async def at_random(
    port: int, requests: Sequence[tuple[str, bytes]], per_second: float, seed: int = 7
) -> Sent:
    """Send the requests (mark, bytes) at a Poisson process's instants, whether or not answers have come."""
    loop, random, sent = asyncio.get_running_loop(), Random(seed), Sent()
    free = [await _line(port) for _ in range(32)]
    tasks = set()

    async def one(mark: str, request: bytes, due: float) -> None:
        try:
            line = await _usable(free, port)
            await line.ask(request)
        except (BadAnswerError, OSError) as error:
            sent.errors.append(str(error))
            return
        sent.answered[mark] = loop.time() - due
        free.append(line)

    due = loop.time() + 0.05
    wall = time.time() - loop.time()
    for mark, request in requests:
        due += random.expovariate(per_second)
        wait = due - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        sent.latest = max(sent.latest, loop.time() - due)
        sent.due[mark] = due + wall
        task = loop.create_task(one(mark, request, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if tasks:
        _, unanswered = await asyncio.wait(tasks, timeout=_PATIENCE)
        sent.errors += [f"no answer within {_PATIENCE:.0f} s" for _ in unanswered]
        for task in unanswered:
            task.cancel()
    for line in free:
        line.close()
    return sent
