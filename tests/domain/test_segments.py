"""Counting and cheapening SMS text: GSM-7 or UCS-2, units, segments."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.segments import Segments, is_gsm, measure, to_gsm


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a", "GSM-7", 1, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        # 153 septets: the escape and its character stay together, so the 77th euro opens the next segment.
        ("€" * 152, "GSM-7", 304, 2),
        ("€" * 153, "GSM-7", 306, 3),
        ("a" * 152 + "[" + "a" * 152, "GSM-7", 306, 3),
        ("\n\f", "GSM-7", 3, 1),
        ("ñ" * 160, "GSM-7", 160, 1),
        ("\u201c", "UCS-2", 1, 1),
        ("水" * 70, "UCS-2", 70, 1),
        ("水" * 71, "UCS-2", 71, 2),
        ("水" * 134, "UCS-2", 134, 2),
        ("水" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        # 67 units hold 33 pairs, never half of the 34th.
        ("😀" * 66, "UCS-2", 132, 2),
        ("😀" * 67, "UCS-2", 134, 3),
    ],
)
def test_it_counts_as_carriers_do(text: str, encoding: str, units: int, segments: int) -> None:
    found = measure(text)
    assert (found.encoding, found.units, found.segments) == (encoding, units, segments)
    assert isinstance(found, Segments)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\u201cno heat\u201d \u2014 it\u2019s 38\u2026", '"no heat" - it\'s 38...'),
        ("¿Está bien? Sí, mañana", "¿Esta bien? Si, mañana"),
        ("ÁÍÓÚ ç â ê î ô û ë ï", "AIOU c a e i o u e i"),
        ("É é ñ Ñ ü Ü ¡ à è ù ò", "É é ñ Ñ ü Ü ¡ à è ù ò"),
        ("e\u0301 n\u0303 i\u0301", "é ñ i"),
        ("flood 🚨🚨 now 👍🏽", "flood  now "),
        ("1️⃣ ok", "1 ok"),
        ("52°F ½ full ≥ 40", "52F 1/2 full >= 40"),
        ("ＡＣＫ １０４２", "ACK 1042"),
        ("a\u00a0b\u2009c\td", "a b c d"),
        ("line\r\nnext\rlast\u2028end", "line\nnext\nlast\nend"),
        ("zero\u200bwidth\ufeff\x00\x1b", "zerowidth"),
        ("œuvre Łódź ﬁre", "oeuvre Lodz fire"),
        ("back`tick {x} [y] ~ |", "back'tick {x} [y] ~ |"),
        ("水漏れ", "水漏れ"),
        ("кафе й", "кафе й"),
    ],
)
def test_it_says_the_same_with_fewer_characters(text: str, plain: str) -> None:
    assert to_gsm(text) == plain


def test_spanish_and_french_stay_in_the_cheap_alphabet() -> None:
    assert is_gsm(
        to_gsm("¡Está goteando el baño! ¿Cuándo vendrá el técnico? Dégât d'eau majeur, ça coule où?")
    )


@given(st.text(max_size=60))
@settings(max_examples=150)
def test_doing_it_twice_changes_nothing(text: str) -> None:
    once = to_gsm(text)
    assert to_gsm(once) == once


@given(st.text(alphabet=st.characters(max_codepoint=0x24F, categories=["L", "N", "P", "Z"]), max_size=60))
@settings(max_examples=100)
def test_latin_letters_with_marks_become_gsm(text: str) -> None:
    decomposable = "".join(c for c in text if ord(unicodedata.normalize("NFKD", c)[0]) < 0x80)
    assert is_gsm(to_gsm(decomposable))


@given(st.text(max_size=400))
@settings(max_examples=150)
def test_segments_follow_from_units(text: str) -> None:
    found = measure(text)
    alone, part = (160, 153) if found.encoding == "GSM-7" else (70, 67)
    if found.units <= alone:
        assert found.segments == (1 if text else 0)
    else:
        # At most one unit of each segment is lost to a pair that does not fit.
        assert -(-found.units // part) <= found.segments <= -(-found.units // (part - 1))
