"""The nodes of a simulated world and what befalls them: deaths, lost connections, freezes, being overtaken.

What must not live here: which work is due (world.py), what must hold (watch.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Connection, Engine, text

from app.domain.message import Inbound, InboundKind
from app.rulebook.revision import Rulebook
from app.store import inbox as inbox_store
from app.usecases.gateways import Gateways
from app.usecases.house import Identity, Point
from tests.sim.agenda import Agenda, SeededIds
from tests.sim.carrier import Carrier, Switchboard
from tests.sim.fragile import FragileHouse, Node, NodeDiedError, connection_lost
from tests.sim.people import DOMAIN
from tests.sim.watch import Watch

_SKEWS = (-4.0, -0.5, 0.0, 0.0, 0.3, 4.0)
_HELD = text("SELECT id FROM outbox WHERE claimed_by = :node")
Work = Callable[[Node], int]


class Machines(ABC):
    """Two nodes; a world is these with people, time and work."""

    agenda: Agenda
    carrier: Carrier
    engine: Engine
    eye: Connection
    faults: float
    ids: SeededIds
    rulebooks: list[Rulebook]
    watch: Watch
    work: dict[str, Work]

    def __init__(self, fate: Random, start: datetime, faults: float) -> None:
        self.fate, self.faults, self.faulty = fate, faults, faults > 0
        self.nodes: list[Node] = []
        self.trace: list[str] = []
        self.stats: Counter[str] = Counter()
        self._stack: list[Node] = []
        self._may_be_overtaken = False  # whether somebody has read, holds no lock, and writes soon
        self._disturbed = start  # until when something was wrong that may have made work late

    @abstractmethod
    def advance(self, until: datetime) -> None:
        """Let time pass, and do what comes due."""

    @abstractmethod
    def settle(self) -> object:
        """Do all work that is due now."""

    def look(self) -> None:
        """Assert what must hold after a step."""
        self.watch.look(self.agenda.now)

    def alive(self) -> list[Node]:
        return [node for node in self.nodes if node.up and node not in self._stack]

    def _house(self, node: Node) -> FragileHouse:
        return FragileHouse(
            engine=self.engine,
            clock=node.clock,
            ids=self.ids,
            rulebook=self.rulebooks[0],
            identity=Identity(
                public_url="http://ops.example", mail_domain=DOMAIN, secret=b"s" * 32, node=node.name
            ),
            reach=lambda point: self._reach(node, point),
            fate=lambda place: self._fate(node, place),
        )

    def _start(self, node: Node) -> None:
        self._disturb(minutes=10)
        node.start()
        node.gateways = Gateways(sms=self.carrier, mail=self.carrier, calls=Switchboard(self.carrier))
        node.clock.skew = timedelta(seconds=self.fate.choice(_SKEWS) if self.faulty else 0)
        self.note(f"{node.name} starts, its clock ahead by {node.clock.skew.total_seconds():g} s")

    def do(self, node: Node, what: str, work: Callable[[Node], object]) -> int:
        """Let a node do one piece of work, which it may not survive, and look at what it did."""
        if not node.up:
            return 0
        node.hit = False
        self._stack.append(node)
        self._may_be_overtaken = what == "messages"
        try:
            did = work(node)
        except NodeDiedError:
            self._die(node, what)
            did = 1
        except Exception as error:
            if not node.hit:
                raise
            self.note(f"{node.name} {what}: {type(error).__name__}")
            did = 1
        finally:
            self._stack.pop()
        if did:
            self.stats[what] += 1
            self.note(f"{node.name} {what}")
            if what != "accepts":  # it stores a message, which the next look sees
                self.look()
        return int(bool(did))

    def _die(self, node: Node, what: str) -> None:
        node.up = False
        self.stats["deaths"] += 1
        self._disturb(minutes=10)
        self._excuse(node)
        self.note(f"{node.name} dies in {what}")
        seconds = self.fate.choice((0, 1, 8, 40, 200, 900))

        def back() -> None:
            self._start(node)

        self.agenda.after(timedelta(seconds=seconds), back)

    def _disturb(self, *, minutes: float) -> None:
        self._disturbed = max(self._disturbed, self.agenda.now + timedelta(minutes=minutes))

    def _fate(self, node: Node, place: str) -> None:
        """Decide whether a node goes on at a border of one of its transactions."""
        if not self.faulty or node not in self._stack or len(self._stack) > 2:
            return
        roll = self.fate.random() / self.faults
        if roll < 0.0015:
            self.note(f"... {node.name} is killed {place}")
            raise NodeDiedError
        if roll < 0.003 and not node.hit:
            node.hit = True
            self.stats["lost connections"] += 1
            self.note(f"... {node.name} loses its database {place}")
            raise connection_lost()

    def _reach(self, node: Node, point: Point) -> None:
        """Hear of a named point: a node may be killed there, freeze there, or be overtaken."""
        if point == "outbox.claimed":
            self.watch.claimed(node.name)
        if not self.faulty or node not in self._stack:
            return
        roll = self.fate.random() / self.faults
        if roll < 0.004:
            self.note(f"... {node.name} is killed at {point}")
            raise NodeDiedError
        if roll < 0.05 and point in ("outbox.claimed", "outbox.sent", "intake.saved", "timers.saved"):
            self._meanwhile(node, point)
        elif roll < 0.055 and point in ("outbox.claimed", "outbox.sent") and len(self._stack) == 1:
            self._freeze(node, point)

    def _meanwhile(self, node: Node, where: str) -> None:
        """Let the other node do what there is to do, in the middle of this one's work."""
        others = self.alive()
        if others and len(self._stack) == 1:
            self.note(f"... meanwhile, {node.name} being at {where}:")
            self.stats["overtaken"] += 1
            self.agenda.run_due()
            self.settle()
            self.note(f"... {node.name} goes on")

    def _freeze(self, node: Node, where: str) -> None:
        """Let a node stand still for longer than its claim lasts, while the other one works."""
        self.stats["freezes"] += 1
        self.note(f"... {node.name} freezes at {where}")
        self._disturb(minutes=10)
        self._excuse(node)
        self.advance(self.agenda.now + timedelta(seconds=self.fate.uniform(70, 200)))
        self.note(f"... {node.name} wakes up")

    def _between_reads(self) -> None:
        """Hear that an id is drawn: mostly in the middle of a transaction that has read and not yet written."""
        if not self.faulty or len(self._stack) != 1 or not self._may_be_overtaken:
            return
        if self.fate.random() < 0.01 * self.faults:
            node = self._stack[0]
            others = self.alive()
            if others:
                self.stats["conflicts tried"] += 1
                self.note(f"... while {node.name} has read and not written:")
                for name in ("timers", "pages", "notices"):
                    self.do(others[0], name, self.work[name])
                self._may_be_overtaken = False
                self.note(f"... {node.name} goes on")

    def _excuse(self, node: Node) -> None:
        """Note that what a node has claimed may go out once more."""
        self.carrier.excused.update(self.eye.execute(_HELD, {"node": node.name}).scalars())

    def post(self, items: list[Inbound]) -> None:
        """A provider posts requests, until they are accepted."""
        nodes = [node for node in self.nodes if node.up and node not in self._stack]
        if not nodes:
            self.agenda.after(timedelta(seconds=15), lambda: self.post(items))
            return
        node = self.fate.choice(nodes)

        def accept(node: Node) -> int:
            node.house.reach("inbox.received")
            stamped = [replace(item, received_at=node.clock.now()) for item in items]
            with node.house.begin() as connection:
                inbox_store.store(connection, [(self.ids.next(), item) for item in stamped])
            node.house.reach("inbox.stored")
            self.watch.accepted.update(i.key for i in items if i.kind == InboundKind.MESSAGE)
            if self.faulty and self.fate.random() < 0.01:
                self.agenda.after(
                    timedelta(seconds=5), lambda: self.post(items)
                )  # it asks again all the same
            node.done = True
            return 1

        node.done = False
        self.do(node, "accepts", accept)
        if not node.done:
            self.agenda.after(timedelta(seconds=15), lambda: self.post(items))

    def note(self, what: str) -> None:
        """Add a line to the list of steps."""
        self.trace.append(f"{shown(self.agenda.now)} {'  ' * len(self._stack)}{what}")


def shown(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S")
