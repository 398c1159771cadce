from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from calendar_oracle import Oracle
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from time_questions import calendar_case

from app.domain.calendars import ALWAYS, CalendarError, local_instant, parse_calendar, parse_hours
from app.domain.errors import CloseloopError, NaiveInstantError
from app.domain.instants import format_instant, parse_instant

NEW_YORK = ZoneInfo("America/New_York")
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
NIGHTS = {day: [["22:00", "06:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


def at(text: Any) -> Any:
    return parse_instant(text)


def calendar(hours: Any, timezone: Any = "America/New_York", **more: Any) -> Any:
    return parse_calendar({"timezone": timezone, "hours": hours, **more})


def shown(windows: Any) -> Any:
    return [[format_instant(a), format_instant(b)] for a, b in windows]


@pytest.mark.parametrize(
    ("zone", "wall", "end", "expected"),
    [
        ("America/New_York", "2026-01-05T08:00", False, "2026-01-05T13:00:00Z"),
        ("America/New_York", "2026-03-08T02:30", False, "2026-03-08T07:00:00Z"),  # in the gap
        ("America/New_York", "2026-03-08T02:00", True, "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-03-08T03:00", False, "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-11-01T01:30", False, "2026-11-01T05:30:00Z"),  # twice
        ("America/New_York", "2026-11-01T01:30", True, "2026-11-01T06:30:00Z"),
        ("America/New_York", "2026-11-01T02:00", False, "2026-11-01T07:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", False, "2026-10-03T15:30:00Z"),  # half an hour
        ("Australia/Lord_Howe", "2026-04-05T01:45", False, "2026-04-04T14:45:00Z"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", True, "2026-04-04T15:15:00Z"),
        ("Pacific/Apia", "2011-12-30T12:00", False, "2011-12-30T10:00:00Z"),  # a date that never was
        ("America/Sao_Paulo", "2018-11-04T00:30", False, "2018-11-04T03:00:00Z"),  # a gap at midnight
        ("Asia/Kathmandu", "1986-01-01T00:10", False, "1985-12-31T18:30:00Z"),
    ],
)
def test_a_wall_time_is_an_instant_also_when_it_exists_never_or_twice(
    zone: Any, wall: Any, end: Any, expected: Any
) -> None:
    found = local_instant(datetime.fromisoformat(wall), ZoneInfo(zone), end=end)
    assert format_instant(found) == expected


def test_seconds_are_kept_and_a_deadline_on_closing_stays_there() -> None:
    office = calendar(OFFICE)
    assert office.add(at("2026-06-08T09:00:30-04:00"), 90) == at("2026-06-08T13:02:00Z")
    assert office.add(at("2026-06-08T16:00:00-04:00"), 3600) == at("2026-06-08T17:00:00-04:00")
    assert office.add(at("2026-06-08T16:00:00-04:00"), 3600.5) == at("2026-06-09T09:00:00.5-04:00")
    assert office.add(at("2026-06-06T12:00:00-04:00"), 0) == at("2026-06-06T12:00:00-04:00")


def test_counting_back_lands_on_opening_and_stays_there() -> None:
    office = calendar(OFFICE)
    assert office.add(at("2026-06-09T10:00:00-04:00"), -3600) == at("2026-06-09T09:00:00-04:00")
    assert office.add(at("2026-06-09T10:00:00-04:00"), -3601) == at("2026-06-08T16:59:59-04:00")
    assert office.add(at("2026-06-07T10:00:00-04:00"), -60) == at("2026-06-05T16:59:00-04:00")


def test_open_time_is_elapsed_time_over_a_change_of_the_clocks() -> None:
    all_day = calendar(
        {day: [["00:00", "24:00"]] for day in OFFICE}
        | {"sat": [["00:00", "24:00"]], "sun": [["00:00", "24:00"]]}
    )
    assert all_day.between(at("2026-03-08T00:00:00-05:00"), at("2026-03-09T00:00:00-04:00")) == 23 * 3600
    assert all_day.between(at("2026-11-01T00:00:00-04:00"), at("2026-11-02T00:00:00-05:00")) == 25 * 3600
    sundays = calendar({"sun": [["01:30", "01:45"]]})
    assert sundays.between(at("2026-11-01T00:00:00-04:00"), at("2026-11-02T00:00:00-05:00")) == 75 * 60
    early = calendar({"sun": [["02:15", "02:45"]]})
    assert early.next_open(at("2026-03-08T00:00:00-05:00")) == at("2026-03-15T02:15:00-04:00")


def test_a_holiday_replaces_what_opens_that_day_and_the_evening_before_runs_on() -> None:
    nights = calendar(NIGHTS, holidays=["2026-12-25"], exceptions={"2026-12-26": [["12:00", "13:00"]]})
    found = nights.windows(at("2026-12-24T12:00:00-05:00"), at("2026-12-27T12:00:00-05:00"))
    assert shown(found) == [
        ["2026-12-25T03:00:00Z", "2026-12-25T11:00:00Z"],
        ["2026-12-26T17:00:00Z", "2026-12-26T18:00:00Z"],
    ]


def test_an_exception_beats_a_holiday_and_no_windows_close_the_day() -> None:
    office = calendar(
        OFFICE,
        holidays=["2026-12-24", "2026-12-25"],
        exceptions={"2026-12-24": [["09:00", "13:00"]], "2026-12-31": []},
    )
    assert office.add(at("2026-12-24T12:00:00-05:00"), 7200) == at("2026-12-28T10:00:00-05:00")
    assert office.next_open(at("2026-12-31T00:00:00-05:00")) == at("2027-01-01T09:00:00-05:00")


def test_overlap_of_neighbouring_days_counts_once_and_touching_windows_are_one() -> None:
    hours = {"mon": [["22:00", "10:00"]], "tue": [["09:00", "12:00"], ["12:00", "13:00"]]}
    found = calendar(hours, "UTC").windows(at("2026-06-08T00:00:00Z"), at("2026-06-10T00:00:00Z"))
    assert shown(found) == [["2026-06-08T22:00:00Z", "2026-06-09T13:00:00Z"]]
    sunday = calendar({"sun": [["22:00", "06:00"]], "mon": [["05:00", "07:00"]]}, "UTC")
    assert sunday.between(at("2026-06-07T00:00:00Z"), at("2026-06-09T00:00:00Z")) == 9 * 3600


def test_a_special_sunday_reaches_into_the_week_after_it() -> None:
    hours = {"sun": [["22:00", "06:00"]], "mon": [["05:00", "07:00"]]}
    start, end = at("2026-06-07T00:00:00Z"), at("2026-06-09T00:00:00Z")
    assert calendar(hours, "UTC", holidays=["2026-06-07"]).between(start, end) == 2 * 3600
    longer = {"2026-06-07": [["22:00", "06:30"]]}
    assert calendar(hours, "UTC", exceptions=longer).between(start, end) == 9 * 3600


def test_a_date_that_never_was_has_no_windows_and_cuts_what_ran_into_it() -> None:
    nights = calendar(NIGHTS, "Pacific/Apia")
    found = nights.windows(at("2011-12-29T00:00:00-10:00"), at("2012-01-01T00:00:00+14:00"))
    assert shown(found)[-2:] == [
        ["2011-12-30T08:00:00Z", "2011-12-30T10:00:00Z"],  # the 29th, 22:00 to midnight
        ["2011-12-31T08:00:00Z", "2011-12-31T10:00:00Z"],
    ]


@pytest.mark.parametrize(
    ("doc", "words"),
    [
        ({"timezone": "UTC", "hours": {}}, "never opens"),
        ({"timezone": "UTC", "hours": {"mon": [["09:00", "09:00"]]}}, "never opens"),
        (
            {"timezone": "Pacific/Apia", "hours": {}, "exceptions": {"2011-12-30": [["09:00", "17:00"]]}},
            "never opens",
        ),
        ({"timezone": "UTC", "hours": {"monday": []}}, "did you mean 'mon'"),
        ({"timezone": "UTC", "hour": {}}, "did you mean 'hours'"),
        ({"hours": "24x7"}, "'timezone' is missing"),
        ({"timezone": "America/NewYork", "hours": "24x7"}, "did you mean 'America/New_York'"),
        ({"timezone": "../secret", "hours": "24x7"}, "no time zone"),
        ({"timezone": "site", "hours": "24x7"}, "needs a site"),
        ({"timezone": "UTC", "hours": "always"}, "'24x7'"),
        (
            {"timezone": "UTC", "hours": {"mon": [["09:00", "17:00"], ["16:00", "18:00"]]}},
            "hours.mon: two windows overlap",
        ),
        ({"timezone": "UTC", "hours": {"mon": [["22:00", "06:00"], ["23:00", "23:30"]]}}, "overlap"),
        ({"timezone": "UTC", "hours": {"mon": [["24:00", "06:00"]]}}, "not a time of day"),
        ({"timezone": "UTC", "hours": {"mon": [["9:00", "17:00"]]}}, "write it like 09:00"),
        ({"timezone": "UTC", "hours": {"mon": [["09:00"]]}}, "two times"),
        ({"timezone": "UTC", "hours": {"mon": "09:00-17:00"}}, "not a list"),
        ({"timezone": "UTC", "hours": "24x7", "holidays": ["2026-02-30"]}, "not a date"),
        ({"timezone": "UTC", "hours": "24x7", "holidays": {"country": "US"}}, "rulebook"),
        ({"timezone": "UTC", "hours": "24x7", "exceptions": {"tomorrow": []}}, "exceptions.tomorrow"),
        (["09:00"], "not an object"),
    ],
)
def test_a_wrong_calendar_says_where_and_what_would_be_right(doc: Any, words: Any) -> None:
    with pytest.raises(CloseloopError) as caught:
        parse_calendar(doc)
    assert words in str(caught.value)


def test_site_is_the_zone_of_the_site() -> None:
    found = parse_calendar({"timezone": "site", "hours": OFFICE}, site_timezone="America/Chicago")
    assert found.timezone == "America/Chicago"
    assert found.next_open(at("2026-06-08T00:00:00Z")) == at("2026-06-08T09:00:00-05:00")


def test_24x7_just_adds() -> None:
    start = at("2026-03-08T06:30:00Z")
    assert ALWAYS.always
    assert ALWAYS.add(start, 86400.25) == start + timedelta(seconds=86400.25)
    assert ALWAYS.between(start, start - timedelta(seconds=1)) == -1
    assert ALWAYS.next_open(start) == start
    assert ALWAYS.windows(start, start + timedelta(days=400)) == [(start, start + timedelta(days=400))]
    assert not calendar("24x7", holidays=["2026-12-25"]).always


def test_a_calendar_that_stops_opening_says_so_instead_of_searching_for_ever() -> None:
    once = calendar({}, exceptions={"2026-12-24": [["09:00", "13:00"]]})
    assert once.add(at("2026-01-01T00:00:00Z"), 4 * 3600) == at("2026-12-24T13:00:00-05:00")
    assert once.windows(at("0001-01-01T00:00:00Z"), at("9999-12-31T00:00:00Z")) == [
        (at("2026-12-24T09:00:00-05:00"), at("2026-12-24T13:00:00-05:00"))
    ]
    with pytest.raises(CalendarError, match="does not open again"):
        once.add(at("2026-01-01T00:00:00Z"), 4 * 3600 + 1)
    with pytest.raises(CalendarError, match="does not open again"):
        once.next_open(at("2026-12-24T13:00:00-05:00"))
    with pytest.raises(CalendarError, match="not yet open"):
        once.add(at("2026-12-24T12:00:00-05:00"), -4 * 3600)


def test_the_ends_of_time_are_an_error_and_not_a_crash() -> None:
    office = calendar(OFFICE)
    for start, seconds in (
        ("9999-12-30T00:00:00Z", 10**9),
        ("0001-01-02T00:00:00Z", -(10**9)),
        ("2026-01-01T00:00:00Z", 10**15),
    ):
        with pytest.raises(CloseloopError):
            office.add(at(start), seconds)
    assert office.add(at("2026-01-01T00:00:00Z"), 8 * 3600 * 261 * 5000).year == 7028
    with pytest.raises(CalendarError, match="shorter range"):
        office.windows(at("0001-01-01T00:00:00Z"), at("9999-12-31T00:00:00Z"))


def test_naive_instants_are_refused() -> None:
    with pytest.raises(NaiveInstantError):
        ALWAYS.add(datetime(2026, 1, 1), 60)  # noqa: DTZ001 - that is what is refused


def test_weekly_hours_need_not_open_and_give_windows_in_any_zone() -> None:
    weekly = parse_hours({"sat": [["20:00", "06:00"]]}, "within")
    found = weekly.windows(at("2026-03-07T00:00:00Z"), at("2026-03-09T00:00:00Z"), NEW_YORK)
    assert shown(found) == [["2026-03-08T01:00:00Z", "2026-03-08T10:00:00Z"]]
    nothing = parse_hours({}, "within")
    assert nothing.windows(at("2026-03-07T00:00:00Z"), at("2026-03-09T00:00:00Z"), NEW_YORK) == []


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_it_says_what_a_look_at_every_minute_says(rnd: Any) -> None:
    doc, near = calendar_case(rnd)
    try:
        found = parse_calendar(doc)
    except CalendarError:
        assume(False)  # it never opens
    begin, end = near - timedelta(days=6), near + timedelta(days=6)
    truth = Oracle(doc, begin, end)
    for _ in range(6):
        a, b = (near + timedelta(minutes=rnd.randint(-3000, 3000)) for _ in range(2))
        minutes = rnd.choice((1, -1, 480, rnd.randint(-2000, 2000)))
        assert found.between(a, b) == truth.between(a, b) * 60
        assert found.windows(a, b) == truth.runs(a, b)
        wanted = truth.add(a, minutes)
        if wanted is not None and begin + timedelta(days=2) < wanted < end - timedelta(days=2):
            assert found.add(a, minutes * 60) == wanted
        wanted = truth.next_open(a)
        if wanted is not None and wanted < end - timedelta(days=2):
            assert found.next_open(a) == wanted


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(-(10**8), 10**8))
def test_add_and_between_are_inverse(rnd: Any, tenths: Any) -> None:
    doc, near = calendar_case(rnd)
    try:
        found = parse_calendar(doc)
        start = near + timedelta(seconds=rnd.randint(-(10**6), 10**6))
        assert found.between(start, found.add(start, tenths / 10)) == tenths / 10
    except CalendarError:
        assume(False)  # it never opens, or not often enough


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False), st.lists(st.integers(-(10**7), 10**7), min_size=3, max_size=3))
def test_open_time_of_two_ranges_is_that_of_both_and_the_sum_of_the_windows(rnd: Any, seconds: Any) -> None:
    doc, near = calendar_case(rnd)
    try:
        found = parse_calendar(doc)
    except CalendarError:
        assume(False)
    a, b, c = sorted(near + timedelta(seconds=s) for s in seconds)
    assert found.between(a, b) + found.between(b, c) == found.between(a, c) == -found.between(c, a)
    windows = found.windows(a, c)
    assert sum((closing - opening).total_seconds() for opening, closing in windows) == found.between(a, c)
    assert all(left[1] < right[0] for left, right in itertools.pairwise(windows))
    assert all(opening.tzinfo is UTC for opening, _ in windows)


def test_far_years_are_like_near_ones_but_for_special_dates() -> None:
    # The rules of a zone repeat with the calendar, every 400 years.
    office = calendar(
        OFFICE | {"sun": [["01:00", "04:00"]]}, holidays=["2802-03-10"]
    )  # a Sunday, in the gap's week
    near = office.between(at("2400-01-01T00:00:00Z"), at("2410-01-01T00:00:00Z"))
    far = office.between(at("2800-01-01T00:00:00Z"), at("2810-01-01T00:00:00Z"))
    assert near - far == 2 * 3600
