"""How the default rules read messages that were written before anybody looked at how they are read.

The thresholds are those of the whole file: a change may lose one message and win another.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from folders import ROOT, RULES

from app.rulebook.revision import load
from app.rulebook.score import compare, score

BLIND = ROOT / "tests" / "data" / "blind_messages.csv"
UNSEEN = ROOT / "tests" / "data" / "unseen_messages.csv"
EMERGENCIES = ROOT / "tests" / "data" / "emergencies.csv"
AT_LEAST = {
    "P1 rated P1 or P2": 0.98,
    "P1 rated P1": 0.95,
    "trade right": 0.90,
    "kind right": 0.96,
    "site right": 0.97,
}


def figures_of(path: Path) -> dict[str, float]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return dict(compare(rows, score(load(RULES), rows)).figures)


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    return figures_of(BLIND)


@pytest.mark.parametrize("name", AT_LEAST)
def test_they_are_read_well(figures: dict[str, float], name: str) -> None:
    assert figures[name] >= AT_LEAST[name]


def test_nobody_is_woken_for_nothing(figures: dict[str, float]) -> None:
    assert figures["P3 or P4 rated P1"] <= 0.05


def test_messages_of_which_nothing_was_learned_are_read_well() -> None:
    """By writers who had seen no list. Whoever learns words or writes rules from them has to find others."""
    figures = figures_of(UNSEEN)
    assert figures["P1 rated P1 or P2"] >= 0.97
    assert figures["P1 rated P1"] >= 0.95
    assert figures["P3 or P4 rated P1"] <= 0.06
    assert figures["trade right"] >= 0.88
    assert figures["kind right"] >= 0.96


def test_emergencies_are_told_however_they_are_said() -> None:
    """Short emergencies of every trade, in the ways in which people who never read our lists say them."""
    with EMERGENCIES.open(encoding="utf-8", newline="") as file:
        rows = [{"id": row["text"], "channel": "sms", "subject": "", **row} for row in csv.DictReader(file)]
    said = {prediction.id: prediction for prediction in score(load(RULES), rows)}
    told = [row for row in rows if said[row["id"]].priority == "P1"]
    right = [row for row in rows if said[row["id"]].trade == row["trade"]]
    assert [row["id"] for row in rows if said[row["id"]].priority in {"P3", "P4"}] == []
    assert len(told) >= 0.96 * len(rows)
    assert len(right) >= 0.90 * len(rows)
