from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import CloseloopError
from app.domain.escalation import (
    Ladder,
    LadderError,
    Level,
    Next,
    Position,
    answer,
    following,
    parse_ladder,
    plan,
)

Doc = dict[str, object]
START = datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NOTHING = timedelta(0)

LEVELS = [
    {"notify": ["account_manager"], "after": "0m"},
    {"notify": ["service_manager", "schedule:night"], "after": "10m"},
    {"notify": ["duty_manager"], "after": "15m"},
]
NIGHT = {
    "timezone": "America/New_York",
    "layers": [
        {
            "people": ["ana", "ben"],
            "rotation": {"unit": "weekly", "length": 1, "starts": "2026-01-05T08:00"},
            "within": {"mon": [["17:00", "08:00"]]},
        }
    ],
}
ROLES = {"account_manager": ["ana"], "service_manager": ["sam"], "duty_manager": ["dora"]}


def question(**changes: object) -> Doc:
    return {
        "id": 1,
        "ask": "escalation.plan",
        "start": "2026-03-08T07:30:00Z",
        "policy": {"levels": LEVELS, "repeat": 1},
        "schedules": {"night": NIGHT},
        "roles": ROLES,
    } | changes


def lines(**changes: object) -> list[tuple[str, int, int, list[str]]]:
    """The answer as (clock, round, level, people); the exhausted line has round and level 0."""
    found = answer(question(**changes))
    assert [line.get("exhausted", False) for line in found] == [False] * (len(found) - 1) + [True]
    return [(line["at"][11:16], line.get("round", 0), line.get("level", 0), line["people"]) for line in found]


def test_every_level_of_every_round_and_then_the_duty_managers() -> None:
    assert lines() == [
        ("07:30", 1, 1, ["ana"]),
        ("07:40", 1, 2, ["sam"]),
        ("07:55", 1, 3, ["dora"]),
        ("08:10", 2, 1, ["ana"]),
        ("08:20", 2, 2, ["sam"]),
        ("08:35", 2, 3, ["dora"]),
        ("08:50", 0, 0, ["dora"]),
    ]


def test_a_level_that_finds_nobody_moves_on_without_a_wait() -> None:
    assert lines(roles=ROLES | {"account_manager": []}) == [
        ("07:30", 1, 1, []),
        ("07:30", 1, 2, ["sam"]),
        ("07:45", 1, 3, ["dora"]),
        ("08:00", 2, 1, []),
        ("08:00", 2, 2, ["sam"]),
        ("08:15", 2, 3, ["dora"]),
        ("08:30", 0, 0, ["dora"]),
    ]
    assert lines(roles=ROLES | {"service_manager": [], "duty_manager": []}) == [
        ("07:30", 1, 1, ["ana"]),
        ("07:40", 1, 2, []),
        ("07:40", 1, 3, []),
        ("07:40", 2, 1, ["ana"]),
        ("07:50", 2, 2, []),
        ("07:50", 2, 3, []),
        ("07:50", 0, 0, []),
    ]


def test_a_level_without_targets_finds_nobody() -> None:
    levels = [LEVELS[0], {"notify": [], "after": "10m"}, LEVELS[2]]
    assert lines(policy={"levels": levels}) == [
        ("07:30", 1, 1, ["ana"]),
        ("07:40", 1, 2, []),
        ("07:40", 1, 3, ["dora"]),
        ("07:55", 0, 0, ["dora"]),
    ]


def test_a_later_round_waits_the_last_level_and_its_own_first_one() -> None:
    levels = [{"notify": ["person:ana"], "after": "5m"}, {"notify": ["person:ben"], "after": "1h"}]
    assert lines(policy={"levels": levels, "repeat": 1}, roles={}) == [
        ("07:35", 1, 1, ["ana"]),
        ("08:35", 1, 2, ["ben"]),
        ("09:40", 2, 1, ["ana"]),
        ("10:40", 2, 2, ["ben"]),
        ("11:40", 0, 0, []),
    ]


def test_who_a_schedule_is_is_asked_at_the_instant_of_the_level() -> None:
    levels = [
        {"notify": ["schedule:night"], "after": "1h"},
        {"notify": ["schedule:night", "person:eve", "account_manager"], "after": "1h"},
    ]
    # The night window opens on Monday at 17:00 in New York, 21:00Z; in this week it is ben's.
    assert lines(policy={"levels": levels}, start="2026-03-09T19:30:00Z") == [
        ("20:30", 1, 1, []),
        ("20:30", 1, 2, ["ana", "eve"]),
        ("21:30", 0, 0, ["dora"]),
    ]
    assert lines(policy={"levels": levels}, start="2026-03-09T19:59:59Z")[:2] == [
        ("20:59", 1, 1, []),
        ("20:59", 1, 2, ["ana", "eve"]),
    ]
    assert lines(policy={"levels": levels[:1]}, start="2026-03-09T20:00:00Z")[0] == ("21:00", 1, 1, ["ben"])


