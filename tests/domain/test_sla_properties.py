"""What holds of clocks whatever the policy, the calendars and the events are."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sla_oracle import Life
from time_questions import KINDS, policy, sla_question

from app.domain.compute import answer, answer_line
from app.domain.instants import format_instant, parse_instant

START = datetime(2026, 6, 8, 8, 0, tzinfo=UTC)  # a Monday
OFFICE = {
    "timezone": "UTC",
    "hours": {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
}


def clock(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def metrics(question: Any) -> Any:
    found = answer(question)
    assert isinstance(found, dict)
    return found["metrics"]


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_it_says_what_living_through_every_minute_says(rnd: Random) -> None:
    question = sla_question(rnd)
    horizon = parse_instant(question["as_of"]) + timedelta(days=7)
    calendars: dict[Any, Any] = {}
    for metric, found in metrics(question).items():
        truth = Life(question, metric, calendars).live()
        for key in ("due_at", "breached_at"):
            instant = truth.get(key)
            truth[key] = None if instant is None else format_instant(instant)
        for index, instant in enumerate(truth.get("warnings", ())):
            truth["warnings"][index] = None if instant is None else format_instant(instant)
        if "segments" in truth:
            truth["segments"] = [
                [format_instant(a), format_instant(b), kind] for a, b, kind in truth["segments"]
            ]
        ahead = [instant for instant in (found["due_at"], *found["warnings"]) if instant is not None]
        if all(parse_instant(instant) < horizon for instant in ahead):  # as far as the oracle looks
            assert {key: found[key] for key in truth} == truth


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_events_of_distinct_instants_may_come_in_any_order(rnd: Random) -> None:
    question = sla_question(rnd)
    seen = {}
    for event in question["events"]:
        seen.setdefault(event["at"], event)
    question["events"] = list(seen.values())
    assume(any(event["type"] == "opened" for event in question["events"]))
    found = metrics(question)
    rnd.shuffle(question["events"])
    assert metrics(question) == found


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_breach_never_heals_as_time_goes_on(rnd: Random) -> None:
    question = sla_question(rnd, [kind for kind in KINDS if kind != "merged_in"])
    edges = sorted({parse_instant(event["at"]) for event in question["events"]})
    breached: dict[str, str] = {}
    for edge in edges:
        for at in (edge - timedelta(seconds=1), edge, edge + timedelta(seconds=1), edge + timedelta(days=1)):
            if at == edge + timedelta(days=1) and edge != edges[-1]:
                continue
            for metric, found in metrics({**question, "as_of": format_instant(at)}).items():
                if metric in breached:
                    assert found["breached_at"] == breached[metric]
                    assert found["state"] != "met"
                elif found["breached"]:
                    breached[metric] = found["breached_at"]


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_segments_are_contiguous_and_the_running_ones_are_what_was_counted(rnd: Random) -> None:
    for found in metrics(sla_question(rnd)).values():
        segments = found["segments"]
        assert all(a[1] == b[0] and a[2] != b[2] for a, b in pairwise(segments))
        running = [parse_instant(b) - parse_instant(a) for a, b, kind in segments if kind == "running"]
        assert sum(running, timedelta()).total_seconds() == found["elapsed_seconds"]


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 300), st.integers(1, 300), st.integers(1, 299))
def test_a_pause_never_makes_due_earlier_and_splitting_it_changes_nothing(
    rnd: Random, after: int, long: int, split: int
) -> None:
    opened = {"type": "opened", "at": format_instant(START), "priority": "P1"}
    rules = policy(rnd, ["resolve"])
    assume(rules["targets"])
    rules["pause_on"] = {"resolve": ["x"]}
    at = clock(1000)
    question = {"ask": "sla.explain", "as_of": format_instant(at), "policy": rules}
    question["calendars"] = {"a": OFFICE, "b": {**OFFICE, "timezone": "America/New_York"}}
    held = [{"type": "held", "at": format_instant(clock(after)), "reason": "x"}]
    held.append({"type": "released", "at": format_instant(clock(after + long)), "reason": "x"})
    between = format_instant(clock(after + min(split, long)))
    parted = [
        {"type": "released", "at": between, "reason": "x"},
        {"type": "held", "at": between, "reason": "x"},
    ]
    plain = metrics({**question, "events": [opened]})["resolve"]
    paused = metrics({**question, "events": [opened, *held]})["resolve"]
    assert parse_instant(paused["due_at"]) >= parse_instant(plain["due_at"])
    assert metrics({**question, "events": [opened, held[0], *parted, held[1]]})["resolve"] == paused


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    question = sla_question(Random(4))
    before = answer_line(json.dumps(question))
    other = copy.deepcopy(question)
    other["calendars"]["a"]["hours"] = "24x7"
    answer_line(json.dumps(other))
    assert answer_line(json.dumps(question)) == before
