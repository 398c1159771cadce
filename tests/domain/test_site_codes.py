"""Site codes in free text, and the numbers that are none."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from app.domain.site_codes import site_mentions
from app.domain.spoken import digits_for_words

MESSAGES = Path(__file__).parents[1] / "data" / "messages.csv"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("water coming through ceiling aisle 7, store 114", ("114",)),
        ("no lights at #412", ("412",)),
        ("site-0303 is cold", ("0303",)),
        ("cortina #9 closed", ("9",)),
        ("ladies room backed up, st 85. mens ok", ("85",)),
        ("no hay luz, tienda número 77", ("77",)),
        ("fuite d'eau\nSucc. 17 - Rosaire", ("17",)),
        ("Regards\nMarlow & Finch 60", ("60",)),
        ("0098 Ottoline Marsh", ("0098",)),
        ("M&F 52, Hedy", ("52",)),
        ("sink dripping, put a cup under. 114", ("114",)),
        ("this is store two oh eight our freezer is warm", ("208",)),
        ("its store four twelve", ("412",)),
        ("mailbox store0098@pantryrow.example is full", ("0098",)),
        ("the one at cortina 21, other two keep up", ("21",)),
    ],
)
def test_codes(text: str, codes: tuple[str, ...]) -> None:
    assert site_mentions(text) == codes


@pytest.mark.parametrize(
    "text",
    [
        "we open at 8. its 530 now",
        "power out since 640",
        "its 94 inside",
        "dairy case reading 158",
        "call me 617-555-0151",
        "call me at five five five oh one one eight",
        "my ticket #1042x and order #204417",
        "quoted $450 and then $1,180",
        "aisle 7, lane 12, register #3",
        "booth #12 is ripped",
        "we called 911",
        "100 customers and 200 cases",
        "WO 77120-C",
        "ready by 10:20 or at 2 pm",
        "",
    ],
)
def test_other_numbers(text: str) -> None:
    assert site_mentions(text) == ()


def test_named_sites_come_first() -> None:
    assert site_mentions("fryer 305 is down, store 114")[0] == "114"


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("two oh eight", "208"),
        ("one fifty three", "153"),
        ("one hundred and fourteen", "114"),
        ("zero two forty five", "0245"),
        ("tienda cuarenta y dos", "tienda 42"),
        ("doscientos ocho", "208"),
        ("no one in it", "no one in it"),
        ("oh my", "oh my"),
    ],
)
def test_spoken_numbers(spoken: str, written: str) -> None:
    assert digits_for_words(spoken) == written


def test_labelled_messages() -> None:
    with MESSAGES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wrong = []
    for row in rows:
        found = site_mentions(f"{row['subject']}\n{row['text']}")
        first = found[0] if found else ""
        if first.lstrip("0") != row["site_code"].lstrip("0"):
            wrong.append((row["id"], row["site_code"], found))
    assert len(wrong) <= 2, wrong
