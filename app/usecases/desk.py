"""The desk: one transaction's working set. Tickets are loaded, commands applied in memory, all saved at once.

Many messages share one commit and few statements. What must not live here: what a message means
(intake.py), what a command does (domain/decide.py), how a text reads (wording.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from app.domain.clock_entries import entries, touches
from app.domain.clocks import Reports, Timer, next_due, zone_of
from app.domain.commands import Command, MergeIn, MovePolicy, Open, SetPriority, SetSite, WorseNews
from app.domain.decide import Decision, decide
from app.domain.drafting import Setting
from app.domain.events import AnyEvent
from app.domain.roster import Roster
from app.domain.ticket import Ticket
from app.store import directory as directory_store
from app.store import outbox as outbox_store
from app.store import records
from app.store import tickets as ticket_store
from app.store.outbox import OutboxRow
from app.usecases.house import House, token_hash
from app.usecases.tracing import Trail
from app.usecases.wording import Origin, Wording


@dataclass(slots=True)
class _Work:
    """What this transaction has done to one ticket so far. `before` is the version that was read."""

    before: int
    events: list[AnyEvent] = field(default_factory=list)
    timers: frozenset[Timer] = frozenset()
    rearm: bool = False
    reports: Reports = field(default_factory=dict)


class Desk:
    """The working set of one transaction. `tickets` always shows the state after the commands so far."""

    def __init__(self, house: House, connection: Connection, now: datetime) -> None:
        """Start an empty working set on an open transaction."""
        self.house = house
        self.connection = connection
        self.now = now
        self.roster = house.roster(connection)
        self.wording = Wording(house, self.roster.directory, now)
        self.tickets: dict[int, Ticket] = {}
        self.outbox: list[OutboxRow] = []
        self.trail = Trail(house)
        self.heard_at: datetime | None = None  # when the message came that is being handled; None: now
        self.may_open = 1  # how many tickets this transaction may open at most: their numbers come at once
        self._work: dict[int, _Work] = {}
        self._audit: list[records.AuditEntry] = []

    def know(self, loaded: Mapping[int, Ticket]) -> None:
        """Add tickets that were read; one that is already being worked on stays as it is."""
        for ticket_id, ticket in loaded.items():
            self.tickets.setdefault(ticket_id, ticket)

    def by_number(self, number: int) -> Ticket | None:
        """Return the loaded ticket that goes on under that number: a duplicate's is the one it went into."""
        found = next((t for t in self.tickets.values() if t.number == number), None)
        return self.standing(found) if found else None

    def standing(self, ticket: Ticket) -> Ticket:
        """Return the ticket that goes on for this one: itself, or the one that it was merged into."""
        return self.tickets.get(ticket.merged_into, ticket)

    def apply(self, command: Command, ticket: Ticket | None = None, origin: Origin | None = None) -> Decision:
        """Decide `command` on a loaded ticket (None only for Open); its messages go to the outbox."""
        began = self.house.clock.now()
        decision = self.would(command, ticket)
        work = self._work.setdefault(decision.ticket.id, _Work(ticket.version if ticket else 0))
        work.events.extend(decision.events)
        work.timers, work.reports = decision.timers, decision.reports
        self.tickets[decision.ticket.id] = decision.ticket
        rows = [row for say in decision.says for row in self.wording.rows(say, decision.ticket, origin)]
        self.outbox.extend(self.trail.decided(rows, decision.ticket.id, type(command).__name__, began))
        return decision

    def would(self, command: Command, ticket: Ticket | None = None) -> Decision:
        """Return what `command` would lead to now; nothing of it is kept."""
        if isinstance(command, Open):
            ladder_name, policy_hash, zone = command.route.ladder, command.policy, self.zone(command.site)
        elif ticket is not None:
            anew = command.ladder if isinstance(command, WorseNews | SetPriority | MergeIn) else ""
            ladder_name, policy_hash = anew or ticket.ladder, ticket.policy
            zone = zone_of(ticket, self.roster.directory)
        else:
            raise ValueError("only Open works without a ticket")
        if isinstance(command, MovePolicy) and ticket is not None and ticket.open:
            policy_hash = command.policy
        if isinstance(command, SetSite):
            zone = self.zone(
                command.site
            )  # clocks are read after the command: by then the place is the new one
        setting = Setting(
            now=self.now,
            ladder=self.house.ladder(self.connection, ladder_name, ticket),
            revision=self.house.rulebook.hash,
            policy=self.house.policy(self.connection, policy_hash, zone),
            roster=self.roster,
            actions=self.house.actions(self.connection, policy_hash),
            timezone=zone,
            heard_at=self.heard_at,
        )
        return decide(ticket, command, setting)

    def events(self, ticket_id: int) -> tuple[AnyEvent, ...]:
        """Return what this transaction has recorded about a ticket so far."""
        work = self._work.get(ticket_id)
        return tuple(work.events) if work else ()

    def clocks(self, ticket_id: int) -> Reports:
        """Return the clocks of a ticket as its last decision here left them; none without a decision."""
        work = self._work.get(ticket_id)
        return work.reports if work else {}

    def look_again(self) -> None:
        """Read the directory anew: this transaction has changed it. Others see that when it commits."""
        self.roster = Roster(directory_store.read_directory(self.connection))

    @property
    def opened(self) -> list[Ticket]:
        """Return the tickets that this transaction opened."""
        return [self.tickets[i] for i, work in self._work.items() if work.before == 0 and work.events]

    def rearm(self, ticket_id: int) -> None:
        """Write a ticket's timers as its last decision wants them, even if nothing happened to it."""
        self._work[ticket_id].rearm = True

    def zone(self, site: str) -> str:
        """Return the IANA zone of a site, or of the company for an unknown one."""
        return self.roster.directory.timezone(site)

    def say(self, rows: Iterable[OutboxRow]) -> None:
        """Add messages that belong to no decision, such as a list of tickets."""
        self.outbox.extend(self.trail.said(rows))

    def note(self, kind: str, subject: str, detail: Mapping[str, str]) -> None:
        """Add an entry to the audit."""
        entry_id = self.house.ids.next()
        self._audit.append(
            records.AuditEntry(id=entry_id, at=self.now, kind=kind, subject=subject, detail=detail),
        )

    def number(self) -> int:
        """Return a fresh ticket number."""
        return self.house.number(lambda n: ticket_store.draw_numbers(self.connection, n), self.may_open)

    def flush(self) -> None:
        """Write everything. Raises ConflictError when another transaction was quicker with a ticket."""
        writes = []
        for ticket_id, work in self._work.items():
            if not work.events and not work.rearm:
                continue
            due = next_due(work.reports)
            writes.append(
                ticket_store.TicketWrite(
                    before=work.before,
                    ticket=self.tickets[ticket_id],
                    events=tuple(work.events),
                    event_ids=tuple(self.house.ids.next() for _ in work.events),
                    timers=work.timers,
                    next_metric=due[0] if due else "",
                    next_due_at=due[1] if due else None,
                    clocks=entries(self.tickets[ticket_id], work.reports) if touches(work.events) else (),
                ),
            )
        ticket_store.save(self.connection, writes, self.now)
        outbox_store.put(self.connection, self.outbox)
        links = {token_hash(token): key for token, key in self.wording.links.items()}
        records.keep_links(self.connection, links, self.now)
        records.add_audit(self.connection, self._audit)
        self.trail.written()

    @property
    def changed(self) -> bool:
        """Return whether anything is to be written about tickets or to be sent."""
        return bool(self.outbox) or any(work.events for work in self._work.values())
