"""How the default rules read messages that were written before anybody looked at how they are read.

The thresholds are those of the whole file: a change may lose one message and win another.
"""

from __future__ import annotations

import csv

import pytest
from folders import ROOT, RULES

from app.rulebook.revision import load
from app.rulebook.score import compare, score

BLIND = ROOT / "tests" / "data" / "blind_messages.csv"
AT_LEAST = {
    "P1 rated P1 or P2": 0.98,
    "P1 rated P1": 0.95,
    "trade right": 0.90,
    "kind right": 0.96,
    "site right": 0.97,
}


@pytest.fixture(scope="module")
def figures() -> dict[str, float]:
    with BLIND.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return dict(compare(rows, score(load(RULES), rows)).figures)


@pytest.mark.parametrize("name", AT_LEAST)
def test_they_are_read_well(figures: dict[str, float], name: str) -> None:
    assert figures[name] >= AT_LEAST[name]


def test_nobody_is_woken_for_nothing(figures: dict[str, float]) -> None:
    assert figures["P3 or P4 rated P1"] <= 0.05
