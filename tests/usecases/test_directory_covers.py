"""Who stands in, and what is theirs to do, as the directory file has it: covers, feeds, teams, trades."""

from __future__ import annotations

import re

import pytest
from directory_files import SMALL, errors_of, read, with_change

from app.documents import DocumentError
from app.usecases.directory_file import parse_directory


def test_covers_feeds_and_teams_are_read() -> None:
    feed = "https://calendar.example/dana.ics?key=1"
    file = read(
        ("    language: es\n", "    cover: team:night\n"),
        ("{email: Dana@Tidewell.example}]", f"{{email: Dana@Tidewell.example}}]\n    leave_feed: {feed}"),
        ("people:\n  - key: dana", "teams: {night: [ruth, dana, ruth]}\npeople:\n  - key: dana"),
    )
    assert file.teams == {"night": ("dana", "ruth")}
    assert (file.people["sam"].cover, file.people["dana"].leave_feed) == ("team:night", feed)


def _covers(*pairs: tuple[str, str]) -> str:
    people = [
        f"  - {{key: {key}, name: {key}, roles: [rep], methods: [{{email: {key}@a.example}}], cover: {cover}}}\n"
        for key, cover in pairs
    ]
    return f"people:\n{''.join(people)}  - key: dana"


@pytest.mark.parametrize(
    ("pairs", "error"),
    [
        ([("a", "a")], "17:98: covers go in a circle: a -> a"),
        ([("a", "b"), ("b", "c"), ("c", "b")], "18:98: covers go in a circle: b -> c -> b"),
        ([("a", "dan")], "17:98: no person 'dan'; did you mean 'dana'?"),
        ([("a", "team:night")], "17:98: no team 'night'"),
        (
            [(str(n), f"{n + 1}") for n in range(1, 6)] + [("6", "dana")],
            "17:98: 6 covers in a row; at most 5",
        ),
    ],
)
def test_covers_that_lead_nowhere_are_mistakes(pairs: list[tuple[str, str]], error: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(("people:\n  - key: dana", _covers(*pairs)))
    (problem,) = caught.value.problems
    assert re.sub(r":\d+: ", ":98: ", str(problem).removeprefix("c.yaml:"), count=1) == error


def test_a_trade_that_the_rulebook_lacks_is_a_mistake() -> None:
    trades = ("plumbing", "hvac", "electrical")
    assert parse_directory(SMALL, "c.yaml", trades=trades) == read()
    wrong = with_change("[plumbing, hvac]", "[plumbin, hvac]")
    assert errors_of(wrong, trades=trades) == [
        "53:28: the rulebook has no trade 'plumbin'; did you mean 'plumbing'?"
    ]
