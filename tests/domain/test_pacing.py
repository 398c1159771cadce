"""The arithmetic of a lane: never faster than its pace over any time, never for ever still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.message import Channel
from app.domain.pacing import (
    CALM,
    FIRST_HOLD,
    LONGEST_HOLD,
    LONGEST_OWN_HOLD,
    PAGE_PATIENCE,
    Lane,
    known_limit,
    pace,
    pushed_back,
    room,
    taken,
    told_to_slow_down,
)

NOW = datetime(2026, 6, 9, 6, 11, tzinfo=UTC)
LANE = Lane(name="sms")
LONGEST_TEXT = 4


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("limit", "used", "seconds", "left"),
    [
        (None, 0, 0, None),
        (1, 0, 0, 2),  # one, and what it did not send in the second before
        (1, 1, 0, 1),
        (1, 2, 0, 0),
        (1, 2, 0.9, 0),
        (1, 2, 1, 1),
        (1, 2, 60, 2),  # rest is not saved up
        (1, 5, 3, 0),  # too much is paid for
        (1, 5, 4, 1),
        (100, 101, 0, 0),
        (100, 101, 0.5, 50),
        (0.5, 1, 0, 0),
        (0.5, 1, 1, 1),
    ],
)
def test_room(limit: float | None, used: int, seconds: float, left: int | None) -> None:
    assert room(taken(LANE, limit, NOW, used), limit, after(seconds)) == left


@given(
    limit=st.floats(0.1, 200),
    steps=st.lists(
        st.tuples(st.floats(0, 5), st.integers(0, 60), st.integers(1, LONGEST_TEXT)), min_size=1, max_size=60
    ),
)
@settings(max_examples=150, deadline=None)
def test_over_any_time_never_faster_than_the_pace_and_never_for_ever_still(
    limit: float, steps: list[tuple[float, int, int]]
) -> None:
    """Nodes ask when they like; each takes whole texts as long as there is room for one segment."""
    lane, now = LANE, NOW
    sent: list[tuple[datetime, int]] = []
    for gap, wished, segments in steps:
        now += timedelta(seconds=gap)
        left, used = room(lane, limit, now) or 0, 0
        while used < left and used < wished * segments:
            used += segments
        lane = taken(lane, limit, now, used)
        sent.append((now, used))
    for start, (since, _) in enumerate(sent):
        total = 0
        for until, used in sent[start:]:
            total += used
            most = limit * ((until - since).total_seconds() + 1) + 1 + (LONGEST_TEXT - 1)
            assert total <= most + 0.01
    debt = (LONGEST_TEXT + 1) / limit
    assert room(lane, limit, now + timedelta(seconds=debt)) != 0


def test_a_provider_that_says_slow_down_is_left_alone_and_then_tried_slowly() -> None:
    slow = pushed_back(LANE, "20429", NOW)
    assert room(slow, None, NOW) == 0
    again = NOW + FIRST_HOLD
    assert (slow.held(again), pace(slow, None, again), pace(slow, 4, again)) == (False, 16, 2)
    assert pace(slow, None, again + CALM) is None
    assert pace(slow, 4, again + CALM) == 4


def test_what_was_under_way_says_it_again_and_counts_once() -> None:
    once = pushed_back(LANE, "429", NOW)
    assert pushed_back(once, "429", after(0.5)) == once


def test_each_push_halves_the_pace_and_calm_gives_it_back_step_by_step() -> None:
    lane, now = LANE, NOW
    for _ in range(3):
        lane = pushed_back(lane, "429", now)
        now = lane.held_until
    assert [pace(lane, None, now + CALM * n) for n in range(4)] == [4, 8, 16, None]
    assert lane.held_until - NOW == timedelta(seconds=1 + 2 + 4)
    for _ in range(20):
        lane = pushed_back(lane, "429", lane.held_until)
        assert (pace(lane, None, lane.held_until) or 0) >= 0.5
        assert (pace(lane, 0.02, lane.held_until) or 0) == 0.02
    last = pushed_back(lane, "429", lane.held_until)
    assert last.held_until - lane.held_until == LONGEST_OWN_HOLD


@pytest.mark.parametrize(
    ("said", "held"),
    [
        (after(90), after(90)),
        (after(-5), NOW),  # their clock is behind ours
        (after(1e6), NOW + LONGEST_HOLD),
    ],
)
def test_the_providers_own_word_counts(said: datetime, held: datetime) -> None:
    lane = pushed_back(LANE, "429", NOW, said)
    assert lane.held_until == held
    longer = pushed_back(pushed_back(LANE, "429", NOW, after(10)), "429", after(1), after(20))
    assert (longer.held_until, longer.strikes(after(20))) == (after(20), 1)


def test_a_page_is_tried_in_time_for_the_next_method() -> None:
    assert timedelta(seconds=15) == PAGE_PATIENCE


@pytest.mark.parametrize(
    ("channel", "code", "lanes"),
    [
        (Channel.SMS, "20429", {"sms", "voice"}),
        (Channel.VOICE, "429", {"sms", "voice"}),
        (Channel.EMAIL, "429", {"email"}),
        (Channel.SMS, "30001", {"sms"}),
        (Channel.SMS, "21611", {"sms"}),
        (Channel.VOICE, "22005", {"voice"}),
        (Channel.SMS, "30005", set()),
        (Channel.SMS, "", set()),
    ],
)
def test_who_is_slowed_down(channel: Channel, code: str, lanes: set[str]) -> None:
    assert told_to_slow_down(channel, code) == lanes


@pytest.mark.parametrize(
    ("number", "limit"),
    [
        ("+15035550100", 1),
        ("+18005550100", 3),
        ("+18885550100", 3),
        ("+14155550888", 1),
        ("55555", 100),
        ("+447700900123", None),
        ("", None),
    ],
)
def test_what_a_number_is_known_to_carry(number: str, limit: float | None) -> None:
    assert known_limit(number) == limit
