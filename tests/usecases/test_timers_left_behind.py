"""Timers of tickets that have ended: they go at once, on record, and hold up nobody else's."""

from __future__ import annotations

from sqlalchemy import Engine, text

from app.rulebook.revision import Rulebook
from app.usecases import intake, timers
from tests.nodes import TANYA, WATER, Clock, at_once, minutes, node, put, rows, scalars, sms


def test_what_ended_tickets_left_behind_goes_on_record_and_the_others_fire(
    company: Engine, rulebook: Rulebook
) -> None:
    clock = Clock()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    put(one, sms(TANYA, WATER, clock.at))
    assert intake.handle_waiting(one) == 1
    (ended,) = scalars(company, "SELECT id FROM tickets")
    armed = rows(company, "SELECT kind, key, due_at FROM timers ORDER BY kind, key")
    with company.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind AS SELECT * FROM timers"))
    clock.at = max(row.due_at for row in armed)
    # Nothing is decided for it any more, so nothing of its document is read: this one cannot be.
    with company.begin() as connection:
        connection.execute(
            text("UPDATE tickets SET state = 'cancelled', ended_at = opened_at, doc = '{}' WHERE id = :id"),
            {"id": ended},
        )
    put(one, sms("+16175550199", "no power in the back half of the store", clock.at))
    assert intake.handle_waiting(one) == 1
    opened = scalars(company, f"SELECT max(seq) FROM events WHERE ticket_id <> {ended}")
    clock.at += minutes(10)
    at_once(lambda: timers.fire_due(one), lambda: timers.fire_due(two))
    for _ in range(5):
        timers.fire_due(one)
    assert scalars(company, f"SELECT count(*) FROM timers WHERE due_at <= '{clock.at}'") == [0]
    left = "SELECT count(*) FROM timers t JOIN left_behind USING (ticket_id)"
    assert scalars(company, left) == [0]
    told = rows(company, "SELECT detail FROM audit WHERE kind = 'timer_stale' ORDER BY detail->>'timer'")
    assert sorted((r.detail["timer"], r.detail["due_at"]) for r in told) == sorted(
        (r.kind, r.due_at.isoformat()) for r in armed
    )
    other = "SELECT max(seq) FROM events e JOIN tickets t ON t.id = e.ticket_id WHERE t.id <> "
    assert scalars(company, other + str(ended)) > opened
