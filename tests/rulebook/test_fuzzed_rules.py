"""Whatever somebody writes into a condition or a message: no crash, bounded work, and the same answers."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.classification import Facts
from app.rulebook.checking import Scope, problems_of
from app.rulebook.compiling import _near, compile_condition, needed_keys
from app.rulebook.expression import ExpressionError, parse_expression
from app.rulebook.plain_words import in_words
from app.rulebook.revision import Rulebook, from_document, load
from app.rulebook.schema import facts_for
from app.rulebook.view import MessageView, view_of
from tests.counting import calls_of
from tests.rulebook.folders import RULES, write

ATOMS = st.sampled_from(
    [
        "words.flood",
        "words.leak",
        "near(words.flood, words.leak, 2)",
        "only(words.flood)",
        "starts(words.leak)",
        "ends(words.flood)",
        "has_words('gas')",
        "text.contains('water')",
        "subject.startsWith('re')",
        "text.endsWith('now')",
        "text.matches('(a+)+$')",
        "channel == 'sms'",
        "'sms' != channel",
        "kind in ['new', 'chase']",
        "local.hour >= 20",
        "length < 3",
        "site.known",
        "'wet' in tags",
        "life_safety",
        "trade == ''",
        "priority == 'P1'",
        "true",
    ]
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
        | inner.map(lambda c: f"!({c})")
    ),
    max_leaves=12,
)
WORDS = st.sampled_from(
    [
        "water",
        "flood",
        "flooding",
        "leak",
        "smoke",
        "no",
        "but",
        "aaaa",
        "now",
        "72F",
        "😀",
        "\x00",
        "114",
        "re",
    ]
)
FACTS = st.builds(
    Facts,
    text=st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=60),
    subject=st.sampled_from(["", "re: leak", "hello"]),
    channel=st.sampled_from(["sms", "email", "voice", "web"]),
    site=st.sampled_from(["", "114"]),
    local_hour=st.integers(0, 23),
)


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load(RULES)


@pytest.fixture(scope="module")
def stored(book: Rulebook) -> Rulebook:
    return from_document(copy.deepcopy(dict(book.document)))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    return load(write(tmp_path_factory.mktemp("small")))


def seen(book: Rulebook, facts: Facts) -> MessageView:
    view = view_of(facts, book._parts.vocabulary)
    view.values.update(life_safety=False, trade="", priority="P1", tags=("wet",))
    return view


@settings(max_examples=150, deadline=None)
@given(source=CONDITIONS, facts=FACTS)
def test_a_condition_that_was_checked_never_fails_and_never_lacks_its_key(
    small: Rulebook, source: str, facts: Facts
) -> None:
    try:
        tree = parse_expression(source)
    except ExpressionError:
        return  # too many parts
    assert problems_of(tree, Scope(facts_for("route", ("plumbing",)), {"flood", "leak", "gas"})) == []
    view = seen(small, facts)
    matched = compile_condition(tree)(view)
    assert in_words(source)
    keys = needed_keys(tree)
    if matched and keys is not None:
        texts: dict[str, Any] = {
            "contains": str.__contains__,
            "startsWith": str.startswith,
            "endsWith": str.endswith,
            "matches": lambda *_: True,
        }
        assert any(
            key.name in view.hits
            if key.kind == "words"
            else view.values[key.name] == key.value
            if key.kind == "is"
            else texts[key.kind](str(view.values[key.name]), key.value)
            for key in keys
        )


@settings(max_examples=100, deadline=None)
@given(facts=FACTS)
def test_a_rulebook_that_was_stored_decides_the_same(book: Rulebook, stored: Rulebook, facts: Facts) -> None:
    """What replay relies on: with an unchanged rulebook nothing differs."""
    found = book.classify(facts)
    assert stored.classify(facts) == found
    assert stored.decide(facts) == book.decide(facts)
    quick, route = book.decide(facts)
    assert (quick.priority, quick.trade, quick.tags, quick.rules) == (
        found.priority,
        found.trade,
        found.tags,
        found.rules,
    )
    assert sorted(s.rule for s in found.trace if s.matched) == sorted(found.rules)
    asked = book.route(facts, found)
    assert (asked.ladder, asked.sla, asked.also_notify) == (route.ladder, route.sla, route.also_notify)


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 4)), max_size=8).map(
    lambda pairs: sorted((start, start + length) for start, length in pairs)
)


@given(some=SPANS, others=SPANS, within=st.integers(0, 8))
def test_near_is_what_comparing_every_pair_says(
    some: list[tuple[int, int]], others: list[tuple[int, int]], within: int
) -> None:
    pairs = [(a, b) for a in some for b in others]
    expected = any(b[0] - a[1] <= within and a[0] - b[1] <= within for a, b in pairs)
    assert _near(some, others, within) is expected


LONG = {
    "one word": "a" * 20_000,
    "one list": "leak " * 4000,
    "two lists apart": "flood " * 700 + "x " * 50 + "kitchen " * 700,
    "accents": "é" * 20_000,
    "digits": "1234 " * 4000,
    "marks": "!?.," * 5000,
    "quotes": "> " * 10_000,
    "lines": "x\n" * 10_000,
    "degrees": "at 72 degrees " * 1400,
    "noise": " ".join(random.Random(1).choices(["door", "stuck", "no", "water", "qwzx", "on"], k=4000)),
}


def calls_for(book: Rulebook, text: str) -> int:
    """Return the calls for a message whose words were met before, though not in this message."""
    book.classify(Facts(text=text, channel="email", open_tickets=1))
    return calls_of(lambda: book.classify(Facts(text=text, channel="email", open_tickets=2)))


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_work_grows_no_faster_than_the_message(book: Rulebook, text: str) -> None:
    # How long that takes is measured in bench/rules.py.
    half, whole = calls_for(book, text[: len(text) // 2]), calls_for(book, text)
    assert whole <= 2.5 * half + 2000


def test_no_more_of_a_message_is_read_than_its_beginning(book: Rulebook) -> None:
    beginning = "leak " * 4000
    longer = beginning + "flood " * 100_000
    assert book.classify(Facts(text=longer)) == book.classify(Facts(text=beginning))
    assert calls_for(book, longer) <= 1.5 * calls_for(book, beginning)
