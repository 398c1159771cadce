"""The projection of the clocks: written with the decision, only where something changed."""

from __future__ import annotations

from datetime import timedelta

from desk_world import World
from sqlalchemy import text

from app.domain import commands as cmd
from app.usecases import clock_projection


def rows(world: World) -> dict[str, tuple[object, ...]]:
    """Each clock's row with the transaction that wrote it last."""
    with world.engine.connect() as connection:
        found = connection.execute(text("SELECT metric, xmin::text, state, due_at, decided_at FROM clocks"))
        return {row.metric: tuple(row) for row in found}


def changed(before: dict[str, tuple[object, ...]], after: dict[str, tuple[object, ...]]) -> set[str]:
    return {metric for metric in after if after[metric] != before.get(metric)}


def test_only_what_changed_is_written(world: World) -> None:
    ticket = world.open()
    fresh = rows(world)
    assert set(fresh) == {"acknowledge", "arrive", "resolve", "update"}  # confirm has not started
    world.do(ticket, cmd.Note, text="called the plumber")
    assert rows(world) == fresh
    world.later(minutes=5)
    world.do(ticket, cmd.Acknowledge)
    acked = rows(world)
    assert changed(fresh, acked) == set(fresh)  # whose it is changed for all of them
    world.later(minutes=5)
    world.do(ticket, cmd.Update, text="on my way")
    assert changed(acked, rows(world)) == {"update"}
    updated = rows(world)
    world.later(minutes=5)
    world.do(ticket, cmd.Hold, reason="waiting_parts", duration=timedelta(hours=1))
    assert changed(updated, rows(world)) == {"resolve", "update"}
    world.do(ticket, cmd.Resolve, text="done")
    assert set(rows(world)) == {"acknowledge", "arrive", "resolve", "update", "confirm"}


def test_tickets_without_entries_are_filled_in_and_the_others_left_alone(world: World) -> None:
    for _ in range(3):
        world.open()
    with world.engine.begin() as connection:
        connection.execute(text("DELETE FROM clocks WHERE ticket_id <> (SELECT max(ticket_id) FROM clocks)"))
        kept = connection.execute(text("SELECT ticket_id, xmin::text FROM clocks")).all()
    assert clock_projection.fill(world.engine, world.clock) == 2
    with world.engine.connect() as connection:
        found = connection.execute(text("SELECT ticket_id, xmin::text FROM clocks")).all()
    assert len(found) == 12
    assert set(kept) < set(found)
    assert clock_projection.fill(world.engine, world.clock) == 0
    assert clock_projection.rebuild(world.engine, world.clock) == 3
