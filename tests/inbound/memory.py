"""An inbox in memory: what the webhooks hand over, and whom they turn away."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.domain.message import Inbound
from app.ports import Accepted, StorageUnavailableError

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
