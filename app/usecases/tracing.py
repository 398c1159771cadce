"""The way of a message as steps for a tracer, if there is one: webhook, intake, decision, outbox, send.

An outbox row carries the id of the way that it belongs to, so that whichever node sends it can say so. Ids
only, never a word of anybody's. What must not live here: what a tracer makes of steps (providers/otlp.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.message import Inbound
from app.ports import Step
from app.store.inbox import Handled
from app.store.outbox import Attempt, Claimed, OutboxRow
from app.usecases.house import House

WAY = "way"
"""In `thread` of an outbox row: the id with which its way began."""


class Trail:
    """The steps of one transaction's decisions. `way`: the inbox id of the message that is being handled."""

    def __init__(self, house: House) -> None:
        """Begin without a message: what a person or a timer asks for is the beginning of its own way."""
        self._house = house
        self._steps: list[Step] = []
        self.way = 0

    def decided(
        self, rows: Sequence[OutboxRow], ticket_id: int, command: str, began: datetime
    ) -> Sequence[OutboxRow]:
        """Note a decision on a ticket; return the messages that follow from it with their way."""
        if self._house.tracer is None:
            return rows
        number = self._house.ids.next()
        way = self.way or number
        own = f"decision:{number}"
        ended = self._house.clock.now()
        ids: dict[str, int | str] = {"ticket_id": ticket_id, "command": command}
        after = f"intake:{self.way}" if self.way else ""
        self._steps.append(Step(own=own, way=way, after=after, began=began, ended=ended, ids=ids))
        return self._rows(rows, way, own)

    def said(self, rows: Iterable[OutboxRow]) -> Sequence[OutboxRow]:
        """Return messages that belong to no decision with the way of the message that they answer."""
        if self._house.tracer is None or not self.way:
            return list(rows)
        return self._rows(rows, self.way, f"intake:{self.way}")

    def written(self) -> None:
        """Hand over all steps: they are in the database, but for the commit."""
        for step in self._steps:
            if self._house.tracer is not None:
                self._house.tracer.step(step)

    def _rows(self, rows: Iterable[OutboxRow], way: int, after: str) -> Sequence[OutboxRow]:
        marked = [replace(row, thread={**row.thread, WAY: str(way)}) for row in rows]
        for row in marked:
            ids: dict[str, int | str] = {"outbox_id": row.id, "channel": row.channel, "text_id": row.text_id}
            if row.ticket_id is not None:
                ids["ticket_id"] = row.ticket_id
            self._steps.append(
                Step(
                    own=f"outbox:{row.id}",
                    way=way,
                    after=after,
                    began=row.created_at,
                    ended=self._house.clock.now(),
                    ids=ids,
                )
            )
        return marked


def stored(house: House, rows: Iterable[tuple[int, Inbound]]) -> None:
    """Note requests of providers that are in the inbox now."""
    if house.tracer is None:
        return
    ended = house.clock.now()
    for row_id, item in rows:
        ids: dict[str, int | str] = {"inbox_id": row_id, "kind": item.kind, "channel": item.channel}
        house.tracer.step(
            Step(
                own=f"webhook:{row_id}",
                way=row_id,
                after="",
                began=min(item.received_at, ended),
                ended=ended,
                ids=ids,
            )
        )


def taken_in(house: House, handled: Iterable[Handled], began: datetime) -> None:
    """Note what was taken in by one commit."""
    if house.tracer is None:
        return
    ended = house.clock.now()
    for each in handled:
        ids: dict[str, int | str] = {"inbox_id": each.id}
        if each.ticket_id is not None:
            ids["ticket_id"] = each.ticket_id
        own, after = f"intake:{each.id}", f"webhook:{each.id}"
        house.tracer.step(Step(own=own, way=each.id, after=after, began=began, ended=ended, ids=ids))


def sent(house: House, message: Claimed, attempt: Attempt, began: datetime) -> None:
    """Note one call to a provider and how it ended."""
    if house.tracer is None or not message.thread.get(WAY, "").isdigit():
        return
    ids: dict[str, int | str] = {
        "outbox_id": message.id,
        "attempt": attempt.attempt,
        "channel": message.channel,
        "state": attempt.state,
        "code": attempt.code,
    }
    if message.ticket_id is not None:
        ids["ticket_id"] = message.ticket_id
    house.tracer.step(
        Step(
            own=f"send:{message.id}:{attempt.attempt}",
            way=int(message.thread[WAY]),
            after=f"outbox:{message.id}",
            began=began,
            ended=house.clock.now(),
            ids=ids,
        )
    )
