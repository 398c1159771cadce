"""The simulator's memory: who has which phone and mailbox, what was said, what waits, who is told of changes.

All methods run on the event loop's thread. What becomes of a message is decided in carrier.py and
postmaster.py.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from typing import Any

from simulator.config import Config
from simulator.journal import Journal
from simulator.records import Call, Event, Mail, Mailbox, Media, Phone, Post, Provider, Record, Text

LOG_LENGTH = 2000


class World:
    """Everything that stands. `version` grows by one at each change, anew in each `boot`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.journal = Journal(config.state)
        self.version = 0
        self.boot = secrets.token_hex(4)
        self.phones: dict[str, Phone] = {}
        self.mailboxes: dict[str, Mailbox] = {}
        self.texts: dict[str, Text] = {}
        self.calls: dict[str, Call] = {}
        self.mails: dict[str, Mail] = {}
        self.media: dict[str, Media] = {}
        self.events: dict[str, Event] = {}
        self.posts: dict[str, Post] = {}
        self.providers: dict[str, Provider] = {}
        self._shelves: dict[str, dict[str, Any]] = {
            Phone.KIND: self.phones,
            Mailbox.KIND: self.mailboxes,
            Text.KIND: self.texts,
            Call.KIND: self.calls,
            Mail.KIND: self.mails,
            Media.KIND: self.media,
            Event.KIND: self.events,
            Post.KIND: self.posts,
            Provider.KIND: self.providers,
        }
        self.texts_of: defaultdict[str, list[Text]] = defaultdict(list)
        self.calls_of: defaultdict[str, list[Call]] = defaultdict(list)
        self.mails_of: defaultdict[str, list[Mail]] = defaultdict(list)
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        self._logged = 0
        self._changed = asyncio.Event()
        self.closing = False
        self._clear()

    def _clear(self) -> None:
        for shelf in self._shelves.values():
            shelf.clear()
        self.texts_of.clear()
        self.calls_of.clear()
        self.mails_of.clear()
        self.log.clear()
        for name in ("twilio", "sendgrid"):
            self.providers[name] = Provider(
                id=name, receipts=self.config.receipts, parse_mode=self.config.parse_mode
            )

    def load(self) -> None:
        """Take up what the state file holds."""
        for record in self.journal.load():
            self._take(record)
        for phone in self.phones.values():
            phone.version = 0
        for box in self.mailboxes.values():
            box.version = 0

    def start_journal(self) -> None:
        """Rewrite the state file short, then append to it."""
        self.journal.start(self._records())

    def reset(self) -> None:
        """Forget everything but the signing key, in memory and on disk."""
        self._clear()
        self.boot = secrets.token_hex(4)
        self.journal.close()
        self.start_journal()
        self.touch()

    def _records(self) -> Iterator[Record]:
        for shelf in self._shelves.values():
            yield from shelf.values()

    def _take(self, record: Record) -> None:
        if isinstance(record, Text) and record.id not in self.texts:
            self.texts_of[record.phone].append(record)
        if isinstance(record, Call) and record.id not in self.calls:
            self.calls_of[record.phone].append(record)
        if isinstance(record, Mail) and record.id not in self.mails:
            self.mails_of[record.mailbox].append(record)
        self._shelves[record.KIND][record.id] = record

    def save(self, record: Record) -> None:
        """Keep a new or changed record, and tell those who watch."""
        self._take(record)
        match record:
            case Text() | Call():
                self.phone(record.phone).version = self.version + 1
            case Mail():
                self.mailbox(record.mailbox).version = self.version + 1
            case Phone() | Mailbox():
                record.version = self.version + 1
        self.journal.put(record)
        if not isinstance(record, Post | Event | Media):
            self.touch()

    def forget(self, record: Post | Event) -> None:
        """Drop what has been posted."""
        (self.posts if isinstance(record, Post) else self.events).pop(record.id, None)
        self.journal.drop(record)

    def phone(self, number: str) -> Phone:
        """Return the phone, making it when it first appears."""
        found = self.phones.get(number)
        if found is None:
            found = self.phones[number] = Phone(id=number)
            self.journal.put(found)
        return found

    def mailbox(self, address: str) -> Mailbox:
        """Return the mailbox, making it when it first appears. Addresses are compared in lower case."""
        key = address.lower()
        found = self.mailboxes.get(key)
        if found is None:
            found = self.mailboxes[key] = Mailbox(id=key)
            self.journal.put(found)
        return found

    def touch(self) -> None:
        """Count a change and wake whoever waits for one."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        """Let everybody who waits go home: the server ends."""
        self.closing = True
        self.touch()

    async def changed(self, seconds: float) -> None:
        """Return at the next change, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    async def until(self, found: Callable[[], object], seconds: float) -> object:
        """Return the first true value of `found`, asked at each change, or None after so many seconds."""
        ends = time.monotonic() + seconds
        while True:
            value = found()
            left = ends - time.monotonic()
            if value or left <= 0 or self.closing:
                return value or None
            await self.changed(left)

    def note(self, what: str, **facts: object) -> None:
        """Write a line into the log that tests and the page read; the oldest lines fall out."""
        self._logged += 1
        self.log.append({"n": self._logged, "at": time.time(), "what": what, **facts})


def now() -> float:
    """Return seconds since 1970."""
    return time.time()
