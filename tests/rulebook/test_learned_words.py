"""Learned words: what they say of a message, where rules ask them, and what becomes of broken files."""

from __future__ import annotations

import copy
import itertools
import json
import math
import string
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents import DocumentError
from app.domain.classification import Facts, KindEstimate
from app.domain.replies_kind import settled_kind
from app.rulebook.differences import differences
from app.rulebook.features import MOST_WORDS, features_of
from app.rulebook.learned import NOTHING, LearnedWords, problems_of, read_learned
from app.rulebook.learning import Labelled, as_text, learn
from app.rulebook.revision import Rulebook, from_document, load, with_learned
from tests.rulebook.folders import ROUTING, RULES, write

TOLD = [
    ("there is hissing behind the wall", "P1", "plumbing", "new"),
    ("hissing and a squishy carpet", "P1", "plumbing", "new"),
    ("hissing again at the wall", "P1", "plumbing", "new"),
    ("a squeaky chair in the office", "P3", "other", "new"),
    ("another chair is squeaky", "P3", "other", "new"),
    ("the chair squeaky again", "P3", "other", "new"),
    ("thanks a lot", "", "", "ack_thanks"),
    ("many thanks to all", "", "", "ack_thanks"),
]
MESSAGES = [
    Labelled(text=text, subject="", priority=priority, trade=trade, kind=kind)
    for text, priority, trade, kind in TOLD
]
SECOND = """\
doubted: {priority: rest}
learned_trade:
  - name: learned trade
    when: learned.trade_sure >= 50
    trade: learned.trade
learned_priority:
  - name: learned emergency
    when: learned.p1 >= 50
    priority: P1
"""


@pytest.fixture(scope="module")
def learned() -> dict[str, object]:
    return learn(MESSAGES, {"messages": len(MESSAGES)})


@pytest.fixture(scope="module")
def small(learned: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("learned"), routing=ROUTING + SECOND)
    (folder / "learned.json").write_text(as_text(learned), encoding="utf-8")
    return folder


def test_the_same_messages_give_the_same_bytes(learned: dict[str, object]) -> None:
    assert as_text(learn(MESSAGES, {"messages": len(MESSAGES)})) == as_text(learned)
    assert json.loads(as_text(learned)) == learned


@pytest.mark.parametrize("letters", ["Z", "z", "zZ.aM"])
def test_the_longest_message_is_summed_as_word_for_word(letters: str) -> None:
    said = [f"{first}{second}aaaaa" for first in string.ascii_lowercase for second in string.ascii_lowercase]
    text = " ".join(said[:MOST_WORDS])
    features = features_of(text, "")
    assert len(features) == 3 * MOST_WORDS - 1
    letter = itertools.cycle(letters)
    words = {feature: f"20 {next(letter)}. {next(letter)} ." for feature in features}
    labels = {"priority": {"P1": 30, "P3": 0}, "trade": {"other": 0}, "kind": {"new": 0}}
    asked = LearnedWords({"labels": labels, "words": words}, ["other"])
    sums = [
        sum(place(line.split(" ")[1][at]) for line in words.values()) / math.sqrt(len(words) * 2.0**2)
        for at in (0, 1)
    ]
    share = 1 / (1 + math.exp(sums[1] - sums[0] - 0.3))
    assert asked.ask("priority", text, "").shares == {
        "P1": round(100 * share),
        "P3": round(100 - 100 * share),
    }


def test_a_stored_revision_reads_as_its_files_do() -> None:
    # Stored, the keys of a mapping lose their order.
    files = load(RULES)
    stored = from_document(json.loads(json.dumps(files.document, sort_keys=True)))
    backwards = from_document(backwards_ordered(files.document))
    for text, _, _, kind in [*TOLD, ("still not fixed, somebody came and left", "", "", "confirm_no")]:
        facts = Facts(text=text)
        read = files.classify(facts)
        assert stored.classify(facts) == backwards.classify(facts) == read
        assert read.kind == kind


def backwards_ordered(value: Any) -> Any:
    """The same with the keys of all mappings the other way round."""
    if isinstance(value, dict):
        return {key: backwards_ordered(value[key]) for key in reversed(value)}
    return [backwards_ordered(item) for item in value] if isinstance(value, list) else value


def place(letter: str) -> int:
    return 0 if letter == "." else (ord(letter.upper()) - ord("A") + 1) * (-1 if letter.islower() else 1)


def test_words_weigh_what_they_were_learned_to(learned: dict[str, object]) -> None:
    words = LearnedWords(learned, ["plumbing", "other"])
    sure = words.ask("priority", "hissing in the hall", "")
    assert sure.label == "P1"
    assert sure.share > 60
    assert words.ask("trade", "hissing in the hall", "").label == "plumbing"
    assert words.ask("kind", "thanks", "").label == "ack_thanks"
    heaviest = words.heaviest("priority", "P1", "hissing in the hall", "")
    assert heaviest[0][0] == "hissing"
    assert heaviest[0][1] > 0


