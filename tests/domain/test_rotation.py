from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.rotation import Rotation, Unit
from app.domain.zones import from_micros, to_micros, wall_micros

ZONES = (
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Antarctica/Troll",
    "UTC",
)


def rotation(unit: str, starts: str, zone: str = "America/New_York", length: int = 1) -> Rotation:
    return Rotation(
        unit=Unit(unit),
        length=length,
        starts=wall_micros(datetime.fromisoformat(starts)),
        zone=ZoneInfo(zone),
    )


def walls(turns: Rotation, count: int) -> list[str]:
    """What the wall shows at the first handoffs."""
    return [
        from_micros(turns.handoff(n)).astimezone(turns.zone).strftime("%m-%d %H:%M%z") for n in range(count)
    ]


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        # A daily handoff at 02:30 is at 03:00 on the day whose 02:30 does not exist, and back at 02:30 after it.
        (
            rotation("daily", "2026-03-07T02:30"),
            ["03-07 02:30-0500", "03-08 03:00-0400", "03-09 02:30-0400"],
        ),
        # 01:30 comes twice: the handoff is at the first.
        (
            rotation("daily", "2026-10-31T01:30"),
            ["10-31 01:30-0400", "11-01 01:30-0400", "11-02 01:30-0500"],
        ),
        # Twelve-hour shifts keep 08:00 and 20:00.
        (
            rotation("hourly", "2026-03-07T20:00", length=12),
            ["03-07 20:00-0500", "03-08 08:00-0400", "03-08 20:00-0400"],
        ),
        # Half an hour is missing at Lord Howe.
        (
            rotation("hourly", "2026-10-04T01:15", "Australia/Lord_Howe"),
            ["10-04 01:15+1030", "10-04 02:30+1100", "10-04 03:15+1100"],
        ),
        # The 31st is the last day of a shorter month, and the 31st again after it.
        (
            rotation("monthly", "2027-12-31T09:00", "UTC"),
            [
                "12-31 09:00+0000",
                "01-31 09:00+0000",
                "02-29 09:00+0000",
                "03-31 09:00+0000",
                "04-30 09:00+0000",
            ],
        ),
        (
            rotation("monthly", "2026-11-30T00:00", "UTC", length=3),
            ["11-30 00:00+0000", "02-28 00:00+0000", "05-30 00:00+0000"],
        ),
        # Samoa had no 30 December 2011: that handoff and the next are at one instant.
        (
            rotation("daily", "2011-12-29T00:00", "Pacific/Apia"),
            ["12-29 00:00-1000", "12-31 00:00+1400", "12-31 00:00+1400", "01-01 00:00+1400"],
        ),
    ],
)
def test_handoffs_keep_the_wall_clock(turns: Rotation, expected: list[str]) -> None:
    assert walls(turns, len(expected)) == expected


def test_of_turns_that_begin_at_one_instant_the_last_one_runs() -> None:
    turns = rotation("daily", "2011-12-29T00:00", "Pacific/Apia")
    swallowed = turns.handoff(1)
    assert (turns.turn(swallowed - 1), turns.turn(swallowed)) == (0, 2)


def test_before_the_start_there_is_no_turn() -> None:
    turns = rotation("weekly", "2026-01-05T08:00")
    assert (turns.turn(turns.handoff(0) - 1), turns.turn(turns.handoff(0))) == (-1, 0)
    assert turns.turn(0) == -1


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(list(Unit)),
    st.integers(1, 60),
    st.datetimes(datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("2030-01-01")),
    st.sampled_from(ZONES),
    st.integers(0, 40 * 365 * 86_400),
)
def test_the_turn_is_the_last_one_that_has_begun_however_long_ago_the_first_was(
    unit: Unit, length: int, starts: datetime, zone: str, later: int
) -> None:
    turns = Rotation(unit=unit, length=length, starts=wall_micros(starts), zone=ZoneInfo(zone))
    at = turns.handoff(0) + later * 1_000_000
    turn = turns.turn(at)
    assert turns.handoff(turn) <= at < turns.handoff(turn + 1)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(list(Unit)), st.integers(1, 5), st.sampled_from(ZONES), st.integers(0, 120_000))
def test_handoffs_never_run_backwards(unit: Unit, length: int, zone: str, turn: int) -> None:
    turns = rotation(unit, "2010-01-31T01:45", zone, length)
    assert turns.handoff(turn) <= turns.handoff(turn + 1)


def test_a_turn_two_centuries_later_costs_no_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = rotation("hourly", "1900-01-01T00:00")
    asked: list[int] = []
    real = Rotation.handoff
    monkeypatch.setattr(Rotation, "handoff", lambda self, turn: asked.append(turn) or real(self, turn))
    turns.turn(to_micros(datetime(2100, 7, 1, tzinfo=UTC)))
    assert len(asked) < 10


def test_nothing_overflows_at_the_ends_of_time() -> None:
    for unit in Unit:
        for starts in ("0001-01-01T00:00", "9999-12-31T23:59"):
            for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
                turns = rotation(unit, starts, zone, length=10**20)
                last = datetime.max.replace(tzinfo=UTC)
                assert turns.turn(to_micros(last)) in (-1, 0)
                assert turns.handoff(5) > to_micros(last) + timedelta(days=1) // timedelta(microseconds=1)
