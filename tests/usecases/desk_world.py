"""A house on a database with a clock to turn and policies to choose, for tests of what is stored."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from app import bootstrap
from app.domain import commands as cmd
from app.domain.ticket import Ticket
from app.rulebook.revision import Rulebook
from app.store import records
from app.store import tickets as ticket_store
from app.store import timers as timer_store
from app.usecases import actions, timers
from app.usecases.desk import Desk
from app.usecases.house import House, Identity
from tests.building import open_command

MONDAY = datetime(2026, 6, 8, 13, 0, tzinfo=UTC)  # 9:00 in New York, 6:00 in Los Angeles
SHOP = {
    "timezone": "site",
    "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}
POLICY: dict[str, Any] = {
    "targets": {
        "acknowledge": {"within": {"P1": "15m", "P2": "1h"}, "warn_at": ["80%"]},
        "arrive": {"within": {"P1": "2h", "P2": "4h"}, "calendar": "shop", "warn_at": ["50%"]},
        "resolve": {"within": {"P1": "4h", "P2": "10h"}, "calendar": "shop", "warn_at": ["50%", "80%"]},
        "update": {"within": "1h", "warn_at": ["75%"]},
        "confirm": {"within": "1d", "warn_at": ["50%"]},
    },
    "pause_on": {"resolve": ["waiting_parts"], "arrive": ["no_access"], "update": ["waiting_parts"]},
}


@dataclass
class Turned:
    """A clock that stands still until it is turned."""

    at: datetime

    def now(self) -> datetime:
        return self.at


class World:
    """Commands go through the desk as the server sends them; timers fire when `later` passes them."""

    def __init__(self, engine: Engine, rulebook: Rulebook) -> None:
        self.engine = engine
        self.clock = Turned(MONDAY)
        identity = Identity(public_url="http://test", mail_domain="help.example", secret=b"s" * 32, node="t")
        ids = bootstrap.SystemIds()
        self.house = House(engine=engine, clock=self.clock, ids=ids, rulebook=rulebook, identity=identity)
        self.number = 1041

    def open(self, priority: str = "P1", site: str = "pantryrow.114", **policy: Any) -> int:
        """Open a ticket under `POLICY` with these changes; return its id."""
        document = {"policy": {**POLICY, **policy}, "calendars": {"shop": SHOP}}
        digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
        self.number += 1
        ticket_id = self.house.ids.next()
        with self.house.begin() as connection:
            records.keep_revision(connection, self.house.rulebook.hash, self.house.rulebook.document, MONDAY)
            records.keep_policies(connection, {digest: document}, MONDAY)
            command = open_command(
                ticket_id=ticket_id,
                number=self.number,
                contact_at=self.clock.at,
                account="pantryrow",
                site=site,
                revision=self.house.rulebook.hash,
                policy=digest,
                inbox_id=None,
            )
            desk = Desk(self.house, connection, self.clock.at)
            desk.apply(
                replace(command, classification=replace(command.classification, priority=priority)),
            )
            desk.flush()
        return ticket_id

    def do(self, ticket_id: int, kind: type[Any], who: str = "dana", **more: Any) -> None:
        """Let a member of the staff do something."""
        self.send(ticket_id, kind(actor=f"person:{who}", person=who, **more))

    def send(self, ticket_id: int, command: cmd.Command) -> None:
        actions.perform(self.house, ticket_id, command)

    def set_site(self, ticket_id: int, site: str) -> None:
        """Let the place become known; "" changes nothing."""
        if site:
            account = site.partition(".")[0]
            self.send(ticket_id, cmd.SetSite(actor="person:dana", account=account, site=site))

    def later(self, *, awake: bool = True, **delta: float) -> None:
        """Let time pass; timers fire at their own time, or late if nobody was `awake`."""
        end = self.clock.at + timedelta(**delta)
        while awake:
            with self.house.begin() as connection:
                due = timer_store.next_due(connection)
            if due is None or due > end:
                break
            self.clock.at = max(self.clock.at, due)
            timers.fire_due(self.house)
        self.clock.at = end
        if awake:
            timers.fire_due(self.house)

    def ticket(self, ticket_id: int) -> Ticket:
        with self.house.begin() as connection:
            return ticket_store.by_ids(connection, [ticket_id])[ticket_id]


def worked(world: World) -> int:
    """A ticket that ran late in every way: due at 13:15, acknowledged 13:20, on hold, on site, not done."""
    ticket = world.open()
    world.later(minutes=20)
    world.do(ticket, cmd.Acknowledge)
    world.later(minutes=30)
    world.do(ticket, cmd.Hold, reason="waiting_parts", duration=timedelta(hours=1))
    world.later(hours=4)
    world.do(ticket, cmd.Arrive)
    world.later(hours=1)
    return ticket
