"""Loading: the errors word for word with their places, overlays, and revisions that come back equal."""

from __future__ import annotations

import copy
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from folders import BREACH_REASONS, CALENDARS, ESCALATION, ROUTING, RULES, SLA, WORDS, write
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents import DocumentError
from app.domain.call_texts import SpokenId
from app.domain.classification import Facts
from app.domain.sla_policy import parse_policy
from app.domain.texts import TextId
from app.rulebook.revision import UnknownNameError, from_document, load


def problems(folder: Path, **changed: str) -> list[str]:
    """Return what loading says, without the folder's name."""
    rules = write(folder, **changed)
    with pytest.raises(DocumentError) as caught:
        load(rules)
    return [str(problem).removeprefix(f"{rules}/") for problem in caught.value.problems]


def test_a_small_rulebook(tmp_path: Path) -> None:
    book = load(write(tmp_path))
    answer = book.classify(Facts(text="Water everywhere!", local_hour=22))
    assert (answer.priority, answer.trade, answer.tags) == ("P1", "plumbing", ("water",))
    assert answer.rules == ("water", "flood", "wet")
    route = book.route(Facts(text="Water everywhere!", local_hour=22), answer)
    assert (route.ladder, route.sla, route.also_notify) == ("night", "standard", ("duty_manager",))
    assert route.confirm.remind_after == timedelta(hours=4)
    assert book.ladder("day").repeat == 2


def test_life_safety_is_always_p1(tmp_path: Path) -> None:
    answer = load(write(tmp_path)).classify(Facts(text="not an emergency, but it smells like gas"))
    assert (answer.priority, answer.life_safety, answer.rules) == ("P1", True, ("rest", "gas"))


