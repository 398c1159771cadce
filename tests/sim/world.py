"""A seeded world: two nodes on one database, people, providers, faults; virtual time, one thread, no waiting.

The same seed plays the same world again. A node dies between any two transactions, in the middle of one, or at a
named point; its database's answer gets lost; the other node works in between, also inside the first one's steps.
What must not live here: what must hold (watch.py), who writes what (people.py), what carriers do (carrier.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.event import listen

from app.domain.message import Channel, Inbound, InboundKind
from app.domain.ticket import Ticket
from app.ports import CallOut, Trouble
from app.rulebook.revision import Rulebook
from app.store import directory as directory_store
from app.usecases import coverage_watch, gap_watch, reconcile, rule_changes
from app.usecases.calls import Calls
from app.usecases.directory import load_directory
from tests.sim.agenda import Agenda, NodeClock, SeededIds
from tests.sim.carrier import CALM, Carrier
from tests.sim.deeds import Deeds
from tests.sim.fragile import Node
from tests.sim.machines import Machines, shown
from tests.sim.people import Message, People
from tests.sim.places import company
from tests.sim.watch import Watch
from tests.sim.work import DUE, MINUTELY, WORK

SECOND = timedelta(seconds=1)
ROOT = Path(__file__).parents[2]
_UNTIL_IDLE = 2000
SHOWN = 400  # how many steps a failure lists; `make soak LOG=FILE` writes all

_ROW = text(
    """
    SELECT o.id AS outbox_id, o.channel, o.address, o.person, o.text_id, t.number, o.rank,
        coalesce(o.thread->>'reply_to', '') AS reply_to
    FROM outbox o LEFT JOIN tickets t ON t.id = o.ticket_id WHERE o.id = :id
    """,
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What kind of world it is. `per_day` emergencies; `faults`: how often, 0 for none, 1 as usual."""

    seed: int
    days: float = 3.0
    per_day: float = 12.0
    faults: float = 1.0
    start: datetime | None = None

    def command(self) -> str:
        """Return what plays this world again."""
        return f"make soak SEED={self.seed} WORLDS=1 DAYS={self.days:g} PER_DAY={self.per_day:g} FAULTS={self.faults:g}"


class WorldError(AssertionError):
    """A promise was broken; the message has the steps and the command that plays them again."""


# Nights on which clocks are changed, a new year, a week in summer.
_STARTS = (
    datetime(2026, 3, 7, 12, tzinfo=UTC),
    datetime(2026, 10, 31, 12, tzinfo=UTC),
    datetime(2026, 6, 9, 6, tzinfo=UTC),
    datetime(2026, 12, 24, 5, tzinfo=UTC),
    datetime(2026, 2, 14, 20, tzinfo=UTC),
)


