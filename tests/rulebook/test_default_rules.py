"""The rules that ship: their examples hold, and they are as good on labelled messages as the docs say."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from folders import ROOT, ROUTING, RULES, write
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from app.__main__ import cli
from app.domain.classification import KINDS, PRIORITIES, Facts
from app.rulebook.examples import Failure, check, run_examples
from app.rulebook.revision import Rulebook, load
from app.rulebook.score import compare, score

BOOK = load(RULES)
MESSAGES = ROOT / "tests" / "data" / "messages.csv"


@pytest.fixture
def book() -> Rulebook:
    return BOOK


def rows() -> list[dict[str, str]]:
    with MESSAGES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_example_is_decided_by_its_rule(book: Rulebook) -> None:
    assert run_examples(book) == []


def test_nothing_looks_unfinished() -> None:
    report = check(RULES)
    assert (report.usable, report.warnings) == (True, ())


def test_the_goals_on_labelled_messages(book: Rulebook) -> None:
    figures = compare(rows(), score(book, rows())).figures
    assert figures["P1 rated P1 or P2"] >= 0.97
    assert figures["P1 rated P1"] >= 0.90
    assert figures["P3 or P4 rated P1"] <= 0.10
    assert figures["trade right"] >= 0.85
    assert figures["kind right"] >= 0.95
    assert figures["site right"] >= 0.95


def test_labels_are_never_read(book: Rulebook) -> None:
    bare = [{name: row[name] for name in ("id", "channel", "subject", "text")} for row in rows()]
    assert list(score(book, bare)) == list(score(book, rows()))


@pytest.mark.parametrize(
    ("text", "priority", "trade"),
    [
        ("water coming through ceiling aisle 7, store 114", "P1", "roofing"),
        ("walk-in cooler at 52F store 114", "P1", "refrigeration"),
        ("toilet clogged in the only restroom", "P2", "plumbing"),
        ("need a price for two more outlets", "P4", "electrical"),
    ],
)
def test_messages_of_the_guides(book: Rulebook, text: str, priority: str, trade: str) -> None:
    answer = book.classify(Facts(text=text))
    assert (answer.kind, answer.priority, answer.trade) == ("new", priority, trade)


@pytest.mark.parametrize(
    ("tier", "hour", "ladder", "sla"),
    [
        ("", 3, "night_urgent", "standard"),
        ("", 12, "day_urgent", "standard"),
        ("gold", 12, "day_urgent", "premium"),
        ("gold", 22, "night_urgent", "premium"),
    ],
)
def test_routes(book: Rulebook, tier: str, hour: int, ladder: str, sla: str) -> None:
    facts = Facts(text="water everywhere", tier=tier, local_hour=hour)
    route = book.route(facts, book.classify(facts))
    assert (route.ladder, route.sla) == (ladder, sla)


def test_an_example_that_fails_says_who_decided(tmp_path: Path) -> None:
    changed = ROUTING.replace(
        "examples: [water everywhere]", "examples: [a leak]\n    counterexamples: [flooded]"
    )
    failures = run_examples(load(write(tmp_path, routing=changed)))
    assert failures == [
        Failure(stage="priority", rule="flood", message="a leak", decided="'rest' did"),
        Failure(
            stage="priority", rule="flood", message="flooded", decided="'flood' did", counterexample=True
        ),
    ]
    assert str(failures[0]) == "priority: 'flood' should decide 'a leak', but 'rest' did"


def test_check_tells_problems_and_warnings(tmp_path: Path) -> None:
    report = check(write(tmp_path / "a", routing="trades: 3"))
    assert not report.usable
    report = check(write(tmp_path / "b"))
    file = tmp_path / "b" / "rules" / "routing.yaml"
    assert [str(warning) for warning in report.warnings] == [
        f"{file}:3:5: life_safety: 'gas' has no example",
        f"{file}:6:5: trade: 'water' has no example",
        f"{file}:9:5: trade: 'rest' has no example",
        f"{file}:16:5: priority: 'rest' has no example",
        f"{file}:19:6: tags: 'wet' has no example",
        f"{file}:21:5: route: 'by night' has no example",
        f"{file}:27:5: route: 'rest' has no example",
    ]


def test_the_commands_take_the_folder_bare_and_by_name(tmp_path: Path) -> None:
    folder = str(write(tmp_path))
    bare, named = (
        CliRunner().invoke(cli, ["rules", "test", *words]) for words in ([folder], ["--rulebook", folder])
    )
    assert (bare.exit_code, named.exit_code) == (0, 0)
    assert "1 examples: all as written." in bare.output
    assert f"warning: {folder}/routing.yaml:3:5: life_safety: 'gas' has no example" in bare.output
    assert bare.output == named.output
    assert CliRunner().invoke(cli, ["rules", "apply"]).exit_code == 2


WORDS = st.sampled_from(
    [
        "water",
        "no",
        "leak",
        "store",
        "114",
        "gas",
        "fire",
        "the",
        "toilet",
        "is",
        "everywhere",
        "52F",
        "cooler",
        "!",
        ".",
        ",",
        "yes",
        "stop",
        "\n",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORDS, max_size=30).map(" ".join) | st.text(max_size=200), st.text(max_size=30))
def test_any_message_gets_an_answer(text: str, subject: str) -> None:
    answer = BOOK.classify(Facts(text=text, subject=subject, channel="email"))
    assert answer.priority in PRIORITIES
    assert answer.kind in KINDS
    assert BOOK.route(Facts(text=text), answer).ladder in BOOK.ladders


def test_what_says_too_little_is_vague() -> None:
    for text in ("please use the back door", "pls call me", "hello?"):
        assert BOOK.classify(Facts(text=text)).vague, text
    for text in ("ac is not cooling either", "power just went out", "smells like gas in here"):
        assert not BOOK.classify(Facts(text=text)).vague, text
