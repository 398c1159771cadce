"""What happens in a company beside emergencies: leave, swaps, other rules, merges, somebody at the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from app.domain import commands as cmd
from app.domain.errors import CloseloopError
from app.usecases import actions, leave, policy_move, swaps
from app.usecases.directory import load_directory
from tests.sim.fragile import Node
from tests.sim.places import company

_TABLES = (
    *("inbox", "tickets", "events", "clocks", "timers", "outbox", "delivery_attempts", "audit", "links"),
    *("ledger", "people", "sites", "suppressions", "sla_policies", "revisions"),
)

if TYPE_CHECKING:
    from tests.sim.world import World


class Deeds:
    """Plans them by chance and does them on a node that is up."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.people.chance
        self._expanded = 0
        self._deeds: tuple[tuple[str, Callable[[Node], object]], ...] = (
            ("leave", self._leave),
            ("swap", self._swap),
            ("rules", world.applies_rules),
            ("merge", self._merge),
            ("priority", self._priority),
            ("policy move", self._policy),
            ("cancel", self._cancel),
            ("take", self._take),
            ("reopen", self._reopen),
            ("site", self._site),
            ("leaves the staff", self._leaves),
            ("newer schema", self._expand),
        )

    def plan(self, end: datetime, between: timedelta) -> None:
        """Put deeds on the agenda until `end`, with so much time `between` two on average."""
        at = self._world.agenda.now
        while True:
            at += self._chance.expovariate(1.0) * between
            if at >= end:
                return
            name, deed = self._chance.choice(self._deeds)
            self._world.agenda.at(at, lambda name=name, deed=deed: self._do(name, deed))

    def goes_away(self, person: str, start: datetime, end: datetime) -> None:
        """Enter somebody's leave."""
        self._do("leave", lambda node: leave.add_leave(node.house, person, start, end, by="person:elena"))

    def _do(self, name: str, deed: Callable[[Node], object]) -> None:
        alive = self._world.alive()
        if not alive:
            return

        def done(node: Node) -> int:
            try:
                deed(node)
            except CloseloopError as error:
                self._world.note(f"{name}: {error}")
            return 1

        self._world.do(self._chance.choice(alive), name, done)

    def _some(self, condition: str) -> Any:
        with self._world.engine.connect() as connection:
            rows = connection.execute(
                text(
                    f"SELECT id, number, account, assignee FROM tickets WHERE {condition} ORDER BY id DESC LIMIT 20"
                )
            ).all()
        return self._chance.choice(rows) if rows else None

    def _person(self) -> str:
        return self._chance.choice(sorted(self._world.directory.people))

    def _leave(self, node: Node) -> None:
        start = node.clock.now() + timedelta(hours=self._chance.uniform(0, 30))
        end = start + timedelta(hours=self._chance.choice((1, 8, 24, 100)))
        leave.add_leave(node.house, self._person(), start, end, by="person:elena")

    def _swap(self, node: Node) -> None:
        giver, taker = self._chance.sample(("ruth", "calvin", "noor"), 2)
        start = node.clock.now() + timedelta(days=self._chance.uniform(0, 7))
        swaps.offer_swap(node.house, giver, taker, start, start + timedelta(days=1), by=f"person:{giver}")

    def _merge(self, node: Node) -> None:
        first = self._some("ended_at IS NULL")
        if first is None:
            return
        second = self._some(f"ended_at IS NULL AND account = '{first.account}' AND id <> {first.id}")
        if second is not None:
            actions.merge_tickets(node.house, first.id, second.number, person="dana", actor="person:dana")

    def _priority(self, node: Node) -> None:
        ticket = self._some("ended_at IS NULL")
        if ticket is not None:
            priority = self._chance.choice(("P1", "P2", "P3", "P4"))
            command = cmd.SetPriority(actor="person:elena", person="elena", priority=priority)
            actions.perform(node.house, ticket.id, command)

    def _policy(self, node: Node) -> None:
        ticket = self._some("ended_at IS NULL")
        if ticket is not None:
            policy_move.move(node.house, ticket.id, actor="person:elena", person="elena", reason="contract")

    def _cancel(self, node: Node) -> None:
        ticket = self._some("ended_at IS NULL")
        if ticket is not None and self._chance.random() < 0.3:
            actions.perform(
                node.house, ticket.id, cmd.Cancel(actor="person:elena", person="elena", text="twice")
            )

    def _take(self, node: Node) -> None:
        ticket, person = self._some("ended_at IS NULL"), self._person()
        if ticket is not None:
            actions.perform(node.house, ticket.id, cmd.Take(actor=f"person:{person}", person=person))
            self._world.people.job(self._world.directory.people[person], ticket.number)

    def _reopen(self, node: Node) -> None:
        ticket, person = self._some("state IN ('closed', 'resolved')"), self._person()
        if ticket is not None:
            actions.perform(
                node.house, ticket.id, cmd.Reopen(actor=f"person:{person}", person=person, text="again")
            )
            self._world.people.job(self._world.directory.people[person], ticket.number)

    def _site(self, node: Node) -> None:
        ticket = self._some("ended_at IS NULL AND site = ''")
        if ticket is not None:
            site = self._chance.choice(sorted(self._world.directory.sites.values(), key=lambda s: s.key))
            command = cmd.SetSite(actor="person:elena", account=site.account, site=site.key)
            actions.perform(node.house, ticket.id, command)

    def _leaves(self, node: Node) -> None:
        """A rep who has just taken a ticket is struck off the list, and comes back some hours later."""
        ticket = self._some("ended_at IS NULL")
        if ticket is None:
            return
        world, clock = self._world, node.clock
        actions.perform(node.house, ticket.id, cmd.Take(actor="person:jamal", person="jamal"))
        load_directory(world.engine, company("jamal"), now=clock.now())
        world.agenda.after(
            timedelta(hours=self._chance.uniform(1, 9)),
            lambda: load_directory(world.engine, company(), now=world.agenda.now),
        )

    def _expand(self, _node: Node) -> None:
        """A newer version migrates the database under the nodes, which go on with theirs (expand only)."""
        self._expanded += 1
        with self._world.engine.begin() as connection:
            for table in _TABLES:
                connection.exec_driver_sql(
                    f"ALTER TABLE {table} ADD COLUMN later_{self._expanded} integer NOT NULL DEFAULT 7"
                )
            connection.exec_driver_sql(f"CREATE INDEX ON tickets (later_{self._expanded})")
            connection.exec_driver_sql(f"CREATE TABLE later_{self._expanded} (id bigint PRIMARY KEY)")