def test_the_trace_tells_what_was_tried_and_seen(tmp_path: Path) -> None:
    answer = load(write(tmp_path)).classify(Facts(text="a small leak"))
    steps = [(step.stage, step.rule, step.matched, step.facts) for step in answer.trace]
    assert steps == [
        ("trade", "water", True, (("words.flood", ""), ("words.leak", "leak"))),
        ("priority", "rest", True, ()),
        ("tags", "wet", True, (("words.leak", "leak"), ("words.flood", ""))),
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("routing", "when: words.flood\n", "when: words.fload\n", "routing.yaml:13:11: unknown word list 'fload'; did you mean 'flood'?"),
        ("routing", "when: words.gas", 'when: "words.gas && chanel == \'sms\'"', "routing.yaml:4:25: unknown fact 'chanel'; did you mean 'channel'?"),
        ("routing", "when: words.gas", "when: >-\n      words.gas &&\n      chanel == 'sms'", "routing.yaml:6:7: unknown fact 'chanel'; did you mean 'channel'?"),
        ("routing", "when: words.gas", "when: words.gas and words.leak", "routing.yaml:4:21: 'and' is not an operator; did you mean '&&'?"),
        ("routing", "trade: plumbing", "trade: pluming", "routing.yaml:8:5: unknown trade 'pluming'; did you mean 'plumbing'?"),
        ("routing", "priority: P1", "priority: P5", "routing.yaml:14:5: unknown priority 'P5'; known here: P1, P2, P3, P4"),
        ("routing", "ladder: night", "ladder: nigth", "routing.yaml:23:5: unknown ladder 'nigth'; did you mean 'night'?"),
        ("routing", "sla: standard\n    also", "sla: standart\n    also", "routing.yaml:24:5: unknown SLA policy 'standart'; did you mean 'standard'?"),
        ("routing", "[duty_manager]", "[duty_manger]", "routing.yaml:25:5: unknown role 'duty_manger'; did you mean 'duty_manager'?"),
        ("routing", "remind_after: 4h, close_after: 1d}\n  - name", "remind_after: 4 h, close_after: 1d}\n  - name", "routing.yaml:26:15: '4 h' is not a duration; write it like 90s, 15m, 1h30m or 2d"),
        ("routing", "    when: words.flood\n", "    wen: words.flood\n", "routing.yaml:13:5: unknown key 'wen'; did you mean 'when'?"),
        ("routing", "  - name: rest\n    trade: other\n", "", "routing.yaml:6:5: the last rule of 'trade' must match always: leave out its when"),
        ("routing", "  - name: rest\n    priority: P3", "  - name: flood\n    priority: P3", "routing.yaml:16:5: a rule named 'flood' stands in line 12 already"),
        ("routing", "    when: words.flood\n", "", "routing.yaml:15:5: this rule is never reached: 'flood' matches whenever it would"),
        ("words", "leak: [leak*]", 'leak: ["leak* .."]', "words.yaml:5:10: 'leak* ..' cannot end with '..'"),
        ("words", "leak: [leak*]", "leak: {include: [floods], phrases: [leak*]}", "words.yaml:5:20: unknown word list 'floods'; did you mean 'flood'?"),
        ("escalation", "account_manager", "acount_manager", "escalation.yaml:4:10: unknown role 'acount_manager'; did you mean 'account_manager'?"),
        ("escalation", "after: 10m", "after: 10", "escalation.yaml:5:34: 10 is not a duration; write it like 90s, 15m, 1h30m or 2d"),
        ("sla", "calendar: store", "calendar: stor", "sla.yaml:5:59: unknown calendar 'stor'; did you mean 'store'?"),
        ("sla", "acknowledge:", "acknowlege:", "sla.yaml:4:7: 'acknowlege' is not known; did you mean 'acknowledge'?"),
        ("calendars", "country: US", "country: US, subdivision: XY", "calendars.yaml:6:29: US has no subdivision 'XY'"),
        ("breach_reasons", "excusable: false", "excusable: false, excuse: 1", "breach_reasons.yaml:2:65: unknown key 'excuse'; did you mean 'excusable'?"),
        ("breach_reasons", ", es: Tarde", "", "breach_reasons.yaml:2:18: the text in es is missing"),
        ("breach_reasons", "code: storm", "code: late", "breach_reasons.yaml:3:6: the code 'late' stands here twice"),
        ("breach_reasons", "excusable: true", "excusable: sometimes", "breach_reasons.yaml:3:52: 'sometimes' is neither true nor false"),
        ("breach_reasons", "code: storm", "code: Big storm", "breach_reasons.yaml:3:6: string should match pattern '^[a-z][a-z0-9_]*$'"),
        ("breach_reasons", "en: Late", "en: ''", "breach_reasons.yaml:2:25: string should have at least 1 character"),
        ("calendars", '[["09:00", "17:00"]]', "[]", "calendars.yaml:3:3: this calendar never opens; give it hours, or 24x7"),
    ],
)  # fmt: skip
def test_mistakes_are_told_at_their_place(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    files = {"words": WORDS, "routing": ROUTING, "escalation": ESCALATION, "sla": SLA, "calendars": CALENDARS}
    files["breach_reasons"] = BREACH_REASONS
    assert old in files[file]
    assert problems(tmp_path, **{file: files[file].replace(old, new, 1)}) == [message]


def test_all_files_are_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        words=WORDS.replace("leak*", "leak|"),
        routing=ROUTING.replace("priority: P1\n", "priority: P9\n"),
        escalation=ESCALATION.replace("0m", "0"),
        sla="policies: {}",
    )
    assert [line.split(":")[0] for line in found] == [
        "escalation.yaml", "escalation.yaml", "routing.yaml", "sla.yaml", "words.yaml",
    ]  # fmt: skip


def test_missing_and_unknown_files(tmp_path: Path) -> None:
    rules = write(tmp_path)
    (rules / "sla.yaml").rename(rules / "slas.yaml")
    with pytest.raises(DocumentError) as caught:
        load(rules)
    assert str(caught.value) == (
        f"{rules}:1:1: sla.yaml is missing\n{rules}/slas.yaml:1:1: unknown file; did you mean 'sla.yaml'?"
    )
    with pytest.raises(DocumentError) as caught:
        load(tmp_path / "nowhere")
    assert str(caught.value) == f"{tmp_path / 'nowhere'}:1:1: there is no such folder"


def test_files_that_are_none(tmp_path: Path) -> None:
    rules = write(tmp_path)
    (rules / "words.yaml").write_bytes(WORDS.encode() + "  x: [\r\n  é, ".encode() + b"\xe9]\n")
    (rules / "sla.yml").write_text("policies: {}", encoding="utf-8")
    (rules / "limits.yaml").mkdir()
    os.mkfifo(rules / "texts" / "fr.yml")  # whoever opens it waits for ever
    (rules / "texts" / "learned.json").write_text("{", encoding="utf-8")  # no file of a rulebook
    with pytest.raises(DocumentError) as caught:
        load(rules)
    line = WORDS.count("\n") + 2
    assert str(caught.value).splitlines() == [
        f"{rules}/limits.yaml:1:1: this is not a file",
        f"{rules}/sla.yml:1:1: sla.yaml is there too; keep one of them",
        f"{rules}/texts/fr.yml:1:1: this is not a file",
        f"{rules}/words.yaml:{line}:6: the byte 0xe9 is not UTF-8; save the file as UTF-8",
    ]


