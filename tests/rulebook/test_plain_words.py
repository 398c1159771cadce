"""Conditions in plain words."""

from __future__ import annotations

import pytest

from app.rulebook.plain_words import in_words
from app.rulebook.revision import load
from tests.rulebook.folders import RULES


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("true", "always"),
        ("words.flood && !words.leak", "a word of the list flood and no word of the list leak"),
        (
            'local.hour >= 20 || local.hour < 7 && account.tier == "gold"',
            "the hour at the site is at least 20 or (the hour at the site is less than 7 and the account's tier is gold)",
        ),
        (
            'priority in ["P1", "P2"] && trade != ""',
            "the priority is one of P1, P2 and the trade is not unknown",
        ),
        (
            "near(words.a, words.b) && !only(words.c)",
            "a word of the list a within 5 words of one of b and not (nothing but words of the list c)",
        ),
        ('text.contains("pump 3")', 'the text contains "pump 3"'),
        ("life_safety && !site.known", "somebody may be in danger and not: we know which site it is about"),
    ],
)
def test_conditions_read_as_sentences(source: str, words: str) -> None:
    assert in_words(source) == words


def test_every_default_rule_has_words() -> None:
    routing = load(RULES).routing
    for stage in (routing.life_safety, routing.trade, routing.priority, routing.tags, routing.route):
        for rule in stage:
            assert in_words(rule.when)
            assert "Binary" not in in_words(rule.when)
