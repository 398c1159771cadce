"""Tables of phrases: google-re2 looks first, and what it passes by holds none of them."""

from __future__ import annotations

import csv
import random
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain import (
    replies_signals_answers,
    replies_signals_senders,
    replies_signals_things,
    replies_signals_visits,
)
from app.domain.replies_signals import Signal, anywhere
from app.domain.spelling import fold

TABLES = (replies_signals_answers, replies_signals_senders, replies_signals_things, replies_signals_visits)
SIGNALS = {
    f"{table.__name__.rpartition('_')[2]}.{name}": signal
    for table in TABLES
    for name, signal in vars(table).items()
    if isinstance(signal, Signal)
}
MESSAGES = Path(__file__).parents[1] / "data" / "messages.csv"


@cache
def messages() -> tuple[str, ...]:
    with MESSAGES.open(encoding="utf-8", newline="") as file:
        return tuple(fold(row["text"]) for row in csv.DictReader(file))


def same(text: str) -> None:
    """Each signal says what Python's pattern alone would."""
    for name, signal in SIGNALS.items():
        found, exact = signal.search(text), signal.exact.search(text)
        assert (found and found.span()) == (exact and exact.span()), (name, text)


def test_nothing_is_passed_by_in_real_messages() -> None:
    assert len(SIGNALS) > 30
    for text in messages():
        same(text)


WORDS = sorted(
    {word for signal in SIGNALS.values() for word in re.findall(r"[a-z]{2,}|\d", signal.exact.pattern)}
)
PIECES = st.sampled_from(WORDS) | st.sampled_from(
    [" ", "?", "!", ".", ",", "-", "#", "4", "\n", "\U0001f44d", "ß", "\x1f"]
)


@given(st.lists(PIECES, max_size=25).map(" ".join) | st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_nothing_is_passed_by_in_any_text(text: str) -> None:
    same(text)


def test_nothing_is_passed_by_in_shuffled_messages() -> None:
    chance = random.Random(7)
    words = " ".join(messages()).split()
    for _ in range(60):
        same(" ".join(chance.choices(words, k=12)))


@pytest.mark.parametrize(
    ("table", "text", "found"),
    [
        (r"(?:any|no) (?:news|word)(?= yet|$)", "so is there any word yet", "any word"),
        (r"(?:any|no) (?:news|word)(?= yet|$)", "any word of that", None),
        (r"(?<!send )nobody(?! else)", "nobody came", "nobody"),
        (r"(?<!send )nobody(?! else)", "we send nobody", None),
        (r"(?<!send )nobody(?! else)", "anybody", None),
        ("^bump\\W*$\n  thanks|\\\n    ty", "bump!!", "bump!!"),
        ("^bump\\W*$\n  thanks|\\\n    ty", "ok ty", "ty"),
        (r"fine[)\]!]|(?<=[(\[ ])ok\b", "(ok)", "ok"),
        (r"\U0001f44d|\u00e9t\u00e9", "well \U0001f44d", "\U0001f44d"),
        (r"caf\w+", "the caf\u00e9s", "caf\u00e9s"),
        (r"HE (?:came|left)", "the plumber left us", "plumber left"),
    ],
)
def test_lookarounds_still_decide(table: str, text: str, found: str | None) -> None:
    match = anywhere(table).search(text)
    assert (match and match.group()) == found


def test_all_matches_are_found_and_replaced() -> None:
    signal = anywhere("smoke(?! detector)|fire")
    assert [match.group() for match in signal.finditer("fire, smoke, smoke detector, fires")] == [
        "fire",
        "smoke",
    ]
    assert list(signal.finditer("water")) == []
    assert signal.sub("x", "fire and smoke") == "x and x"
    assert signal.sub("x", "water") == "water"


def test_what_google_re2_would_read_otherwise_is_refused() -> None:
    with pytest.raises(ValueError, match="write"):
        anywhere(r"so{,3} late")