class World(Machines):
    """One world. `run` plays it to its end, and raises WorldError when a promise is broken."""

    PERIODIC = timedelta(minutes=1)
    BETWEEN_DEEDS = timedelta(hours=3)  # on average
    QUIET = 1.0  # so many times as rarely as usual is a provider down

    def __init__(self, engine: Engine, rulebooks: Sequence[Rulebook], plan: Plan) -> None:
        fate, weather, people = (Random(f"{plan.seed}:{what}") for what in ("fate", "weather", "people"))
        start = plan.start or _STARTS[plan.seed % len(_STARTS)]
        super().__init__(fate, start, plan.faults)
        self.plan, self.engine, self.rulebooks = plan, engine, list(rulebooks)
        self.agenda = Agenda(start)
        self.end = start + timedelta(days=plan.days)
        self._resting: dict[str, datetime] = {}
        self._persons: dict[int, str] = {}
        self.work = WORK
        self.ids = SeededIds(Random(f"{plan.seed}:ids"), drawn=self._between_reads)
        # One thread: whoever waits for a lock of a step that it stands in would wait for ever.
        listen(engine, "connect", _lose_patience)
        load_directory(engine, company(), now=start)
        with engine.begin() as connection:
            self.directory = directory_store.read_directory(connection)
            contacts = sorted(directory_store.all_contacts(connection).values(), key=lambda c: c.key)
        self.carrier = Carrier(
            self.agenda, weather, self.post, self._arrived, self._rings, self._about_to_send, self._outbox_of
        )
        if not self.faulty:
            self.carrier.trouble = CALM
        self.eye = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self.watch = Watch(engine, self.eye, self.carrier)
        by_key = {c.key: {*c.phones, *c.emails} for c in contacts}
        self.watch.addresses_of = lambda ticket: _addresses(ticket, by_key)
        self.people = People(self.agenda, people, self.post, self.note, self.directory, contacts)
        self.deeds = Deeds(self)
        self.nodes = [Node(name, NodeClock(self.agenda), self._house) for name in ("one", "two")]
        for node in self.nodes:
            self._start(node)
        self._minute = start - timedelta(days=1)

    # The story.

    def run(self) -> None:
        """Play the world: traffic and trouble until the plan's end, then everybody does their best."""
        try:
            with self.eye:
                self._play()
        except Exception as error:
            raise WorldError(self._told(error)) from error

    def _play(self) -> None:
        self._plan_traffic()
        self.advance(self.end)
        self._calm_down()
        for _ in range(60):
            for number, holder in self._held():
                self.people.job(self.directory.people[holder], number)
            self.advance(self.agenda.now + timedelta(days=1))
            if not self._open():
                break
        assert not self._open(), f"still open after 60 quiet days: {self._open()}"
        self.watch.at_rest(self.agenda.now - timedelta(seconds=10))

    def _told(self, error: Exception) -> str:
        last = "\n".join(self.trace[-SHOWN:])
        return (
            f"world {self.plan.seed} at {shown(self.agenda.now)}: {error!r}\n"
            f"the last {min(SHOWN, len(self.trace))} of {len(self.trace)} steps:\n{last}\n"
            f"{error}\nto play it again:\n    {self.plan.command()}"
        )

    def _plan_traffic(self) -> None:
        at = self.agenda.now
        while True:
            at += timedelta(days=self.people.chance.expovariate(self.plan.per_day))
            if at >= self.end:
                break
            self.agenda.at(at, self.people.emergency)
        if self.faulty:
            self._weather()
        self.deeds.plan(self.end, self.BETWEEN_DEEDS)

    def _weather(self) -> None:
        """Let a provider be down for a while, now and then."""
        if self.agenda.now >= self.end:
            return
        provider = self.fate.choice(("twilio", "sendgrid"))
        trouble = self.fate.choice((Trouble.TRANSIENT, Trouble.AMBIGUOUS, Trouble.CONFIG))
        minutes = self.fate.choice((1, 5, 20, 90))

        def down() -> None:
            self.note(f"{provider} is down ({trouble}) for {minutes} min")
            self.carrier.down[provider] = trouble
            self.agenda.after(timedelta(minutes=minutes), up)

        def up() -> None:
            self.note(f"{provider} is up")
            self.carrier.down.pop(provider, None)

        self.agenda.after(timedelta(hours=self.fate.uniform(1, 30) * self.QUIET), down)
        self.agenda.after(timedelta(hours=self.fate.uniform(10, 40) * self.QUIET), self._weather)

    def _calm_down(self) -> None:
        self.note("from here on all goes well")
        self.faulty = False
        self.carrier.trouble = CALM
        self.carrier.down.clear()
        self.people.willing = True
        self.people.jobs.clear()
        for node in self.nodes:
            node.clock.skew = timedelta(0)
        with self.engine.begin() as connection:
            silent = connection.execute(text("SELECT channel, address FROM suppressions ORDER BY 2")).all()
        for channel, address in silent:
            if channel == "sms":
                self.people.text(address, "START")
            else:
                self.people.mail(address, "START", subject="START")

    def _open(self) -> list[int]:
        with self.engine.connect() as connection:
            found = connection.execute(text("SELECT number FROM tickets WHERE ended_at IS NULL ORDER BY 1"))
            return list(found.scalars())

    def _held(self) -> list[tuple[int, str]]:
        """Return which tickets are with whom: in the end whoever has one sees to it."""
        found = self.eye.execute(
            text(
                "SELECT number, assignee FROM tickets WHERE ended_at IS NULL AND assignee <> ''"
                " AND (state <> 'resolved' OR (doc->>'reserved')::boolean) ORDER BY 1"
            )
        )
        return [(row.number, row.assignee) for row in found]

    # Time.

    def advance(self, until: datetime) -> None:
        """Let time pass; what comes due on the way is done at its time, by whichever node comes to it."""
        while True:
            self.agenda.run_due()
            self._rest()
            self._periodic()
            due = self.settle()
            self._stuck(due)
            after = self._next(due)
            if after is None or after > until:
                break
            # Ticks come a little late, and find more than one thing to do.
            self.agenda.now = after + timedelta(seconds=self.fate.choice((0, 0.4, 2, 5)))
        self.agenda.now = max(self.agenda.now, until)

    def _stuck(self, due: dict[str, datetime]) -> None:
        """Assert that what is due is done while somebody is there to do it."""
        late = {name: at for name, at in due.items() if at < self.agenda.now - timedelta(hours=1)}
        assert not late or self.agenda.now < self._disturbed, f"nobody sees to it: {late}"

    def _next(self, due: dict[str, datetime]) -> datetime | None:
        """Return when something happens next: what is due and was not done waits for a clock, or for a node."""
        now = self.agenda.now
        soon = {name: max(now + SECOND, self._resting.get(name, now)) for name in due}
        instants = [at if at > now else soon[name] for name, at in due.items()] if self.alive() else []
        return min([*instants, *([self.agenda.next_at] if self.agenda.next_at else [])], default=None)

    def _due(self) -> dict[str, datetime]:
        row = self.eye.execute(DUE).one()._mapping
        return {name: at for name, at in row.items() if at is not None}

    def settle(self) -> dict[str, datetime]:
        """Do all work that is due now, in any order, on any node; return what is there then, and from when on."""
        for _ in range(_UNTIL_IDLE):
            known = self._due()
            due = {name for name, at in known.items() if at <= self.agenda.now + 5 * SECOND}
            due = {name for name in due if self._resting.get(name, self.agenda.now) <= self.agenda.now}
            did = 0
            for name in self.fate.sample(sorted(due), len(due)):
                alive = self.alive()
                for node in self.fate.sample(alive, len(alive)):
                    done = self.do(node, name, self.work[name])
                    did += done
                    if done:
                        break
            if not did:
                return known
        raise AssertionError(f"the world never comes to rest: {self._due()}")

    def _rest(self) -> None:
        """Let one kind of work lie for a while, now and then: both nodes are busy with other things."""
        if self.faulty and self.fate.random() < 0.01 * self.faults:
            name, seconds = self.fate.choice(sorted(self.work)), self.fate.uniform(5, 240)
            self._resting[name] = self.agenda.now + timedelta(seconds=seconds)
            self._disturb(minutes=10)
            self.note(f"... nobody comes to {name} for {seconds:.0f} s")

    def _periodic(self) -> None:
        if self.agenda.now - self._minute < self.PERIODIC:
            return
        hour = self.agenda.now.replace(minute=0) != self._minute.replace(minute=0)
        day = self.agenda.now.date() != self._minute.date()
        self._minute = self.agenda.now.replace(second=0, microsecond=0)
        alive = self.alive()
        if not alive:
            return
        for name, work in MINUTELY.items():
            self.do(self.fate.choice(alive), name, work)
        if self.agenda.now > self._disturbed:
            self.do(self.fate.choice(alive), "reconcile", self.reconciled)
        if hour:
            self.do(self.fate.choice(alive), "gaps", lambda n: gap_watch.watch_gaps(n.house))
        if day:
            self.do(self.fate.choice(alive), "coverage", lambda n: coverage_watch.watch(n.house))

    # From and to the outside.

    def row(self, outbox_id: int) -> Message | None:
        row = self.eye.execute(_ROW, {"id": outbox_id}).one_or_none()
        if row is None:
            return None
        given = dict(row._mapping)
        self._persons[outbox_id] = given.pop("person")
        return Message(**given)

    def _arrived(self, outbox_id: int, _sid: str) -> None:
        message = self.row(outbox_id)
        assert message is not None, f"message {outbox_id} was sent and is not stored"
        person = self.directory.people.get(self._persons.pop(outbox_id))
        self.note(f"{message.address} gets {message.text_id} {message.number or ''}")
        if person is not None:
            self.people.colleague_got(message, person)
        else:
            self.people.customer_got(message)

    def _about_to_send(self, outbox_id: int) -> None:
        message = self.row(outbox_id)
        assert message is not None
        self.watch.sent(outbox_id, message.rank)
        if self.faulty and len(self._stack) == 1 and self.fate.random() < 0.02 * self.faults:
            self._meanwhile(self._stack[0], "the provider")

    def _outbox_of(self, token: str) -> int:
        known = self.nodes[0].house.call_of(token)
        assert known is not None, f"{token} is no call of ours"
        return known[0]

    def _rings(self, call: CallOut, sid: str) -> None:
        """A phone rings: somebody picks up and presses a key, or not."""
        outbox_id, roll = self._outbox_of(call.token), self.people.chance.random()
        if not self.people.willing and roll < 0.45:
            end = self.people.chance.choice(("no-answer", "busy", "completed", "failed"))
            seen = ["initiated", "ringing", *(["in-progress"] if end == "completed" else []), end]
            delay = self.people.chance.uniform(0.1, 0.7)
            self.people.later(delay, delay, lambda: self.carrier.call_status(sid, outbox_id, seen))
            return

        def pick_up() -> None:
            alive = self.alive()
            if not alive or not self.carrier.calls[sid]:
                self.carrier.call_status(sid, outbox_id, ["initiated", "canceled"])
                return
            node = self.fate.choice(alive)
            self.do(node, "answers a call", lambda n: self._talk(n, call, sid, outbox_id))
            self.carrier.calls[sid] = False
            self.carrier.call_status(sid, outbox_id, ["ringing", "in-progress", "completed"])

        self.people.later(0.05, 0.5, pick_up)

    def _talk(self, node: Node, call: CallOut, sid: str, outbox_id: int) -> int:
        prompt = Calls(node.house).picked_up(call.token, sid, machine=False)
        if prompt is None or not prompt.keys:
            return 1
        digit = "1" if self.people.willing else self.people.chance.choice(("1", "1", "1", "2", "7", ""))
        if not digit:
            return 1
        key = Inbound(
            provider="twilio",
            kind=InboundKind.KEY,
            channel=Channel.VOICE,
            key=f"{sid}:1:{digit}",
            sender=call.to,
            recipient="",
            received_at=node.clock.now(),
            payload={"CallSid": sid, "Digits": digit, "o": str(outbox_id)},
            raw=b"",
        )
        Calls(node.house).pressed(key)
        return 1

    # Rules and reconciling, as work of a node.

    def reconciled(self, node: Node) -> int:
        """Let a node reconcile: while nothing was wrong lately there is nothing to find."""
        found = reconcile.reconcile(node.house)
        assert found is None or not (found.broken or found.late), f"the reconciler found {found}"
        return 0

    def applies_rules(self, node: Node) -> int:
        new = self.fate.choice(self.rulebooks)
        change = rule_changes.compared(node.house, new)
        if change.new.hash != change.old.hash:
            rule_changes.apply(node.house, change, by="elena")
        return 1


def _lose_patience(connection: Any, _record: object) -> None:
    connection.execute("SET lock_timeout = '60s'")
    connection.commit()


def _addresses(ticket: Ticket, by_contact: dict[str, set[str]]) -> set[str]:
    return set().union(*(by_contact.get(reader.contact, set()) for reader in ticket.readers))