def test_of_one_label_alone_nothing_is_learned() -> None:
    found = learn([replace(message, kind="new", trade="") for message in MESSAGES], {})
    words = LearnedWords(found, ["plumbing"])
    assert problems_of(read_learned(as_text(found), "learned.json")) == []
    assert words.ask("kind", "thanks for the hissing wall", "") == NOTHING
    assert words.ask("trade", "thanks for the hissing wall", "") == NOTHING
    assert words.ask("priority", "hissing wall", "").share > 50


def test_words_that_nobody_knows_say_nothing(learned: dict[str, object]) -> None:
    words = LearnedWords(learned, ["plumbing"])
    assert words.ask("priority", "xyzzy", "") == ("", {})
    assert words.heaviest("priority", "P1", "xyzzy", "") == ()


def test_a_trade_that_the_rulebook_does_not_have_is_never_said(learned: dict[str, object]) -> None:
    assert LearnedWords(learned, ["other"]).ask("trade", "hissing", "").label == "other"
    assert LearnedWords(learned, []).ask("trade", "hissing", "").label == ""


def test_a_rule_that_asks_decides_and_its_trace_names_the_words(small: Path) -> None:
    found = load(small).classify(Facts(text="hissing in the hall"))
    assert (found.priority, found.trade) == ("P1", "plumbing")
    assert found.rules[:4] == ("rest", "learned trade", "rest", "learned emergency")
    step = next(step for step in found.trace if step.rule == "learned emergency")
    assert step.matched
    name, value = step.facts[0]
    assert name == "learned.p1"
    assert value.split(" (")[0].isdigit()
    assert "(hissing +" in value


def test_a_rule_above_the_doubted_ones_decides_for_good(small: Path) -> None:
    routing = (small / "routing.yaml").read_text("utf-8")
    mine = "priority:\n  - {name: mine, when: text.contains('hissing'), priority: P4}\n"
    folder = write(small.parent / "mine", routing=routing.replace("priority:\n", mine, 1))
    (folder / "learned.json").write_text((small / "learned.json").read_text("utf-8"), "utf-8")
    assert load(folder).classify(Facts(text="hissing in the hall")).priority == "P4"


def test_the_rules_that_ship_leave_a_rule_of_ones_own_alone() -> None:
    document = copy.deepcopy(dict(load(RULES).document))
    files: Any = document["files"]
    files["routing"]["priority"].insert(
        0, {"name": "mine", "when": "words.water_escaping && length < 9", "priority": "P4"}
    )
    assert from_document(document).classify(Facts(text="water everywhere")).priority == "P4"


def test_the_rules_that_ship_decide_without_the_file_as_if_they_had_no_second_opinion() -> None:
    book = load(RULES)
    document = copy.deepcopy(dict(book.document))
    files: Any = document["files"]
    files["routing"] = {k: v for k, v in files["routing"].items() if not k.startswith("learned_")}
    files.pop("learned")
    without_file, without_rules = with_learned(book, None), from_document(document)
    stages = (book.routing.life_safety, book.routing.trade, book.routing.priority)
    texts = [example.text for stage in stages for rule in stage for example in rule.examples]
    assert len(texts) > 100
    for text in texts:
        facts = Facts(text=text)
        assert without_file.decide(facts) == without_rules.decide(facts), text


def test_without_the_file_only_rules_that_ask_for_it_change(small: Path) -> None:
    folder = write(small.parent / "bare", routing=ROUTING + SECOND)
    book = load(folder)
    found = book.classify(Facts(text="hissing in the hall"))
    assert (found.priority, found.trade, found.rules[:2]) == ("P3", "other", ("rest", "rest"))
    step = next(step for step in found.trace if step.rule == "learned emergency")
    assert (step.matched, step.facts) == (False, (("learned.p1", "0"),))
    with_it = load(small)
    assert book.hash != with_it.hash
    flood = Facts(text="flooded kitchen")
    assert book.classify(flood).rules == with_it.classify(flood).rules


def test_a_stored_revision_decides_alike(small: Path) -> None:
    book = load(small)
    again = from_document(json.loads(json.dumps(book.document)))
    assert again == book
    facts = Facts(text="hissing in the hall")
    assert again.classify(facts) == book.classify(facts)


def test_what_differs_is_told_in_a_sentence(small: Path) -> None:
    book = load(small)
    document: dict[str, Any] = copy.deepcopy(dict(book.document))
    words = document["files"]["learned"]["words"]
    del words["wall"]
    words["hissing"] = words["hissing"].swapcase()
    assert differences(book, from_document(document)) == [
        "learned words: 1 changed, 1 gone; learned from 8 messages"
    ]
    del document["files"]["learned"]
    assert differences(book, from_document(document)) == ["the learned words are gone"]
    assert differences(from_document(document), book) == ["new learned words: learned from 8 messages"]


