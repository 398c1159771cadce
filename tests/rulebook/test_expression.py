"""Conditions: the grammar, what is wrong and where, and that nothing breaks the parser or makes it slow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rulebook.checking import Scope, problems_of
from app.rulebook.expression import Binary, ExpressionError, Literal, Name, Not, parse_expression
from app.rulebook.schema import facts_for
from tests.counting import calls_of

SCOPE = Scope(facts_for("route", ("plumbing", "other")), frozenset({"flood", "leak"}))


def wrong(source: str) -> list[str]:
    """Return what is wrong with `source`, each with its offset."""
    try:
        tree = parse_expression(source)
    except ExpressionError as error:
        return [f"{error.offset}: {error}"]
    return [f"{problem.offset}: {problem}" for problem in problems_of(tree, SCOPE)]


def test_precedence_is_that_of_cel() -> None:
    tree = parse_expression("!a && b == 1 || c")
    assert isinstance(tree, Binary)
    assert tree.op == "||"
    assert isinstance(tree.left, Binary)
    assert tree.left.op == "&&"
    assert isinstance(tree.left.left, Not)
    assert isinstance(tree.left.right, Binary)
    assert tree.left.right.op == "=="


def test_literals_and_comments() -> None:
    tree = parse_expression("site.code == 'a\\'b' // the quiet one")
    assert isinstance(tree, Binary)
    assert isinstance(tree.left, Name)
    assert tree.left.name == "site.code"
    assert isinstance(tree.right, Literal)
    assert tree.right.value == "a'b"


@pytest.mark.parametrize(
    "source",
    [
        "words.flood && !words.leak",
        'has_words("flood")',
        "near(words.flood, words.leak) || near(words.flood, words.leak, 9)",
        "only(words.flood) || starts(words.leak) || ends(words.leak)",
        'text.contains("x") && subject.startsWith("re:") && text.matches("^a+$")',
        'priority in ["P1", "P2"] && "wet" in tags',
        "local.hour >= 20 || local.hour < 7 && contact.known",
        'trade == "" || trade == "plumbing"',
        "degrees.low < -10",
        "true",
    ],
)
def test_right_conditions(source: str) -> None:
    assert wrong(source) == []


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("priorty == 'P1'", "0: unknown fact 'priorty'; did you mean 'priority'?"),
        ("words.fload", "0: unknown word list 'fload'; did you mean 'flood'?"),
        ("flood", "0: 'flood' is a word list; did you mean 'words.flood'?"),
        ("priority == 'p1'", "12: priority is never 'p1'; did you mean 'P1'?"),
        ("channel in ['sms', 'emial']", "19: channel is never 'emial'; did you mean 'email'?"),
        ("trade == 'plumming'", "9: trade is never 'plumming'; did you mean 'plumbing'?"),
        ("local.hour == '8'", "11: a number cannot be compared with a text"),
        ("channel < 'sms'", "8: < compares numbers, this is a text"),
        ("local.hour", "0: a condition is true or false, this is a number"),
        ("!local.hour", "1: ! needs something true or false, this is a number"),
        (
            "words.flood && tickets.open",
            "15: && needs something true or false on both sides, this is a number",
        ),
        ("text.contains(3)", '5: .contains() takes one text in quotes, as in .contains("x")'),
        ("text.contians('x')", "5: unknown function 'contians'; did you mean 'contains'?"),
        ("text.matches('(a')", "13: this pattern is not valid: missing ): (a"),
        ("near(words.flood)", "0: near() is written near(words.a, words.b) or near(words.a, words.b, 6)"),
        ("only('x')", "5: a word list belongs here: only(words.a)"),
        ("words.flood and words.leak", "12: 'and' is not an operator; did you mean '&&'?"),
        ("not words.flood", "0: 'not' is not an operator; did you mean '!'?"),
        ("priority = 'P1'", "9: '=' is not known here; did you mean '=='?"),
        ("priority == 'P1", "12: this text has no closing '"),
        ("words.flood &&", "14: something is missing at the end: a fact, a text, a number or a bracket"),
        ("(words.flood", "12: something is missing at the end: ')'"),
        ("words.flood words.leak", "12: 'words' does not fit here; wanted an operator such as && or the end"),
        ("1 < local.hour < 3", "15: comparisons do not chain; join them with &&"),
        ("local.hour == 1.5", "14: only whole numbers of up to nine digits are known here"),
        ("text.contains('a\\d')", "16: '\\\\d' is no known escape; write \\\\ for a backslash"),
        ("priority in 'P1'", "12: in needs a list on its right, this is a text"),
        ("priority in [1]", "13: a list holds texts, this is a number"),
        ("", "0: something is missing at the end: a fact, a text, a number or a bracket"),
    ],
)
def test_wrong_conditions_say_what_would_be_right(source: str, message: str) -> None:
    assert wrong(source) == [message]


def test_all_mistakes_are_told_at_once() -> None:
    assert len(wrong("words.fload && priorty == 'P1' || local.hour == 'x'")) == 3


@pytest.mark.parametrize(
    "source",
    ["!" * 3000 + "a", "(" * 3000 + "a", " && ".join(["a"] * 300), "[" * 500, "a" * 5000, "a." * 1000 + "b"],
)
def test_size_is_bounded(source: str) -> None:
    # What is too long is refused before it is read to its end; how long that takes is measured in bench/rules.py.
    assert wrong(source)
    assert calls_of(lambda: wrong(source)) < 25_000


PIECES = st.sampled_from(
    [
        "words.flood",
        "text",
        "(",
        ")",
        "[",
        "]",
        ",",
        "&&",
        "||",
        "!",
        "==",
        "<",
        "in",
        "'x'",
        '"',
        "near",
        ".",
        "3",
        "-",
        "text.matches('a*')",
        "local.hour",
        "tags",
        "é",
        "//",
        "=",
        "true",
        "\n",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=25).map(" ".join) | st.text(max_size=60))
def test_any_text_is_right_or_has_a_place(source: str) -> None:
    for problem in wrong(source):
        offset = int(problem.split(":")[0])
        assert 0 <= offset <= len(source)
