"""What must hold after every step of a simulated world, looked up in the database; what changed is looked at whole.

The database is the witness: nothing is taken from what a node remembers. What must not live here: what happens.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Engine, select, text

from app.domain import events as ev
from app.domain.delivery import canonical, twilio_status
from app.domain.evolve import fold
from app.domain.ticket import State, Ticket
from app.store import reconcile, sla_audit
from app.store import tickets as ticket_store
from app.store.tables import tickets
from app.usecases import sla_audit as audit
from app.usecases.promises import Promises
from tests import promises
from tests.sim.carrier import Carrier

# A node that decides on something twice, or cannot, says so; none of these is ever to be found.
_NEVER = ("intake_failed", "triage", "timer_failed", "failure_untold", "promise_broken")

_BROKEN = " UNION ALL ".join(
    f"SELECT '{kind}', x.* FROM ({sql}) x" for kind, sql in reconcile._BROKEN.items()
)
_LOOK = text(
    f"""
    SELECT
        (SELECT array_agg(kind || ' ' || id) FROM ({_BROKEN}) AS broken (kind, id)) AS broken,
        (SELECT array_agg(DISTINCT kind) FROM audit WHERE id > :audited AND kind = ANY(:never)) AS never,
        (SELECT max(id) FROM audit) AS audited,
        (SELECT array_agg(DISTINCT ticket_id ORDER BY ticket_id) FROM events WHERE id > :seen) AS changed,
        (SELECT max(id) FROM events) AS seen,
        (SELECT array_agg(data->>'inbox_id' ORDER BY id) FROM events WHERE id > :seen AND kind = 'opened') AS opened,
        (SELECT array_agg(key ORDER BY id) FROM inbox WHERE id > :stored AND kind = 'message') AS stored_keys,
        (SELECT max(id) FROM inbox) AS stored
    """,
)
_CLAIMED = text("SELECT id, ticket_id, person FROM outbox WHERE claimed_by = :node AND rank = 0")
_SENDER = text("SELECT sender FROM inbox WHERE id = :id")
_DELIVERIES = text(
    """
    SELECT o.id, o.state, o.attempts, o.status, count(a.attempt) AS told, coalesce(max(a.attempt), 0) AS last,
        bool_or(a.result = 'sent') AS sent
    FROM outbox o LEFT JOIN delivery_attempts a ON a.outbox_id = o.id
    WHERE o.id > :after
    GROUP BY o.id ORDER BY o.id
    """,
)

# Receipts come late, twice and in any order: what a message has come to is the furthest that one of them said.
_TOLD = text(
    """
    SELECT o.id, o.status, i.payload->>'MessageStatus' AS told
    FROM inbox i JOIN outbox o ON o.id = (i.payload->>'o')::bigint
    WHERE i.kind = 'receipt' AND i.channel = 'sms' AND i.payload ? 'MessageStatus'
    """,
)


class Watch:
    """Looks at one world's database; `look` after each step, `at_rest` when nothing is in progress."""

    def __init__(self, engine: Engine, eye: Connection, carrier: Carrier) -> None:
        self._engine, self._eye = engine, eye
        self._carrier = carrier
        self._seen = self._audited = self._stored = 0
        self._wanted: set[int] = set()
        self.accepted: set[str] = set()  # since the last look
        self._kept: set[str] = set()
        self._opened: set[str] = set()  # the messages that opened a ticket
        self.looks = 0
        self._promises = Promises(eye)

    def claimed(self, node: str) -> None:
        """Note which pages the node that has just claimed them may send: their tickets still ask."""
        rows = self._eye.execute(_CLAIMED, {"node": node}).all()
        tickets_of = {row.ticket_id for row in rows if row.ticket_id is not None}
        folded = {id_: fold(id_, ticket_store.events_of(self._eye, id_)) for id_ in sorted(tickets_of)}
        for row in rows:
            ticket = folded.get(row.ticket_id)
            asked = ticket is None or ticket.escalating or ticket.awaits(row.person)
            (self._wanted.add if asked else self._wanted.discard)(row.id)

    def sent(self, outbox_id: int, rank: int) -> None:
        """Hear of a message that is handed to a provider."""
        assert rank or outbox_id in self._wanted, (
            f"page {outbox_id} is sent for a ticket that asks for nobody"
        )

    def look(self, now: datetime) -> None:
        """Assert all that must hold between any two transactions."""
        self.looks += 1
        seen = {"seen": self._seen, "audited": self._audited, "stored": self._stored, "never": list(_NEVER)}
        found = self._eye.execute(_LOOK, seen).one()
        assert not found.never, f"on record: {found.never}"
        assert not found.broken, f"the reconciler would find {found.broken}"
        self._kept.update(found.stored_keys or ())
        lost = self.accepted - self._kept
        assert not lost, f"accepted and not stored: {lost}"
        self.accepted.clear()
        if found.changed:
            for message in filter(None, found.opened or ()):
                assert message not in self._opened, f"message {message} opened two tickets"
                self._opened.add(message)
            self._tickets(found.changed, now)
        self._seen, self._audited, self._stored = found.seen or 0, found.audited or 0, found.stored or 0

    def _tickets(self, changed: list[int], now: datetime) -> None:
        known = self._promises
        rows = self._eye.execute(
            select(tickets).where(tickets.c.id.in_(changed)).order_by(tickets.c.id)
        ).all()
        for stored in sla_audit._with_belongings(self._eye, rows):
            listed = [str(d) for d in audit.check(stored, known, now).differences]
            wrong = [d for d in listed if "the site, and with it the time zone" not in d]
            assert wrong == [], wrong
            assert stored.document is not None
            policy = known.policy(stored.policy, known.zone(stored.document))
            promises.of_ticket(stored.document, stored.events, stored.timers, policy)
            self._agreed(stored.document, stored.events)

    def _agreed(self, ticket: Ticket, events: tuple[ev.AnyEvent, ...]) -> None:
        """A ticket that closed as confirmed was confirmed by somebody who was asked."""
        closed = [e for e in events if isinstance(e, ev.Closed)]
        if ticket.state is not State.CLOSED or not closed[-1].confirmed:
            return
        yes = [e for e in events if isinstance(e, ev.Confirmed)]
        assert yes, f"{ticket.number} closed as confirmed without a yes"
        assert yes[-1].inbox_id is not None, f"{ticket.number}: nobody wrote this yes"
        address = self._eye.execute(_SENDER, {"id": yes[-1].inbox_id}).scalar_one()
        theirs = {r.address for r in ticket.readers} | self.addresses_of(ticket)
        assert address in theirs, f"{ticket.number} was confirmed by {address}"

    addresses_of: Callable[[Ticket], set[str]] = staticmethod(lambda _ticket: set())

    def at_rest(self, now: datetime) -> None:
        """Assert what must hold when nothing is in progress, of everything."""
        promises.check(self._engine, now)
        with self._engine.connect() as connection:
            assert reconcile.broken(connection) == {}
            for row in connection.execute(_DELIVERIES, {"after": 0}):
                taken, excuses = self._carrier.takes[row.id], self._carrier.excused[row.id]
                assert row.last <= row.attempts, f"message {row.id}: {row}"
                assert taken <= 1 + excuses, (
                    f"message {row.id} went out {taken} times, with {excuses} reasons: {row}"
                )
                if row.state == "sent":
                    assert taken or excuses, f"message {row.id} counts as sent and never was: {row}"
            for row in connection.execute(_TOLD):
                said = twilio_status(row.told)
                assert canonical(row.status).rank >= said.rank, (
                    f"message {row.id} is {row.status} after {row.told}"
                )
            slow = connection.execute(
                text("SELECT count(*) FROM inbox WHERE state = 'failed'"),
            ).scalar_one()
            assert slow == 0, f"{slow} messages failed"

    def counts(self) -> dict[str, int]:
        """Return how much there is."""
        with self._engine.connect() as connection:
            return {
                name: int(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())
                for name in ("tickets", "events", "inbox", "outbox")
            }