def broken(text: str) -> list[str]:
    try:
        return [str(problem) for problem in problems_of(read_learned(text, "learned.json"))]
    except DocumentError as error:
        return [str(problem) for problem in error.problems]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"words": {', '"wrods": {', "learned.json:5:1: unknown key 'wrods'; did you mean 'words'?"),
        ('"format": 1', '"format": 9', "learned.json:2:1: this is format 9; 1 is known here"),
        (
            '"kind": {"new"',
            '"kind": {"nwe"',
            "unknown kind 'nwe'; did you mean 'new'?",
        ),
        ('"P1": ', '"P1": "x", "P2": ', "'P1' needs a whole number"),
        ("}\n}\n", "}\n", "this is no JSON"),
        ('"format": 1', '"format": NaN', "this is no JSON: NaN is no number"),
        ('"format": 1', f'"format": {"1" * 5000}', "this is no JSON: Exceeds the limit"),
        ('"hissing": ', '"\\u0000": ', "the character U+0000 is not allowed"),
        ('"hissing": ', '"\\ud83d": ', "the character U+D83D is not allowed"),
    ],
)
def test_a_broken_file_is_told_with_its_place(
    learned: dict[str, object], old: str, new: str, said: str
) -> None:
    text = as_text(learned)
    assert old in text
    assert any(said in problem for problem in broken(text.replace(old, new, 1)))


def test_a_broken_word_is_told_with_its_line(learned: dict[str, object]) -> None:
    lines = as_text(learned).split("\n")
    at = next(n for n, line in enumerate(lines) if line.startswith('"hissing":'))
    twice = "\n".join([*lines[: at + 1], lines[at], *lines[at + 1 :]])
    assert broken(twice) == [f"learned.json:{at + 2}:1: 'hissing' stands here twice"]
    lines[at] = '"fum\\u00e9e": "12 AB",'
    assert broken("\n".join(lines))[0].startswith(f"learned.json:{at + 1}:1: 'fumée': this needs")
    lines[at] = '"hissing": "12 AB",'
    (problem,) = broken("\n".join(lines))
    assert problem.startswith(f"learned.json:{at + 1}:1: 'hissing': this needs its rarity, and a letter")


def test_the_loader_tells_it_too(small: Path, tmp_path: Path) -> None:
    folder = write(tmp_path, routing=ROUTING + SECOND.replace("priority: rest", "priority: rset"))
    (folder / "learned.json").write_text("{}", "utf-8")
    with pytest.raises(DocumentError) as failure:
        load(folder)
    told = str(failure.value)
    assert "learned.json:1:1: 'words' is missing" in told
    assert "priority has no rule 'rset'; did you mean 'rest'?" in told
    del small


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.text(max_size=60))
def test_any_text_has_features_and_gets_percent(text: str, subject: str) -> None:
    book = default_book()
    found = features_of(text, subject)
    assert len(set(found)) == len(found) <= 3 * MOST_WORDS
    for question in ("priority", "trade", "kind"):
        sure = words_of(book).ask(question, text, subject)
        assert all(0 <= share <= 100 for share in sure.shares.values())
        assert sure.share == max(sure.shares.values(), default=0)


def test_a_long_message_is_bounded() -> None:
    assert len(features_of("word leak " * 20_000, "")) < 10
    assert len(features_of(" ".join(f"w{'abcdefghij'[n % 10]}{'x' * n}" for n in range(500)), "")) <= 450


@cache  # once for all examples
def default_book() -> Rulebook:
    return load(RULES)


def words_of(book: Rulebook) -> LearnedWords:
    learned = book._parts.learned
    assert learned is not None
    return learned


def test_the_words_that_ship_are_small_enough_to_read_at_each_start() -> None:
    assert (RULES / "learned.json").stat().st_size < 600_000


@pytest.mark.parametrize(
    ("told", "kinds", "p1", "settled"),
    [
        ("new", {"update": 70, "new": 30}, 0, "update"),
        ("new", {"update": 60, "new": 40}, 0, "new"),
        ("new", {"update": 80, "new": 20}, 50, "new"),  # it may be an emergency
        ("new", {"update": 90, "new": 10}, 90, "update"),
        ("new", {"ack_thanks": 70, "new": 10}, 90, "new"),
        ("new", {"confirm_yes": 55, "new": 30}, 0, "new"),
        ("update", {"new": 70, "update": 30}, 0, "new"),
        ("update", {"new": 50, "update": 45}, 0, "update"),
        ("update", {"new": 50, "update": 45}, 60, "new"),
        ("chase", {"new": 45, "chase": 15}, 0, "chase"),
        ("confirm_yes", {"new": 70}, 0, "new"),
        ("confirm_yes", {"confirm_no": 30}, 0, "confirm_yes"),
        ("auto_reply", {"new": 55}, 0, "new"),
        ("stop", {"new": 100}, 100, "stop"),
        ("new", {"stop": 100}, 0, "new"),
        ("update", {"stop": 100}, 0, "update"),
        ("update", {}, 0, "update"),
    ],
)
def test_an_estimate_decides_between_ambiguous_kinds_only(
    told: str, kinds: dict[str, int], p1: int, settled: str
) -> None:
    assert settled_kind(told, KindEstimate(kinds=kinds, p1=p1)) == settled
