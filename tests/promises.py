"""The promises of the design, looked up in the database: what must hold whenever nothing is in progress."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, select, text

from app.domain.clocks import Timer, read_clocks, wanted_timers, zone_of
from app.domain.events import AnyEvent
from app.domain.evolve import fold
from app.domain.sla import Policy, parse_policy
from app.domain.ticket import ENDED, State, Ticket
from app.store import codec, reconcile, records
from app.store import directory as directory_store
from app.store import tickets as ticket_store
from app.store import timers as timer_store
from app.store.tables import inbox, tickets
from app.usecases import sla_audit


def check(engine: Engine, now: datetime) -> None:
    """Assert every promise that the database can show."""
    with engine.connect() as connection:
        _nothing_is_lost(connection)
        assert reconcile.broken(connection) == {}, "the reconciler would find something"
        directory = directory_store.read_directory(connection)
        for row in connection.execute(select(tickets)).all():
            events = ticket_store.events_of(connection, row.id)
            ticket = codec.ticket_from_doc(row.doc)
            assert fold(row.id, events) == ticket, f"{row.number} is not the fold of its events"
            assert [(row.version, row.state)] == [(len(events), ticket.state)]
            zone = zone_of(ticket, directory)
            policy = _policy(connection, ticket.policy, zone)
            armed = timer_store.of_ticket(connection, row.id)
            of_ticket(ticket, events, armed, policy)
        overdue = timer_store.next_due(connection)
        assert overdue is None or overdue > now, f"a timer was due at {overdue}, and it is {now}"
    listed = [d for checked in sla_audit.verify(engine, now=now) for d in checked.differences]
    # A breach by the zone that was assumed while the place was unknown stands, and the audit tells of it.
    unexplained = [str(d) for d in listed if "the site, and with it the time zone" not in d.computed]
    assert unexplained == []


def of_ticket(ticket: Ticket, events: Sequence[AnyEvent], armed: frozenset[Timer], policy: Policy) -> None:
    """Assert what one ticket, its events and what is armed for it must show at any time."""
    if ticket.state in ENDED:
        assert armed == frozenset(), f"{ticket.number} has ended and still has timers"
        unasked = ticket.state == State.CLOSED and not ticket.confirmed
        assert not (unasked and ticket.life_safety), (
            f"{ticket.number} is about danger and closed without an answer"
        )
        assert (
            not unasked
            or ticket.remind_after >= ticket.close_after
            or "closure_reminded" in {e.kind for e in events}
        ), f"{ticket.number} was closed without an answer and without a reminder"
        return
    held = ticket.assignee or ticket.state == State.RESOLVED
    escalating = [t for t in armed if t.kind == "escalation"]
    assert held or len(escalating) == 1, f"nobody has {ticket.number} and nobody is asked"
    # As of the last decision: whether a threshold was passed since then is for the next timer to say.
    decided = max(e.recorded_at for e in events)
    wanted = wanted_timers(ticket, policy, read_clocks(ticket, policy, decided))
    assert armed == wanted, f"{ticket.number}: armed {sorted(armed)}, wanted {sorted(wanted)}"
    breaches = [e.metric for e in events if e.kind == "breached"]
    assert len(breaches) == len(set(breaches)), f"{ticket.number} recorded a breach twice"


def _nothing_is_lost(connection: Connection) -> None:
    rows = connection.execute(
        select(inbox.c.id, inbox.c.state, inbox.c.ticket_id, inbox.c.outcome, inbox.c.kind)
    )
    for row in rows:
        assert row.state != "new", f"inbox row {row.id} waits"
        assert row.ticket_id is not None or row.outcome, f"inbox row {row.id} has neither ticket nor reason"
    stuck = connection.execute(
        text("SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')")
    ).scalar()
    assert stuck == 0, f"{stuck} messages wait in the outbox"
    twice = connection.execute(
        text(
            "SELECT inbox_id, count(*) FROM (SELECT data->>'inbox_id' AS inbox_id FROM events"
            " WHERE kind = 'opened' AND data->>'inbox_id' IS NOT NULL) o GROUP BY 1 HAVING count(*) > 1"
        )
    ).all()
    assert twice == [], f"messages that opened two tickets: {twice}"


def _policy(connection: Connection, digest: str, zone: str) -> Policy:
    document = records.policy(connection, digest)
    assert document is not None
    return parse_policy(document["policy"], document["calendars"], zone)
