"""Posts webhooks with their signatures, retries them as each provider does, and writes down the answers.

Posts of one lane (one phone's texts, one message's receipts, one mailbox) go out one after another, lanes
side by side. A post is in the state file until it is answered or given up.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
import xml.etree.ElementTree as ET
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from simulator.config import Config
from simulator.posting import Poster, Reply
from simulator.records import Event, Post
from simulator.signing import SendGridKey, twilio_signature
from simulator.world import World, now

AT_ONCE = 32
TWILIO = frozenset({"sms", "status", "call", "call_later"})
BATCH_SECONDS = 0.02
LONGEST_PAUSE = 60.0
GIVE_UP = {"parse": 3 * 86400.0, "events": 86400.0}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often to try: Twilio's connection overrides, with its defaults."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    @classmethod
    def of(cls, url: str) -> Patience:
        """Read the fragment of a webhook URL (`#rc=3&rp=all&ct=2000`), within its ranges."""
        knobs = dict(parse_qsl(urlsplit(url).fragment))

        def knob(name: str, usual: int, least: int, most: int) -> int:
            given = knobs.get(name, "")
            return int(given) if given.isdecimal() and least <= int(given) <= most else usual

        return cls(
            connect=knob("ct", 5000, 100, 10_000) / 1000,
            read=knob("rt", 15_000, 100, 15_000) / 1000,
            total=knob("tt", 15_000, 100, 15_000) / 1000,
            retries=knob("rc", 1, 0, 5),
            retry_on=frozenset(knobs.get("rp", "ct").split(",")),
        )

    def again(self, reply: Reply) -> bool:
        """Tell whether this outcome is one that is retried."""
        if reply.error:
            kind = "ct" if reply.error.startswith("connect") else "rt"
        else:
            kind = f"{reply.status // 100}xx"
        return not reply.ok and ("all" in self.retry_on or kind in self.retry_on)


class Webhooks:
    """The way from the providers to the application."""

    def __init__(self, world: World, key: SendGridKey) -> None:
        self._world = world
        self._config: Config = world.config
        self._key = key
        self._poster = Poster(self._config.app_url, self._config.public_url)
        self._lanes: defaultdict[str, deque[Post]] = defaultdict(deque)
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._flush: asyncio.TimerHandle | None = None
        self._asking = 0
        self.on_answer: Callable[[Post, str], None] = lambda _post, _words: None

    def resume(self) -> None:
        """Take up the posts and events that a former process left."""
        for post in list(self._world.posts.values()):
            if post.kind == "call":
                self._world.forget(post)  # whoever waited for the answer ended with its process
            elif not post.held:
                self._queue(post)
        self._flush_soon()

    async def close(self) -> None:
        """Stop posting; what is unanswered stays in the state file."""
        if self._flush is not None:
            self._flush.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._poster.close()

    @property
    def idle(self) -> bool:
        """Tell whether nothing is posted or waits for it, held receipts apart."""
        events = self._world.events and self._world.providers["sendgrid"].receipts != "manual"
        return not events and not self._lanes and not self._asking

    def send(self, post: Post) -> None:
        """Keep the post and send it as soon as its lane is free."""
        self._world.save(post)
        if not post.held:
            self._queue(post)

    async def ask(self, post: Post) -> Reply:
        """Post at once, and return what the application answers: a call waits for what to say next."""
        self._world.save(post)
        self._asking += 1
        try:
            return await self._deliver(post)
        finally:
            self._asking -= 1
            self._world.forget(post)

    def receipt(self, post: Post) -> None:
        """Send a delivery receipt, subject to the provider's switches: held back or doubled."""
        provider = self._world.providers["sendgrid" if post.kind == "events" else "twilio"]
        post.held = provider.receipts == "manual" and post.kind == "status"
        self.send(post)
        if provider.duplicate and not post.held:
            self.send(_twin(post))

    def event(self, body: dict[str, object]) -> None:
        """Put a SendGrid event into the next batch."""
        self._world.save(Event(id=str(body["sg_event_id"]), body=body))
        self._flush_soon()

    def _flush_soon(self) -> None:
        if self._flush is None and self._world.events:
            self._flush = asyncio.get_running_loop().call_later(BATCH_SECONDS, self._flush_timely)

    def _flush_timely(self) -> None:
        self._flush = None
        if self._world.providers["sendgrid"].receipts == "auto":
            self._flush_events()

    def _flush_events(self) -> None:
        events = list(self._world.events.values())
        if not events:
            return
        if self._world.providers["sendgrid"].reorder:
            events.reverse()
        self.receipt(
            Post(
                id=secrets.token_hex(12),
                kind="events",
                lane="events",
                url=self._config.signed_url(self._config.events_path),
                body=event_batch([event.body for event in events]),
                content_type="application/json",
                created=now(),
            )
        )
        for event in events:
            self._world.forget(event)

    async def release(self, seconds: float = 10.0) -> int:
        """Post all receipts that were held back, and return their number once they are answered."""
        held = [post for post in self._world.posts.values() if post.held]
        count = len(held) + len(self._world.events)
        for post in held:
            post.held = False
            self._world.save(post)
            self._queue(post)
            if self._world.providers["twilio"].duplicate:
                self.send(_twin(post))
        self._flush_events()
        waiting = {post.id for post in self._world.posts.values() if not post.held}
        await self._world.until(lambda: not waiting & self._world.posts.keys(), seconds)
        return count

    def _queue(self, post: Post) -> None:
        lane = self._lanes[post.lane]
        lane.append(post)
        if len(lane) == 1:
            task = asyncio.get_running_loop().create_task(self._run(post.lane, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, name: str, lane: deque[Post]) -> None:
        while lane:
            post = lane[0]
            if post.id in self._world.posts:  # else forgotten by a reset
                words = (await self._deliver(post)).words
                self._world.forget(post)
                self.on_answer(post, words)
                self._world.touch()
            lane.popleft()
        del self._lanes[name]

    async def _deliver(self, post: Post) -> Reply:
        started, attempt, token = time.monotonic(), 0, secrets.token_hex(16)
        twilio = post.kind in TWILIO
        patience = Patience.of(post.url) if twilio else Patience(read=30.0)
        while True:
            attempt += 1
            headers = self._headers(post, token)
            async with self._slots:
                began = time.monotonic()
                reply = await self._poster.post(
                    post.url, post.body, headers, connect=patience.connect, read=patience.read
                )
            self._note(post, attempt, reply, time.monotonic() - began)
            spent = time.monotonic() - started
            if twilio:
                pause = self._config.retry_first
                over = attempt > patience.retries or spent + pause > patience.total
                if over or not patience.again(reply):
                    return reply
            else:
                pause = min(self._config.retry_first * 2 ** min(attempt - 1, 20), LONGEST_PAUSE)
                refused = post.kind == "parse" and not reply.error and reply.status < 500  # noqa: PLR2004 - 5xx
                if reply.ok or refused or spent + pause > GIVE_UP[post.kind]:
                    return reply
            await asyncio.sleep(pause)
            if post.id not in self._world.posts:
                return reply  # forgotten by a reset meanwhile

    def _headers(self, post: Post, token: str) -> dict[str, str]:
        headers = {"Content-Type": post.content_type, "Accept": "*/*"}
        if post.kind in TWILIO:
            headers["User-Agent"] = "TwilioProxy/1.1"
            headers["I-Twilio-Idempotency-Token"] = token
            headers["X-Twilio-Signature"] = twilio_signature(self._config.auth_token, post.url, post.params)
            return headers
        headers["User-Agent"] = "SendGrid Event API" if post.kind == "events" else "Sendlib/1.0"
        if post.kind == "events" or self._config.parse_signed:
            stamp = str(int(now()))
            headers["X-Twilio-Email-Event-Webhook-Timestamp"] = stamp
            headers["X-Twilio-Email-Event-Webhook-Signature"] = self._key.sign(stamp, post.body)
        if post.kind == "parse" and self._config.parse_user:
            pair = f"{self._config.parse_user}:{self._config.parse_password}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        return headers

    def _note(self, post: Post, attempt: int, reply: Reply, seconds: float) -> None:
        self._world.note(
            "webhook",
            kind=post.kind,
            about=post.about,
            url=post.url.partition("#")[0],
            params=dict(post.params),
            attempt=attempt,
            status=reply.status,
            error=reply.error,
            answer=reply.body[:300].decode("utf-8", "replace"),
            warning=_warning(reply) if post.kind == "sms" else "",
            ms=round(seconds * 1000, 1),
        )


def _warning(reply: Reply) -> str:
    """Return what Twilio's debugger would say of the answer to an inbound text."""
    if not reply.ok or not reply.body.strip():
        return ""
    if "xml" not in reply.content_type:
        return "" if reply.content_type.startswith("text/plain") else "12300 the answer is not TwiML"
    try:
        ET.fromstring(reply.body)  # noqa: S314 - from the program under test, on this machine
    except ET.ParseError:
        return "12100 the answer is not well-formed XML"
    return ""


def _twin(post: Post) -> Post:
    twin = Post.from_json(post.to_json())
    twin.id = secrets.token_hex(12)
    twin.held = False
    return twin


def event_batch(events: list[dict[str, object]]) -> bytes:
    """Return the body of an event webhook with SendGrid's odd line ends, which its signature covers."""
    return b"[" + b",\r\n".join(json.dumps(event).encode() for event in events) + b"]\r\n"