def test_the_live_engine_steps_as_the_plan_does() -> None:
    ladder = parse_ladder({"levels": LEVELS, "repeat": 1})
    assert following(ladder, None, found=True) == Next(Position(1, 1), NOTHING)
    assert following(ladder, Position(1, 1), found=True) == Next(Position(1, 2), 10 * MINUTE)
    assert following(ladder, Position(1, 1), found=False) == Next(Position(1, 2), NOTHING)
    assert following(ladder, Position(1, 3), found=True) == Next(Position(2, 1), 15 * MINUTE)
    assert following(ladder, Position(2, 3), found=True) == Next(None, 15 * MINUTE)
    assert following(ladder, Position(2, 3), found=False) == Next(None, NOTHING)
    # The ladder was cut while the ticket stood on a level that is no more.
    assert following(ladder, Position(1, 7), found=True) == Next(Position(2, 1), 15 * MINUTE)
    assert following(ladder, Position(9, 3), found=True) == Next(None, 15 * MINUTE)


ladders = st.builds(
    Ladder,
    st.lists(
        st.builds(
            Level,
            st.lists(st.sampled_from(("x", "y", "z")), min_size=1, max_size=3).map(tuple),
            st.integers(0, 90).map(lambda minutes: minutes * MINUTE),
        ),
        min_size=1,
        max_size=5,
    ).map(tuple),
    st.integers(0, 4),
)


@settings(max_examples=100, deadline=None)
@given(ladders, st.sets(st.sampled_from(("x", "y", "z"))))
def test_a_plan_visits_all_levels_in_order_and_waits_only_for_people(
    ladder: Ladder, reachable: set[str]
) -> None:
    steps = plan(ladder, START, lambda target, _: [target] if target in reachable else [])
    expected = [(r, n) for r in range(1, ladder.repeat + 2) for n in range(1, len(ladder.levels) + 1)]
    assert [(s.position.round, s.position.level) for s in steps if s.position] == expected
    assert steps[-1].position is None
    waited = ladder.levels[0].after
    for before, after in pairwise(steps):
        assert (after.at - before.at == NOTHING) or before.people
    for step in steps[:-1]:
        number, last = step.position.level, step.position.level == len(ladder.levels)
        if step.people:
            waited += ladder.levels[-1 if last else number].after
            if last and step.position.round <= ladder.repeat:
                waited += ladder.levels[0].after
    assert steps[-1].at == START + waited


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"levels": LEVELS, "repeats": 1}, "policy: unknown key 'repeats'; did you mean 'repeat'"),
        ({"repeat": 1}, "'levels' is missing"),
        ({"levels": []}, "there is no level"),
        ({"levels": {}}, "policy.levels: {} is not a list"),
        ({"levels": [{"notify": ["a"]}]}, r"levels\[0\]: 'after' is missing"),
        ({"levels": [{"notify": [], "after": "1m"}]}, "at least one target"),
        ({"levels": [{"notify": "ana", "after": "1m"}]}, "notify: 'ana' is not a list"),
        ({"levels": [{"notify": ["persn:ana"], "after": "1m"}]}, "neither a role nor person:NAME"),
        ({"levels": [{"notify": ["person:"], "after": "1m"}]}, "neither a role nor person:NAME"),
        ({"levels": [{"notify": ["a"], "after": 5}]}, r"after: 5 is not a duration"),
        ({"levels": [{"notify": ["a"], "after": "9" * 5000 + "m"}]}, "is not a duration"),
        ({"levels": LEVELS, "repeat": -1}, "repeat: -1"),
        ({"levels": LEVELS, "repeat": True}, "repeat: True"),
        ({"levels": LEVELS, "repeat": 10**12}, "at most 10000"),
    ],
)
def test_a_wrong_ladder_is_refused(policy: Doc, message: str) -> None:
    with pytest.raises(LadderError, match=message):
        parse_ladder(policy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedules": {"nigth": NIGHT}}, "schedules: there is no 'night'; did you mean 'nigth'"),
        (
            {"roles": {"acount_manager": []}},
            "roles: there is no 'account_manager'; did you mean 'acount_manager'",
        ),
        ({"roles": {"account_manager": "ana"}}, "roles.account_manager: 'ana' is not a list"),
        ({"role": {}}, "unknown key 'role'"),
        ({"start": "2026-03-08T07:30:00"}, "no offset"),
        ({"start": "9999-12-31T23:59:00Z"}, "beyond the year 9999"),
        ({"schedules": {"night": {}}}, "schedules.night: 'timezone' is missing"),
    ],
)
def test_a_wrong_question_is_refused(changes: Doc, message: str) -> None:
    with pytest.raises(CloseloopError, match=message):
        answer(question(**changes))


def test_targets_are_all_that_a_ladder_names() -> None:
    names = {"account_manager", "service_manager", "schedule:night", "duty_manager"}
    assert parse_ladder({"levels": LEVELS}).targets == names
    assert parse_ladder({"levels": LEVELS}).repeat == 0
