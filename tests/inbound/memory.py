"""An inbox in memory: what the webhooks hand over, and whom they turn away."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from signing_by_hand import CUSTOMER

from app.domain.call_texts import SpokenId
from app.domain.message import Inbound
from app.ports import Accepted, Prompt, StorageUnavailableError

NOW = datetime(2026, 11, 21, 2, 10, tzinfo=UTC)


class FixedClock:
    """Always the same instant."""

    def now(self) -> datetime:
        return NOW


@dataclass
class MemoryInbox:
    """An Acceptor. `down` makes it refuse everything as a lost database does; `calls` counts the commits."""

    rows: dict[tuple[str, str, str], Inbound] = field(default_factory=dict)
    refused: list[dict[str, object]] = field(default_factory=list)
    down: bool = False
    calls: int = 0

    async def accept(self, items: list[Inbound]) -> list[Accepted]:
        await asyncio.sleep(0)
        self.calls += 1
        if self.down:
            raise StorageUnavailableError
        said = []
        for item in items:
            # What a real database refuses, this one refuses too.
            json.dumps(item.payload, allow_nan=False).encode()
            assert "\\u0000" not in json.dumps(item.payload)
            for text in (item.key, item.sender, item.recipient):
                assert "\0" not in text
                text.encode()
            assert 0 < len(item.key) <= 200
            assert item.sender
            key = (item.provider, item.kind.value, item.key)
            said.append(Accepted.DUPLICATE if key in self.rows else Accepted.NEW)
            self.rows.setdefault(key, item)
        return said

    async def refuse(self, *, reason: str, path: str, remote: str, detail: dict[str, str]) -> None:
        self.refused.append({"reason": reason, "path": path, "remote": remote, "detail": detail})

    @property
    def items(self) -> list[Inbound]:
        return list(self.rows.values())

    def only(self) -> Inbound:
        (item,) = self.items
        return item


@dataclass
class MemoryCalls:
    """A CallDesk that knows one call. `broken` makes it unable to carry out a key."""

    TOKEN = "7-1-ab"
    words: str = "Water in aisle 7. Press 1."
    taken: bool = False
    broken: bool = False
    phone: str = CUSTOMER
    keys: list[Inbound] = field(default_factory=list)

    def outbox_id(self, token: str) -> int | None:
        return 7 if token == self.TOKEN else None

    def picked_up(self, token: str, call_id: str, *, machine: bool) -> Prompt | None:
        if token != self.TOKEN or call_id == "CA foreign":
            return None
        words = "Already taken." if self.taken else "There is a page." if machine else self.words
        return Prompt(words=words, language="es", keys=not self.taken)

    def pressed(self, key: Inbound) -> Prompt | None:
        if self.broken:
            return None
        self.keys.append(key)
        if key.payload["Digits"] == "0":
            return Prompt(words="Calling.", language="en", keys=not self.phone, dial=self.phone)
        return Prompt(words="You own it.", language="en")

    def talked(self, token: str, call_id: str, *, reached: bool) -> Prompt | None:
        known = self.picked_up(token, call_id, machine=False)
        return known and replace(known, words=f"{'Back' if reached else 'Not reached'}. {known.words}")

    def say(self, text: SpokenId, caller: str = "") -> Prompt:
        return Prompt(words=f"{text} {caller}".strip(), language="en")
