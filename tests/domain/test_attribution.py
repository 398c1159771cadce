"""Who had the ball: tables, and that nothing is lost or given twice, whatever happened."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain import commands as cmd
from app.domain.attribution import Ball, Piece, attribute, ball_of, shares
from app.domain.clock_entries import entries, touches
from app.domain.clocks import read_clocks
from app.domain.sla import Metric, parse_policy
from tests.building import MINUTE, NIGHT, POLICY_DOCUMENT, Case, directory

POLICY = parse_policy(POLICY_DOCUMENT, {}, "America/New_York")
ROLES = {"ana": Ball.ACCOUNT_MANAGER, "rex": Ball.REP, "sam": Ball.SERVICE_MANAGER}


def late_pieces(case: Case, metric: Metric) -> tuple[Piece, ...]:
    assert case.ticket is not None
    late = read_clocks(case.ticket, POLICY, case.now)[metric].late
    assert late is not None
    return attribute(late.segments, case.all_events, lambda key: ROLES.get(key, Ball.STAFF))


def told(case: Case, metric: Metric) -> list[tuple[str, str, float, bool]]:
    return [(s.ball, s.person, s.length / MINUTE, s.counted) for s in shares(late_pieces(case, metric))]


def test_minutes_go_to_whoever_had_the_ball() -> None:
    case = Case()
    case.by(cmd.Acknowledge, at=20)
    case.by(cmd.GiveEta, "rex", at=50, eta=NIGHT + 200 * MINUTE)
    case.by(cmd.Hold, "rex", at=100, reason="waiting_parts")
    case.by(cmd.Release, "rex", at=400)
    case.by(cmd.Arrive, "rex", at=450)
    case.by(cmd.Resolve, "rex", at=1000, text="done")
    assert told(case, Metric.ACKNOWLEDGE) == [("nobody", "", 20, True)]
    assert told(case, Metric.ARRIVE) == [
        ("parts", "", 300, True),  # arriving is not paused by parts, and yet it waited for them
        ("rep", "rex", 100, True),
        ("account_manager", "ana", 30, True),
        ("nobody", "", 20, True),
    ]
    assert told(case, Metric.RESOLVE) == [
        ("rep", "rex", 650, True),
        ("account_manager", "ana", 30, True),
        ("nobody", "", 20, True),
        ("parts", "", 300, False),
    ]


@pytest.mark.parametrize(
    ("reason", "ball"),
    [
        ("waiting_customer", "customer"),
        ("no_access", "customer"),
        ("waiting_parts", "parts"),
        ("other", "account_manager"),
    ],
)
def test_a_hold_gives_the_ball_to_what_it_waits_for(reason: str, ball: str) -> None:
    case = Case()
    case.by(cmd.Acknowledge, at=1)
    case.by(cmd.Hold, at=2, reason=reason)
    case.by(cmd.Release, at=300)
    assert told(case, Metric.ARRIVE)[0][0] == ball


def test_a_person_without_a_role_is_staff() -> None:
    assert ball_of(None) == Ball.STAFF
    assert ball_of(directory().people["rex"]) == Ball.STAFF


def test_a_clock_that_began_anew_keeps_the_count_that_was_breached() -> None:
    document = {"targets": {"update": {"within": "1h"}}}
    policy = parse_policy(document, {}, "America/New_York")
    case = Case(policy=document)
    case.by(cmd.Acknowledge, at=10)
    case.by(cmd.Update, at=100, text="soon")
    case.by(cmd.Update, at=110, text="very soon")
    assert case.ticket is not None
    report = read_clocks(case.ticket, policy, case.now)[Metric.UPDATE]
    assert report.late is not None
    assert report.elapsed_seconds == 0
    assert (report.late.elapsed_seconds, report.late.ended_at) == (90 * 60, NIGHT + 100 * MINUTE)
    assert [s.end - s.start for s in report.late.segments] == [90 * MINUTE]
    entry = entries(case.ticket, {Metric.UPDATE: report})[0]
    assert (entry.elapsed_seconds, entry.over_seconds, entry.state) == (5400, 1800, "running")
    assert entry.breached_at == entry.decided_at == NIGHT + 70 * MINUTE


def test_an_entry_changes_only_when_something_happened() -> None:
    case = Case()
    case.by(cmd.Acknowledge, at=10)
    assert case.ticket is not None
    one, other = (
        entries(case.ticket, read_clocks(case.ticket, POLICY, NIGHT + m * MINUTE)) for m in (11, 19)
    )
    assert one == other
    acknowledge = next(e for e in one if e.metric == "acknowledge")
    assert (acknowledge.state, acknowledge.decided_at) == ("met", NIGHT + 10 * MINUTE)
    assert touches(case.last.events)
    case.by(cmd.Note, at=12, text="nothing to a clock")
    assert not touches(case.last.events)


def test_a_breach_of_the_policy_that_a_ticket_was_moved_from_stays_in_the_audit() -> None:
    case = Case()
    case.by(cmd.Acknowledge, at=20)
    case.by(cmd.MovePolicy, at=30, policy="other", reason="wrong contract")
    assert case.ticket is not None
    assert touches(case.last.events)
    easier = parse_policy({"targets": {"acknowledge": {"within": "1h"}}}, {}, "America/New_York")
    report = read_clocks(case.ticket, easier, case.now)[Metric.ACKNOWLEDGE]
    assert report.late is not None
    assert report.late.segments == report.segments
    [entry] = entries(case.ticket, {Metric.ACKNOWLEDGE: report})
    assert (entry.state, entry.breached_at, entry.over_seconds) == ("missed", NIGHT + 15 * MINUTE, 0)


STEPS = st.sampled_from(
    [
        (cmd.Acknowledge, {}),
        (cmd.Take, {}),
        (cmd.Pass, {}),
        (cmd.Arrive, {}),
        (cmd.Hold, {"reason": "waiting_parts"}),
        (cmd.Hold, {"reason": "no_access"}),
        (cmd.Release, {}),
        (cmd.Resolve, {"text": "done"}),
        (cmd.Reopen, {}),
        (cmd.Update, {"text": "soon"}),
    ]
)
STORY = st.lists(st.tuples(STEPS, st.sampled_from(["ana", "rex", "sam"]), st.integers(0, 300)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(STORY, st.integers(0, 2000))
def test_pieces_are_the_whole_time_and_what_counts_is_the_elapsed_time(
    story: list[tuple[tuple[Any, dict[str, Any]], str, int]], rest: int
) -> None:
    case, at = Case(), 0
    for (kind, fields), who, minutes in story:
        at += minutes
        case.by(kind, who, at=at, **fields)
    case.now = NIGHT + (at + rest) * MINUTE
    assert case.ticket is not None
    for report in read_clocks(case.ticket, POLICY, case.now).values():
        counts = [report] if report.late is None else [report, report.late]
        for count in counts:
            segments = count.segments
            pieces = attribute(segments, case.all_events, lambda key: ROLES.get(key, Ball.STAFF))
            counted = sum((p.end - p.start for p in pieces if p.counted), timedelta(0))
            assert counted.total_seconds() == count.elapsed_seconds
            assert all(p.start < p.end for p in pieces)
            assert all(a.end == b.start for a, b in pairwise(pieces))
            assert [p.start for p in pieces[:1]] == [s.start for s in segments[:1]]
            assert [p.end for p in pieces[-1:]] == [s.end for s in segments[-1:]]
            parts = shares(pieces)
            assert sum((s.length for s in parts), timedelta(0)) == sum(
                (p.end - p.start for p in pieces), timedelta(0)
            )
