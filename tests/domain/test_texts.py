"""What is said: every text of the rulebook, within two segments, whatever people wrote."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.call_texts import SpokenId
from app.domain.segments import measure
from app.domain.text_facts import EXACT, LISTS, QUOTE, SHORTENED
from app.domain.texts import FACTS, TextError, TextId, Texts, parse_texts

ROOT = Path(__file__).parents[2] / "rules" / "texts"
DOCUMENT = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(ROOT.glob("*.yaml"))}
TEXTS = parse_texts(DOCUMENT)
LINK = "https://ops.acme.example/t/k7Qm2xABCDEFGHIJKLMNOP"

USUAL = {
    "number": "1042",
    "into": "1041",
    "clocks": "arrive, resolve",
    "link": "https://ops.acme.example/t/k7Qm2xAB",
    "marker": "m7Qk",
    "priority": "P1",
    "phone": "617-555-0100",
    "count": "2",
    "rounds": "3",
    "minutes": "29",
    "late": "37",
    "soon": "12",
    "ack_by": "2:21a",
    "eta": "3:00a",
    "was": "2:40a",
    "due": "3:11a",
    "eta_by": "2:43a",
    "close_by": "7:41a",
    "time": "2:13a",
    "until": "Mon 8:00a",
    "site": "QuickBite #412 Boston",
    "trade": "Plumbing",
    "company": "Acme",
    "name": "Dana Reyes",
    "by": "Luis M.",
    "to": "Priya S.",
    "missed": "Dana R.",
    "sender": "+16175550142",
    "metric": "arrive",
    "reason": "waiting for parts",
    "channel": "sms",
    "schedule": "Northeast",
    "code": "999",
    "example": "DONE",
    "items": "1042 P1 QB #412 water\n1047 P2 HF #9 power",
    "choices": "1042 QB #412 water\n1047 HF #9 power",
    "same": "",  # most tickets stand alone
    "quote": "Toilet overflowing, water in sales floor",
}

LONG_BY_NATURE = {
    "for_information",
    "page_next",
    "still_open",
    "reopened_page",
    "exhausted",
    "acked",
    "help",
    "intake_failed",
}


def document(**changes: Any) -> dict[str, dict[str, Any]]:
    changed = copy.deepcopy(DOCUMENT)
    changed["en"].update(changes)
    return changed


# --- the rulebook's own texts -----------------------------------------------------------------------------------


def test_both_languages_have_every_text() -> None:
    assert TEXTS.languages == ("en", "es")
    for language in TEXTS.languages:
        assert set(DOCUMENT[language]) == {text_id.value for text_id in (*TextId, *SpokenId)}


def test_every_fact_has_a_declared_length() -> None:
    declared = {*EXACT, *SHORTENED, *LISTS, QUOTE}
    assert set(FACTS) == set(TextId)
    assert {name for facts in FACTS.values() for name in facts} <= declared
    assert set(USUAL) == declared


@pytest.mark.parametrize("text_id", TextId)
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_usual_text_is_one_segment(text_id: TextId, language: str) -> None:
    text = TEXTS.render_sms(text_id, language, USUAL)
    found = measure(text)
    assert found.encoding == "GSM-7"
    assert found.segments <= (2 if text_id.value in LONG_BY_NATURE else 1), text
    assert ".." not in text.replace("...", "")


def test_a_page_says_everything_in_its_first_sixty_characters() -> None:
    text = TEXTS.render_sms(TextId.PAGE, "en", USUAL)
    assert text == (
        'P1 Plumbing QuickBite #412 Boston: "Toilet overflowing, water in sales floor"\n'
        "Ack by 2:21a: reply 1. Can't: 2\n"
        "1042 https://ops.acme.example/t/k7Qm2xAB m7Qk"
    )
    for word in ("P1", "Plumbing", "QuickBite", "#412", "Toilet overflowing"):
        assert word in text[:60]


def test_what_has_no_value_leaves_no_trace() -> None:
    facts = {"number": "1042", "company": "Acme"}
    assert TEXTS.render_sms(TextId.RECEIPT_C, "en", facts) == (
        "Acme: got it. Ticket 1042. Fire, gas or injury? Call 911."
    )


@pytest.mark.parametrize("text_id", TextId)
def test_a_name_that_is_cut_short_ends_its_sentence_with_one_full_stop(text_id: TextId) -> None:
    facts = {
        name: "Dana R." if name in ("name", "by", "to", "missed") else value for name, value in USUAL.items()
    }
    for language in ("en", "es"):
        text = TEXTS.render_sms(text_id, language, facts)
        assert "Dana R.." not in text
        assert ".." not in text.replace("...", "")


def test_life_safety_leads_with_911() -> None:
    assert TEXTS.render_sms(TextId.RECEIPT_LIFE_SAFETY_C, "en", USUAL).startswith("Call 911 first")
    assert "911" in TEXTS.render_sms(TextId.RECEIPT_LIFE_SAFETY_C, "es", USUAL)[:60]


def test_spanish_is_spoken_to_spanish_contacts_and_english_to_all_others() -> None:
    spanish = TEXTS.render_sms(TextId.CLOSING_QUESTION_C, "es", USUAL)
    assert spanish.endswith("¿Esta bien? Responda SI o NO.")
    assert TEXTS.render_sms(TextId.CLOSING_QUESTION_C, "es-MX", USUAL) == spanish
    english = TEXTS.render_sms(TextId.CLOSING_QUESTION_C, "en", USUAL)
    for language in ("fr", "", "xx-YY", "EN_us"):
        assert TEXTS.render_sms(TextId.CLOSING_QUESTION_C, language, USUAL) == english


def test_a_text_that_spanish_lacks_is_said_in_english() -> None:
    smaller = copy.deepcopy(DOCUMENT)
    del smaller["es"]["taken"]
    texts = parse_texts(smaller)
    assert texts.render_sms(TextId.TAKEN, "es", USUAL) == TEXTS.render_sms(TextId.TAKEN, "en", USUAL)


# --- two segments, whatever the facts hold ----------------------------------------------------------------------


def test_only_the_quote_is_cut_and_at_a_word() -> None:
    text = TEXTS.render_sms(TextId.PAGE, "en", {**USUAL, "quote": "water " * 200})
    assert (
        "water water...\"\nAck by 2:21a: reply 1. Can't: 2\n1042 https://ops.acme.example/t/k7Qm2xAB m7Qk"
        in text
    )
    assert 280 < measure(text).units <= 306


def test_a_quote_can_neither_close_its_quotation_nor_forge_a_line() -> None:
    text = TEXTS.render_sms(TextId.PAGE, "en", {**USUAL, "quote": 'x"\nAck by 9:00a: reply 1 {link} [a]'})
    assert text.count('"') == 2
    assert text.count("\n") == 2
    assert "{link} [a]" in text


def test_a_foreign_quote_is_kept_as_far_as_there_is_room() -> None:
    text = TEXTS.render_sms(TextId.CLOSING_QUESTION_C, "en", {**USUAL, "quote": "厨房漏水" * 50})
    assert "厨房漏水" in text
    assert text.endswith('..."' + ". Is it OK? Reply YES or NO.")
    assert measure(text).segments == 2


def test_a_stray_foreign_character_costs_no_second_segment() -> None:
    text = TEXTS.render_sms(TextId.PAGE, "en", {**USUAL, "quote": "Toilet 溢 overflowing 😀"})
    assert measure(text).encoding == "GSM-7"
    assert "Toilet ? overflowing" in text


def test_a_list_loses_whole_lines_and_says_so() -> None:
    lines = "\n".join(f"{1000 + n} P1 QB #{n} water" for n in range(40))
    text = TEXTS.render_sms(TextId.LIST, "en", {**USUAL, "items": lines, "count": "40"})
    listed = text.splitlines()
    assert listed[1] == "1000 P1 QB #0 water"
    assert listed[-2].startswith("+")
    assert int(listed[-2].removeprefix("+").removesuffix(" more")) == 40 - (len(listed) - 3)


def test_a_link_that_is_too_long_is_left_out_whole() -> None:
    assert "https" not in TEXTS.render_sms(
        TextId.PAGE, "en", {**USUAL, "link": "https://x.example/" + "a" * 90}
    )


anything = st.text(max_size=300)
one_line = st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=10)


@given(
    text_id=st.sampled_from(TextId),
    language=st.sampled_from(["en", "es", "fr"]),
    facts=st.fixed_dictionaries(dict.fromkeys(USUAL, anything)),
)
@settings(max_examples=300, deadline=None)
def test_any_facts_at_all_fit_two_segments(text_id: TextId, language: str, facts: dict[str, str]) -> None:
    assert measure(TEXTS.render_sms(text_id, language, facts)).segments <= 2


@given(
    text_id=st.sampled_from([t for t in TextId if "number" in FACTS[t]]),
    language=st.sampled_from(["en", "es"]),
    quote=st.one_of(anything, st.text(alphabet="[]{}~€😀水e\u0301", max_size=300)),
    site=anything,
    name=anything,
    number=st.integers(1, 99_999_999),
)
@settings(max_examples=300, deadline=None)
def test_deadline_number_and_link_stay_whole(
    text_id: TextId, language: str, *, quote: str, site: str, name: str, number: int
) -> None:
    facts = {
        **USUAL,
        "quote": quote,
        "site": site,
        "name": name,
        "by": name,
        "number": str(number),
        "link": LINK,
    }
    text = TEXTS.render_sms(text_id, language, facts)
    source = DOCUMENT[language][text_id.value]["sms"]
    for fact in ("number", "link", "ack_by", "due", "marker", "eta", "close_by"):
        if f"{{{fact}}}" in source and "[" not in source.split(f"{{{fact}}}")[0][-60:]:
            assert facts[fact] in text
    assert measure(text).segments <= 2


@given(text_id=st.sampled_from(TextId), facts=st.fixed_dictionaries(dict.fromkeys(USUAL, anything)))
@settings(max_examples=150, deadline=None)
def test_any_facts_make_a_mail_with_one_subject_line(text_id: TextId, facts: dict[str, str]) -> None:
    mail = TEXTS.render_mail(text_id, "en", facts)
    assert len(mail.subject) <= 150
    assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in mail.subject)
    assert mail.subject.splitlines() in ([mail.subject], [])
    assert "\x00" not in mail.text
    assert mail.text.endswith("\n")


# --- mails --------------------------------------------------------------------------------------------------------


def test_a_mail_has_the_whole_quote_marked_line_by_line() -> None:
    mail = TEXTS.render_mail(TextId.PAGE, "en", {**USUAL, "quote": "first\nsecond\r\n\r\n" + "long " * 300})
    assert mail.subject == "[1042] P1 Plumbing QuickBite #412 Boston - ack by 2:21a"
    assert "\n> first\n> second\n> \n> long long" in mail.text
    assert mail.text.count("long") == 300
    assert mail.text.splitlines()[0] == "P1 Plumbing QuickBite #412 Boston"


def test_a_text_without_a_mail_of_its_own_uses_the_words_of_the_sms() -> None:
    mail = TEXTS.render_mail(TextId.TAKEN, "en", USUAL)
    assert mail.subject == "[1042] Taken by Luis M."
    assert mail.text == "1042 QuickBite #412 Boston: taken by Luis M. 2:13a. Nothing for you to do.\n"


def test_mails_keep_accents_and_quotation_marks() -> None:
    assert "¿Está bien?" in TEXTS.render_mail(TextId.CLOSING_QUESTION_C, "es", USUAL).text


def test_a_sender_cannot_write_headers() -> None:
    mail = TEXTS.render_mail(TextId.PAGE_UNKNOWN, "en", {**USUAL, "sender": "x\r\nBcc: all@acme.example"})
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sms", "message"),
    [
        ("{tikcet}", "text 'taken' has no fact 'tikcet'"),
        ("{numbr} gone", "text 'taken' has no fact 'numbr'; did you mean 'number'?"),
        ("{eta}", "text 'taken' has no fact 'eta'"),
        (
            "{number.__class__}",
            "'{number.__class__}' at character 1 is not a fact; a brace itself is written {{",
        ),
        ("{}", "'{}' at character 1 is not a fact; a brace itself is written {{"),
        ("a } b", "a single '}' at character 3; a brace itself is written }}"),
        ("a { b", "a single '{' at character 3; a brace itself is written {{"),
        ("a [ {number}", "a '[' has no partner; a bracket itself is written [["),
        ("a ] b", "a ']' at character 3 has no partner; a bracket itself is ]]"),
        ("[[a] {by} ]", "a ']' at character 4 has no partner; a bracket itself is ]]"),
        ("a [b] c", "the optional part that ends at character 5 has no fact to depend on"),
        ("a [b {by} [c {by}]]", "a '[' at character 11 has no partner; a bracket itself is [["),
        ("x" * 306, "may need 306 septets, two segments have 305; shorten it by 1"),
        ("x" * 290 + "{by}", "may need 314 septets, two segments have 305; shorten it by 9"),
        ("€" * 153, "may need 306 septets, two segments have 305; shorten it by 1"),
        ("水", "an SMS cannot say '水' in its own alphabet"),
    ],
)
def test_a_wrong_template_is_refused_with_its_place(sms: str, message: str) -> None:
    with pytest.raises(TextError) as caught:
        parse_texts(document(taken={"sms": sms, "subject": "x"}))
    assert str(caught.value).startswith(message)
    assert caught.value.path == ("en", "taken", "sms")


@pytest.mark.parametrize(
    ("changes", "message", "path"),
    [
        ({"pgae": {"sms": "x", "subject": "y"}}, "unknown text 'pgae'; did you mean 'page'?", ("en", "pgae")),
        ({"taken": {"sms": "x"}}, "'subject' is missing", ("en", "taken")),
        ({"taken": {"subject": "x"}}, "'sms' is missing", ("en", "taken")),
        ({"taken": "x"}, "a text has sms, subject and mail", ("en", "taken")),
        ({"taken": {"sms": 7, "subject": "x"}}, "sms needs text", ("en", "taken", "sms")),
        (
            {"taken": {"sms": "x", "subject": "x", "mial": "y"}},
            "unknown key 'mial'; did you mean 'mail'?",
            ("en", "taken", "mial"),
        ),
        (
            {"taken": {"sms": "x", "subject": "{quot}"}},
            "text 'taken' has no fact 'quot'; did you mean 'quote'?",
            ("en", "taken", "subject"),
        ),
        (
            {"taken": {"sms": "x", "subject": "y", "mail": "{quot}"}},
            "text 'taken' has no fact 'quot'; did you mean 'quote'?",
            ("en", "taken", "mail"),
        ),
    ],
)
def test_a_wrong_document_is_refused_with_its_place(
    changes: dict[str, Any], message: str, path: tuple[str, ...]
) -> None:
    with pytest.raises(TextError) as caught:
        parse_texts(document(**changes))
    assert str(caught.value) == message
    assert caught.value.path == path


def test_english_has_to_be_complete() -> None:
    smaller = copy.deepcopy(DOCUMENT)
    del smaller["en"]["page"]
    with pytest.raises(TextError, match="English lacks page"):
        parse_texts(smaller)
    with pytest.raises(TextError, match="English lacks page, page_unknown"):
        parse_texts({})


def test_the_document_can_be_stored_and_read_again() -> None:
    again: Texts = parse_texts(json.loads(json.dumps({k: dict(v) for k, v in TEXTS.document.items()})))
    assert again.document == TEXTS.document
    assert again.render_sms(TextId.PAGE, "es", USUAL) == TEXTS.render_sms(TextId.PAGE, "es", USUAL)
