"""The index only saves work: with it, each message is decided as if all rules were asked one by one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.classification import Facts
from app.rulebook.compiling import Key, needed_keys
from app.rulebook.expression import parse_expression
from app.rulebook.revision import Rulebook, load
from app.rulebook.view import view_of
from tests.rulebook.folders import ROUTING, write

CONDITIONS = [
    "words.flood && account.key == 'a'",
    "text.contains('pump 3') || subject.contains('pump')",
    "text.matches('unit [0-9]+ (down|off)') && !words.leak",
    "text.startsWith('re ') || text.endsWith('please')",
    "site.code in ['7', '8'] && local.hour < 6",
    "'b' == account.key && text.contains('.')",
    "near(words.flood, words.leak, 2)",
    "kind == 'chase'",
    "text.contains('') && pictures > 1",
    "!(text.contains('x') || contact.known)",
]
PIECES = [
    "pump 3",
    "pump",
    "unit 12 down",
    "re ",
    "please",
    "flooding",
    "no leak",
    "leaking",
    ".",
    "x",
    "any news",
]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    rules = "".join(
        f"  - {{name: rule {n}, when: {json.dumps(when)}, add: [t{n}]}}\n"
        for n, when in enumerate(CONDITIONS)
    )
    routing = ROUTING.replace("tags:\n", f"tags:\n{rules}")
    return load(write(tmp_path_factory.mktemp("book"), routing=routing))


FACTS = st.builds(
    Facts,
    text=st.lists(st.sampled_from(PIECES), max_size=5).map(" ".join),
    subject=st.sampled_from(["", "pump", "hello"]),
    account=st.sampled_from(["", "a", "b"]),
    site=st.sampled_from(["", "7", "9"]),
    local_hour=st.sampled_from([3, 12]),
    pictures=st.integers(0, 2),
)


@settings(max_examples=150, deadline=None)
@given(facts=FACTS)
def test_with_the_index_the_same_rules_match(book: Rulebook, facts: Facts) -> None:
    found = book.classify(facts)
    view = view_of(facts, book._parts.vocabulary)
    view.values.update(life_safety=found.life_safety, trade=found.trade, priority=found.priority)
    one_by_one = [rule.name for rule in book._parts.stages.tags.rules if rule.condition(view)]
    assert [step.rule for step in found.trace if step.stage == "tags" and step.matched] == one_by_one
    assert found.rules[2:] == tuple(one_by_one)
    quick, route = book.decide(facts)
    assert (quick.priority, quick.trade, quick.tags) == (found.priority, found.trade, found.tags)
    assert route.ladder == book.route(facts, found).ladder


@pytest.mark.parametrize(
    ("source", "keys"),
    [
        ("words.a && text.contains('b')", {Key("words", "a")}),
        ("text.contains('b') && channel == 'sms'", {Key("contains", "text", "b")}),
        (
            "text.contains('b') || channel == 'sms'",
            {Key("contains", "text", "b"), Key("is", "channel", "sms")},
        ),
        ("!words.a || local.hour > 3", None),
        ("text.contains('')", None),
        ("has_words('a') && !words.b", {Key("words", "a")}),
    ],
)
def test_the_rarest_thing_that_a_rule_needs_is_its_key(source: str, keys: set[Key] | None) -> None:
    assert needed_keys(parse_expression(source)) == keys