def test_a_later_folder_replaces_single_files(tmp_path: Path) -> None:
    first = write(tmp_path)
    second = tmp_path / "demo"
    second.mkdir()
    (second / "escalation.yaml").write_text(ESCALATION.replace("10m", "30s"), encoding="utf-8")
    book = load(first, second)
    assert book.ladder("day").levels[1].after == timedelta(seconds=30)
    assert book.hash != load(first).hash


def test_a_revision_comes_back_equal_from_json(tmp_path: Path) -> None:
    book = load(write(tmp_path))
    stored = json.loads(json.dumps(book.document, sort_keys=True))
    again = from_document(stored)
    assert again == book
    assert again.hash == book.hash
    assert again.classify(Facts(text="flooded")) == book.classify(Facts(text="flooded"))
    assert again.sla_document("standard") == book.sla_document("standard")


def test_comments_do_not_change_the_hash_but_order_of_rules_does(tmp_path: Path) -> None:
    book = load(write(tmp_path / "a"))
    assert load(write(tmp_path / "b", routing=f"# a comment\n{ROUTING}")) == book
    lines = "  - {name: second, when: words.leak, add: [x]}\n"
    one = load(write(tmp_path / "c", routing=ROUTING.replace("tags:\n", f"tags:\n{lines}")))
    other = load(write(tmp_path / "d", routing=ROUTING.replace("route:\n", f"{lines}route:\n")))
    assert one != other


def test_an_sla_document_needs_nothing_else(tmp_path: Path) -> None:
    document = load(write(tmp_path)).sla_document("standard")
    calendars = document["calendars"]
    assert isinstance(calendars, dict)
    assert "2026-12-25" in calendars["store"]["holidays"]
    assert parse_policy(document["policy"], calendars, "America/New_York")


def test_unknown_names(tmp_path: Path) -> None:
    book = load(write(tmp_path))
    with pytest.raises(UnknownNameError):
        book.ladder("x")
    with pytest.raises(UnknownNameError):
        book.sla_document("x")


def test_no_stored_rulebook() -> None:
    with pytest.raises(DocumentError, match="no stored rulebook"):
        from_document({"format": 99})


def test_a_thousand_rules_cost_what_their_words_cost(tmp_path: Path) -> None:
    lists = "".join(
        f"  list{n}: [word{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}]\n"
        for n in range(1000)
    )
    rules = "".join(
        f"  - {{name: r{n}, when: words.list{n} && local.hour > 3, priority: P2}}\n" for n in range(1000)
    )
    book = load(
        write(tmp_path, words=WORDS + lists, routing=ROUTING.replace("priority:\n", f"priority:\n{rules}", 1))
    )
    answer = book.classify(Facts(text="wordabb is here"))
    assert answer.priority == "P2"
    assert [step.rule for step in answer.trace if step.stage == "priority"] == ["r702"]


@settings(max_examples=25, deadline=None)
@given(
    st.text(max_size=200)
    | st.sampled_from(["&a [*a]", "- a", "3", "a: {b: [", "!!python/x", "? [a]: b", "a: 1\na: 2"])
)
def test_any_file_is_right_or_has_places(text: str) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        rules = write(Path(folder))
        try:
            (rules / "routing.yaml").write_text(text, encoding="utf-8")
        except UnicodeEncodeError:
            return
        with pytest.raises(DocumentError) as caught:
            load(rules)
        assert all(problem.line >= 1 for problem in caught.value.problems)


def test_the_order_of_files_does_not_matter() -> None:
    document = dict(load(RULES).document)
    files = document["files"]
    assert isinstance(files, dict)
    turned = from_document({**document, "files": dict(reversed(files.items()))})
    assert turned.hash == load(RULES).hash
    message = Facts(text="water through the ceiling, smoke too")
    assert turned.classify(message) == load(RULES).classify(message)


def test_a_revision_of_before_there_was_some_text_still_works() -> None:
    document = copy.deepcopy(dict(load(RULES).document))
    for language in ("en", "es"):
        for name in ("page", "help_c", "call_page"):
            document["files"][f"texts/{language}"].pop(name, None)
    texts = from_document(document).texts
    facts = {"number": "1042", "priority": "P1", "quote": "water", "link": "http://x/t/1"}
    assert texts.render_sms(TextId.PAGE, "es", facts) == "1042 P1 http://x/t/1 water"
    assert texts.render_sms(TextId.HELP_C, "en", {"company": "Tidewell"})
    assert texts.render_spoken(SpokenId.CALL_PAGE, "en", {"priority": "P1", "quote": "water"})
