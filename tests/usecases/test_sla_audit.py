"""The audit of the clocks: clean on whatever the engine did, exact on whatever was tampered with."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_world import MONDAY, World, worked
from sqlalchemy import text

from app.domain import commands as cmd
from app.domain.instants import format_instant
from app.usecases import actions, sla_audit
from app.usecases.directory import load_directory
from app.usecases.directory_file import parse_directory
from app.usecases.sla_explain import explain_ticket

MINUTE = timedelta(minutes=1)


def found(world: World, since: datetime | None = None) -> list[tuple[str, str, str]]:
    """What the audit lists: clock, recorded, computed."""
    checked = sla_audit.verify(world.engine, now=world.clock.at, since=since)
    return [(d.clock, d.recorded, d.computed) for one in checked for d in one.differences]


def change(world: World, statement: str, **values: Any) -> None:
    """Do what nobody should, and what the schema lets pass."""
    with world.engine.begin() as connection:
        assert connection.execute(text(statement), values).rowcount == 1


def iso(minutes: float, start: datetime = MONDAY) -> str:
    return format_instant(start + minutes * MINUTE)


def test_what_the_engine_did_is_what_the_events_say(world: World) -> None:
    ticket = worked(world)
    assert set(world.ticket(ticket).breached) == {"acknowledge", "arrive", "resolve", "update"}
    assert found(world) == []


COMMANDS: tuple[Callable[[World, int, random.Random], None], ...] = (
    lambda w, t, _: w.do(t, cmd.Acknowledge),
    lambda w, t, _: w.do(t, cmd.Take, "priya"),
    lambda w, t, _: w.do(t, cmd.Pass),
    lambda w, t, _: w.do(t, cmd.GiveEta, eta=w.clock.at + 45 * MINUTE),
    lambda w, t, _: w.do(t, cmd.Arrive),
    lambda w, t, _: w.do(t, cmd.Update, text="soon"),
    lambda w, t, r: w.do(t, cmd.Hold, reason=r.choice(["waiting_parts", "no_access", "other"])),
    lambda w, t, r: w.do(t, cmd.Hold, reason="waiting_parts", duration=r.randint(1, 300) * MINUTE),
    lambda w, t, _: w.do(t, cmd.Release),
    lambda w, t, r: w.do(t, cmd.SetPriority, priority=r.choice(["P1", "P2"])),
    lambda w, t, _: w.do(t, cmd.Resolve, text="done"),
    lambda w, t, _: w.do(t, cmd.Resolve, text="done"),
    lambda w, t, _: w.do(t, cmd.Reopen),
    lambda w, t, _: w.send(t, cmd.Decline(actor="contact:x", text="no")),
    lambda w, t, r: r.random() < 0.3 and w.send(t, cmd.Confirm(actor="contact:x", text="yes")),
    lambda w, t, r: r.random() < 0.2 and w.do(t, cmd.Cancel),
    lambda w, t, _: w.set_site(
        t, {"": "pantryrow.114", "pantryrow.114": "quickbite.412"}.get(w.ticket(t).site, "")
    ),
)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_people_do_the_audit_and_the_engine_agree(world: World, seed: int) -> None:
    chance = random.Random(seed)
    tickets = [
        world.open(
            chance.choice(["P1", "P2"]),
            chance.choice(["pantryrow.114", "quickbite.225", ""]),
            on_reopen=chance.choice(["exclude", "count", "restart", "freeze"]),
            on_priority_change=chance.choice(["from_start", "from_change", "keep"]),
        )
        for _ in range(4)
    ]
    for _ in range(30):
        chance.choice(COMMANDS)(world, chance.choice(tickets), chance)
        world.later(seconds=chance.choice([0, 0, 37, 1800, 7200, 20_000]), awake=chance.random() < 0.8)
    assert found(world) == []
    with world.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM events WHERE kind = 'breached'")).scalar()


def test_an_instant_that_was_moved_by_a_second_is_found_with_what_follows(world: World) -> None:
    ticket = world.open()
    world.later(minutes=10)
    world.do(ticket, cmd.Acknowledge)
    world.later(minutes=10)
    change(world, "UPDATE events SET at = at + interval '1 second' WHERE kind = 'acknowledged'")
    was, now_is = "2026-06-08T13:10:00Z", "2026-06-08T13:10:01Z"
    # What the breach audit counts differs too: test_clock_projection.py.
    assert [line for line in found(world) if "for the breach audit" not in line[1]] == [
        (
            "ticket",
            f"in the document, as step 2, acknowledged on {was}",
            f"from the events acknowledged on {now_is}",
        ),
        ("ticket", f"acknowledged_at {was} in the document", f"{now_is} from the events"),
        ("ticket", f"latest_at {was} in the document", f"{now_is} from the events"),
        (
            "update",
            "update as next due on 2026-06-08T14:10:00Z",
            "update as next due on 2026-06-08T14:10:01Z",
        ),
        ("update", "a timer for 2026-06-08T13:55:00Z", "one for 2026-06-08T13:55:01Z"),
    ]


@pytest.mark.parametrize("kind", ["breached", "warned"])
def test_a_threshold_that_was_moved_by_a_second_is_found(world: World, kind: str) -> None:
    worked(world)
    changed = f"""UPDATE events SET at = at + interval '1 second'
        WHERE kind = '{kind}' AND data->>'metric' = 'acknowledge'"""
    change(world, changed)
    minutes, what = (15, "a breach on ") if kind == "breached" else (12, "a warning at 80% on ")
    wanted = ("one on " if kind == "breached" else "it on ") + iso(minutes)
    [difference, *document] = found(world)
    assert difference == ("acknowledge", what + iso(minutes + 1 / 60), wanted)
    # The document repeats when a breach was, of a warning only that it was.
    assert [line.split()[0] for _, line, _ in document] == ["breaches"] * (kind == "breached")


def test_a_breach_that_was_deleted_is_found(world: World) -> None:
    worked(world)
    change(world, "DELETE FROM events WHERE kind = 'breached' AND data->>'metric' = 'acknowledge'")
    [gap, breach, *document] = found(world)
    assert gap[0] == "ticket"
    assert "without number" in gap[1]
    assert breach == ("acknowledge", "no breach", f"one on {iso(15)}")
    assert {recorded.split()[0] for _, recorded, _ in document if "for the breach audit" not in recorded} == {
        "version",
        "breached",
        "breaches",
        "breach_notes",
    }


def test_the_last_breach_that_was_deleted_everywhere_is_found_all_the_same(world: World) -> None:
    world.open()
    world.later(minutes=16)
    with world.engine.begin() as connection:
        assert connection.execute(text("DELETE FROM events WHERE kind = 'breached'")).rowcount == 1
        document = "doc || jsonb_build_object('version', version - 1, 'breached', '[]'::jsonb)"
        connection.execute(text(f"UPDATE tickets SET doc = {document}, version = version - 1"))
    breaches = [line for line in found(world) if line[0] == "acknowledge"]
    assert breaches == [("acknowledge", "no breach", f"one on {iso(15)}")]


def test_a_breach_that_was_made_up_is_found(world: World) -> None:
    world.open()
    insert = """INSERT INTO events SELECT id - 1, ticket_id, 99, 'breached', :at, :at, 'system',
        '{"metric": "resolve", "held_by": ""}' FROM events WHERE seq = 1"""
    change(world, insert, at=MONDAY)
    assert ("resolve", f"a breach on {iso(0)}", "none") in found(world)


def test_a_breach_that_is_there_twice_is_found(world: World) -> None:
    worked(world)
    copy = """INSERT INTO events SELECT id - 1, ticket_id, 99, kind, at, recorded_at, actor, data
        FROM events WHERE kind = 'breached' AND data->>'metric' = 'acknowledge'"""
    change(world, copy)
    assert ("acknowledge", f"a breach on {iso(15)} and {iso(15)}", f"one on {iso(15)}") in found(world)


def test_timers_that_were_moved_deleted_or_added_are_found(world: World) -> None:
    world.open()
    assert found(world) == []
    change(world, "UPDATE timers SET due_at = due_at + interval '1 second' WHERE key = 'acknowledge'")
    change(world, "DELETE FROM timers WHERE key = 'resolve'")
    change(world, "UPDATE timers SET key = 'confirm' WHERE key = 'update'")
    half = iso(120)
    assert found(world) == [
        ("acknowledge", f"a timer for {iso(12 + 1 / 60)}", f"one for {iso(12)}"),
        ("confirm", f"a timer for {iso(45)}", "none"),
        ("resolve", "no timer", f"one for {half}"),
        ("update", "no timer", f"one for {iso(45)}"),
    ]


def test_a_due_instant_of_the_board_that_was_moved_is_found(world: World) -> None:
    world.open()
    change(world, "UPDATE tickets SET next_due_at = next_due_at - interval '1 second'")
    moved = iso(15 - 1 / 60)
    assert found(world) == [
        ("acknowledge", f"acknowledge as next due on {moved}", f"acknowledge as next due on {iso(15)}")
    ]


def test_a_column_or_a_document_that_is_not_the_fold_is_found(world: World) -> None:
    world.open()
    change(world, "UPDATE tickets SET priority = 'P2'")
    assert found(world) == [("ticket", "priority P2 in its row", "P1 in the document")]
    change(world, """UPDATE tickets SET priority = 'P1', doc = doc || '{"assignee": "dana"}'""")
    assert found(world) == [
        ("ticket", "assignee dana in the document", "nothing from the events"),
        ("ticket", "assignee nothing in its row", "dana in the document"),
    ]


def test_what_cannot_be_read_is_listed_and_the_others_go_on(world: World) -> None:
    world.open()
    world.open()
    change(
        world,
        """UPDATE events SET data = data - 'priority' WHERE kind = 'opened' AND data->>'number' = '1042'""",
    )
    [first, second] = sla_audit.verify(world.engine, now=world.clock.at)
    assert "cannot be read" in first.differences[0].computed
    assert (second.number, second.clocks, second.differences) == (1043, 4, ())


def test_a_breach_by_the_zone_that_was_assumed_before_the_site_was_known_is_listed_as_that(
    world: World,
) -> None:
    ticket = world.open(site="")  # the company is in New York, where the shop is open from 9:00
    world.later(hours=3)
    assert "arrive" in world.ticket(ticket).breached
    world.set_site(ticket, "quickbite.225")  # in Los Angeles
    world.later(hours=8)
    listed = [line for line in found(world) if line[0] == "arrive"]
    why = " (the site, and with it the time zone, was set after the ticket was opened)"
    assert listed == [("arrive", f"a breach on {iso(120)}", f"one on {iso(300)}{why}")]


def test_a_breach_stands_when_an_older_duplicate_is_merged_in(
    world: World,
) -> None:
    older = world.open()
    world.later(minutes=10)
    ticket = world.open()
    world.later(minutes=30)  # P1: 15 min; by the older one's first contact it would have been ten sooner
    recorded = dict(world.ticket(ticket).breaches)["acknowledge"]
    number = world.ticket(ticket).number
    why = actions.merge_tickets(world.house, older, number, person="dana", actor="person:dana")
    assert why == ""
    world.later(hours=5)
    assert dict(world.ticket(ticket).breaches)["acknowledge"] == recorded
    assert found(world) == []
    # What was recorded wrongly before the merge is found all the same.
    change(
        world,
        "UPDATE events SET at = at + interval '1 second'"
        " WHERE kind = 'breached' AND data->>'metric' = 'acknowledge' AND ticket_id = :ticket",
        ticket=ticket,
    )
    assert "acknowledge" in [clock for clock, _, _ in found(world)]


def test_a_later_change_of_the_directory_moves_no_figure(world: World) -> None:
    worked(world)
    on_hold = world.open(site="")
    world.set_site(on_hold, "quickbite.225")
    world.later(hours=4)
    before = [explain_ticket(world.engine, number, world.clock.at).questions for number in (1042, 1043)]
    demo = (Path(__file__).parents[2] / "demo" / "company.yaml").read_text("utf-8")
    moved = re.sub(r"(?m)(^ +timezone:|, timezone:) America/\w+", r"\1 Asia/Kathmandu", demo)
    moved = re.sub(r"(?m)(^ +)tier: \w+", r"\1tier: bronze", moved)
    load_directory(world.engine, parse_directory(moved, "company.yaml"), now=world.clock.at)
    with world.engine.connect() as connection:
        [zone] = connection.execute(text("SELECT DISTINCT timezone FROM sites WHERE active")).scalars()
    assert zone == "Asia/Kathmandu"
    assert found(world) == []
    after = [explain_ticket(world.engine, number, world.clock.at).questions for number in (1042, 1043)]
    assert after == before
    world.later(hours=30)
    world.do(on_hold, cmd.Acknowledge)
    assert found(world) == []
    later = world.open(site="quickbite.225")
    assert world.ticket(later).timezone == "Asia/Kathmandu"
    assert world.ticket(on_hold).timezone == "America/Los_Angeles"


def test_a_server_that_does_not_work_is_no_difference_but_is_told(world: World) -> None:
    world.open()
    world.later(hours=3, awake=False)
    [checked] = sla_audit.verify(world.engine, now=world.clock.at)
    assert (checked.differences, checked.overdue) == ((), True)
    world.later(seconds=0)
    [checked] = sla_audit.verify(world.engine, now=world.clock.at)
    assert (checked.differences, checked.overdue) == ((), False)


def test_since_leaves_out_what_did_not_change(world: World) -> None:
    world.open()
    world.later(hours=2)
    change(world, "UPDATE tickets SET next_due_at = NULL")
    assert found(world, world.clock.at + MINUTE) == []
    assert found(world, MONDAY) != []
    since = sla_audit.since_instant(world.engine, "2026-06-08")
    assert since == datetime(2026, 6, 8, 4, tzinfo=UTC)  # midnight at the company's
    assert sla_audit.since_instant(world.engine, "2026-06-08T00:00:00+02:00") == since - timedelta(hours=6)
    with pytest.raises(sla_audit.SinceError, match="a date such as"):
        sla_audit.since_instant(world.engine, "yesterday")


def test_it_changes_nothing_and_could_not(world: World) -> None:
    from app.store import sla_audit as store

    with store.snapshot(world.engine) as connection, pytest.raises(Exception, match="read-only"):
        connection.execute(text("UPDATE tickets SET version = 0"))


def test_more_tickets_than_a_batch_are_all_checked(world: World) -> None:
    from app.store import sla_audit as store

    for _ in range(5):
        world.open()
    with store.snapshot(world.engine) as connection:
        numbers = [stored.number for stored in store.stream(connection, None, batch=2)]
    assert numbers == [1042, 1043, 1044, 1045, 1046]
