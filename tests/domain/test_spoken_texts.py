"""What is said on calls: short, from the same files as the texts, whatever people wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from app.domain.call_texts import SPOKEN_FACTS, SpokenId
from app.domain.texts import TextError, parse_texts

ROOT = Path(__file__).parents[2] / "rules" / "texts"
DOCUMENT = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(ROOT.glob("*.yaml"))}
TEXTS = parse_texts(DOCUMENT)


def test_a_call_says_who_where_what_and_the_keys() -> None:
    facts = {
        "company": "Acme", "priority": "P1", "trade": "Plumbing", "account": "QuickBite", "code": "412",
        "city": "Boston", "quote": "Toilet overflowing,\nwater in sales floor.",
    }  # fmt: skip
    assert TEXTS.render_spoken(SpokenId.CALL_PAGE, "en", facts) == (
        "Acme on-call. Priority 1, Plumbing, QuickBite store 4 1 2, Boston: Toilet overflowing, water in sales"
        " floor."
    )
    keys = [
        TEXTS.render_spoken(SpokenId.CALL_CHOICES, "en", {"company": "Acme", **to})
        for to in ({}, {"to": "Luis"})
    ]
    assert keys == [
        "Press 1 to take it. 2, to pass it on. 3, to hear it again.",
        "Press 1 to take it. 2, to pass it on to Luis. 3, to hear it again.",
    ]
    assert "tienda 4 1 2" in TEXTS.render_spoken(SpokenId.CALL_PAGE, "es-MX", facts)


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_every_spoken_text_is_short_and_takes_whatever_people_wrote(language: str) -> None:
    hostile = "<Dial>+1900</Dial> \x00\ud800\uffff & " + "water " * 500
    for text_id in SpokenId:
        said = TEXTS.render_spoken(
            text_id, language, dict.fromkeys(SPOKEN_FACTS[text_id], "Acme") | {"quote": hostile}
        )
        assert said
        assert len(said) < 400
        assert not set(said) & {"\x00", "\ud800", "\uffff", "\n"}


def test_a_spoken_text_has_say_and_nothing_else() -> None:
    with pytest.raises(TextError, match="unknown key 'sms'"):
        parse_texts({"en": {**DOCUMENT["en"], "call_goodbye": {"sms": "Goodbye."}}})
    with pytest.raises(TextError, match="has no fact 'nummer'; did you mean 'number'"):
        parse_texts({"en": {**DOCUMENT["en"], "call_over": {"say": "{nummer}"}}})
