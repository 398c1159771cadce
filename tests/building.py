"""Builders: values with sensible defaults for tests, so that each test says only what matters to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain import commands as cmd
from app.domain.classification import Classification, ClosureTerms, Route
from app.domain.decide import Decision, decide
from app.domain.directory import (
    Account,
    Company,
    ContactMethod,
    Coverage,
    Directory,
    MethodKind,
    Person,
    Role,
    Site,
)
from app.domain.drafting import Setting
from app.domain.escalation import Ladder, Level
from app.domain.events import Requester
from app.domain.message import Channel
from app.domain.roster import Roster
from app.domain.sla import parse_policy
from app.domain.ticket import Ticket

NIGHT = datetime(2026, 6, 9, 6, 11, tzinfo=UTC)  # 2:11 in the morning in New York
MINUTE = timedelta(minutes=1)


def person(
    key: str, *, roles: tuple[Role, ...] = (), methods: str = "sms,email", active: bool = True
) -> Person:
    number = sum(key.encode()) % 100
    ways = {"sms": f"+161755501{number:02d}", "email": f"{key}@service.example"}
    return Person(
        key=key,
        name=f"{key.capitalize()} Test",
        roles=roles,
        methods=tuple(ContactMethod(MethodKind(kind), ways[kind]) for kind in methods.split(",") if kind),
        timezone="America/New_York",
        active=active,
    )


def directory(**changes: Any) -> Directory:
    people = [person("ana"), person("sam"), person("dora"), person("rex")]
    values: dict[str, Any] = {
        "version": 1,
        "company": Company(
            name="Harbor Service", short_name="Harbor", phone="+16175550100", timezone="America/New_York"
        ),
        "duty": "person:dora",
        "people": {p.key: p for p in people},
        "accounts": {"qb": Account(key="qb", name="QuickBite", tier="gold", manager="person:ana")},
        "sites": {
            "qb/412": Site(
                key="qb/412",
                account="qb",
                code="412",
                name="Boston",
                address="1 Test St",
                city="Boston",
                region="northeast",
                timezone="America/New_York",
            ),
        },
        "coverage": (Coverage(person="sam"),),
    }
    return Directory(**{**values, **changes})


LADDER = Ladder(
    levels=(
        Level(("account_manager",), timedelta(0)),
        Level(("service_manager",), 10 * MINUTE),
        Level(("duty_manager",), 15 * MINUTE),
    ),
    repeat=1,
)

POLICY_DOCUMENT = {
    "targets": {
        "acknowledge": {"within": "15m", "warn_at": ["80%"]},
        "arrive": {"within": "4h"},
        "resolve": {"within": "8h", "warn_at": ["50%"]},
        "confirm": {"within": "24h"},
    },
    "pause_on": {"resolve": ["waiting_parts"]},
}


def setting(
    now: datetime, *, who: Directory | None = None, ladder: Ladder = LADDER, policy: Any = None
) -> Setting:
    return Setting(
        now=now,
        ladder=ladder,
        revision="rev",
        policy=parse_policy(policy or POLICY_DOCUMENT, {}, "America/New_York"),
        roster=Roster(who or directory()),
    )


def open_command(**changes: Any) -> cmd.Open:
    values: dict[str, Any] = {
        "actor": "contact:maria",
        "ticket_id": 7,
        "number": 1042,
        "contact_at": NIGHT,
        "requester": Requester(
            contact="maria",
            name="Maria Lopez",
            channel=Channel.SMS,
            address="+16175550142",
            our_address="+15005550006",
        ),
        "account": "qb",
        "site": "qb/412",
        "text": "water through the ceiling",
        "classification": Classification(priority="P1", trade="plumbing", rules=("water",)),
        "route": Route(
            ladder="day",
            sla="standard",
            confirm=ClosureTerms(remind_after=timedelta(hours=2), close_after=timedelta(hours=4)),
        ),
        "revision": "rev",
        "policy": "hash",
        "inbox_id": 1,
        "ask_site": False,
    }
    return cmd.Open(**{**values, **changes})


class Case:
    """One ticket under test: `do` sends a command some minutes after it was opened."""

    def __init__(
        self, *, who: Directory | None = None, ladder: Ladder = LADDER, policy: Any = None, **opening: Any
    ) -> None:
        self.who, self.ladder, self.policy = who, ladder, policy
        self.now = NIGHT
        self.all_events: list[Any] = []
        self.ticket: Ticket | None = None
        self.first = self._apply(open_command(**opening))

    def _apply(self, command: cmd.Command) -> Decision:
        decision = decide(
            self.ticket, command, setting(self.now, who=self.who, ladder=self.ladder, policy=self.policy)
        )
        self.ticket = decision.ticket
        self.all_events.extend(decision.events)
        self.last = decision
        return decision

    def do(self, command: cmd.Command, *, at: float | None = None) -> Decision:
        if at is not None:
            self.now = NIGHT + at * MINUTE
        return self._apply(command)

    def by(self, kind: type[Any], who: str = "ana", *, at: float | None = None, **fields: Any) -> Decision:
        return self.do(kind(actor=f"person:{who}", person=who, **fields), at=at)

    def fire(self, kind: str, key: str = "", *, skip_to_due: bool = True) -> Decision:
        """Let the armed timer of that kind come due."""
        timer = next(t for t in self.last.timers if t.kind == kind and t.key == key)
        if skip_to_due:
            self.now = max(self.now, timer.due_at)
        return self.do(cmd.TimerFired(kind=kind, key=key, due_at=timer.due_at))

    @property
    def state(self) -> str:
        assert self.ticket is not None
        return str(self.ticket.state)

    def kinds(self, decision: Decision | None = None) -> list[str]:
        return [event.kind for event in (decision.events if decision else self.all_events)]

    def said(self, decision: Decision | None = None) -> list[tuple[str, str]]:
        """Who was told what by the last decision: (person or `customer`, text id)."""
        return [(say.person or "customer", str(say.text)) for say in (decision or self.last).says]
