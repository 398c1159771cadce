"""A ticket's clocks explained: the figures as `compute` gives them, and in words for a customer."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from desk_world import MONDAY, World, worked

from app.domain import commands as cmd
from app.domain.compute import answer_line
from app.domain.instants import format_instant
from app.usecases.sla_explain import clock_tables, explain_ticket, headline, in_words


def question_and_answer(world: World, number: int, as_of: datetime) -> tuple[Any, Any]:
    explanation = explain_ticket(world.engine, number, as_of)
    answer = answer_line(json.dumps(explanation.questions[-1]))
    assert answer["id"] == number
    return explanation, answer["answer"]["metrics"]


def test_the_question_for_compute_gives_the_same_figures(world: World) -> None:
    ticket = worked(world)
    world.do(ticket, cmd.Resolve, text="done")
    world.send(ticket, cmd.Decline(actor="contact:x", text="no"))
    world.later(hours=30)
    for hours in range(0, 40, 3):
        as_of = MONDAY + timedelta(hours=hours)
        explanation, metrics = question_and_answer(world, 1042, as_of)
        assert set(metrics) == {str(metric) for metric in explanation.reports}
        for metric, report in explanation.reports.items():
            answer = metrics[metric]
            assert answer["state"] == report.state
            assert answer["elapsed_seconds"] == report.elapsed_seconds
            assert answer["target_seconds"] == report.target_seconds
            assert answer["due_at"] == (report.due_at and format_instant(report.due_at))
            assert answer["breached_at"] == (report.breached_at and format_instant(report.breached_at))
            assert answer["warnings"] == [at and format_instant(at) for at in report.warnings]
            assert answer["segments"] == [
                [format_instant(s.start), format_instant(s.end), s.kind] for s in report.segments
            ]


def test_a_customer_reads_when_how_long_and_why(world: World) -> None:
    ticket = world.open()
    world.later(minutes=20)
    world.do(ticket, cmd.Acknowledge)
    world.later(hours=2)
    world.do(ticket, cmd.Hold, reason="waiting_parts")
    world.later(hours=24)
    world.do(ticket, cmd.Release)
    world.later(minutes=30)
    explanation = explain_ticket(world.engine, 1042, world.clock.at)
    assert headline(explanation) == (
        "Ticket 1042, Pantry Row Markets #114 Boston, MA, as of Tue Jun 9 2026, 11:50:00 AM EDT."
        " Times are local to America/New_York."
    )
    tables = {table.promise.split(":")[0]: table for table in clock_tables(explanation)}
    assert tables["Acknowledge"].promise == "Acknowledge: somebody takes it within 15 minutes"
    assert tables["Acknowledge"].verdict == (
        "Missed by 5 minutes: due on Mon Jun 8 2026, 9:15:00 AM EDT, done on Mon Jun 8 2026, 9:20:00 AM EDT."
    )
    assert tables["Resolve"].verdict == (
        "Running: 1 hour 10 minutes left, due on Tue Jun 9 2026, 1:00:00 PM EDT."
    )
    assert tables["Resolve"].rows == (
        ("Mon Jun 8, 9:00:00 AM EDT", "Mon Jun 8, 11:20:00 AM EDT", "running", *(["2 hours 20 minutes"] * 2)),
        (
            *("Mon Jun 8, 11:20:00 AM EDT", "Mon Jun 8, 5:00:00 PM EDT", "paused: waiting for parts"),
            *("5 hours 40 minutes", "2 hours 20 minutes"),
        ),
        (
            *("Mon Jun 8, 5:00:00 PM EDT", "Tue Jun 9, 9:00:00 AM EDT", "closed hours, not counted"),
            *("16 hours", "2 hours 20 minutes"),
        ),
        (
            *("Tue Jun 9, 9:00:00 AM EDT", "Tue Jun 9, 11:20:00 AM EDT", "paused: waiting for parts"),
            *("2 hours 20 minutes", "2 hours 20 minutes"),
        ),
        (
            *("Tue Jun 9, 11:20:00 AM EDT", "Tue Jun 9, 11:50:00 AM EDT", "running"),
            *("30 minutes", "2 hours 50 minutes"),
        ),
    )
    assert tables["Confirm"].verdict == "Not started."


def test_what_runs_over_shows_since_when(world: World) -> None:
    world.open()
    world.later(minutes=40)
    tables = {
        t.promise.split(":")[0]: t for t in clock_tables(explain_ticket(world.engine, 1042, world.clock.at))
    }
    late = tables["Acknowledge"]
    assert late.verdict == "Missed, and running: over by 25 minutes, due on Mon Jun 8 2026, 9:15:00 AM EDT."
    assert [row[2:] for row in late.rows] == [
        ("running", "15 minutes", "15 minutes"),
        ("running, over the target", "25 minutes", "40 minutes"),
    ]


def test_lengths_of_time_in_words() -> None:
    assert [in_words(s) for s in (0, 0.4, 1, 61, 3600, 90_061)] == [
        *("0 seconds", "less than a second", "1 second", "1 minute 1 second", "1 hour"),
        "25 hours 1 minute 1 second",
    ]
    assert in_words(3 * 86_400 + 60) == "3 days 1 minute"
    assert in_words(3 * 86_400 + 60, days=False) == "72 hours 1 minute"
