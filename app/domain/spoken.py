"""Numbers as people say them: "two oh eight" is 208, "one fifty three" is 153. English and Spanish.

What must not live here: what a number means (site_codes.py).
"""

from __future__ import annotations

import re
from typing import Final

_DIGITS: Final = {
    "zero": 0, "oh": 0, "o": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9,
    "cero": 0, "uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8,
    "nueve": 9,
}  # fmt: skip
_TEENS: Final = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
    "diez": 10, "once": 11, "doce": 12, "trece": 13, "catorce": 14, "quince": 15, "dieciseis": 16,
    "diecisiete": 17, "dieciocho": 18, "diecinueve": 19,
}  # fmt: skip
_TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
    "veinte": 20, "treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70,
    "ochenta": 80, "noventa": 90,
}  # fmt: skip
_HUNDREDS: Final = {"doscientos": 2, "trescientos": 3, "cuatrocientos": 4, "quinientos": 5}
_JOINERS: Final = ("and", "y")

# "o" and Spanish "once" are ordinary words elsewhere: they count only inside a run, not alone.
_ONLY_IN_A_RUN: Final = frozenset({"o", "oh", "once", "one", "uno"})
_NUMBER: Final = "|".join([*_DIGITS, *_TEENS, *_TENS, *_HUNDREDS, "hundred", "cien", "ciento"])
_WORD: Final = re.compile(r"[a-z]+")
_KNOWN: Final = frozenset(_NUMBER.split("|")) - {"o", "once"}
_RUN: Final = re.compile(rf"\b(?:{_NUMBER})(?:[ \-]+(?:(?:and|y) )?(?:{_NUMBER}))*\b", re.IGNORECASE)


def digits_for_words(text: str) -> str:
    """Return `text` with each run of spoken numbers written in digits, as one number."""
    if _KNOWN.isdisjoint(_WORD.findall(text.lower())):
        return text  # most texts: much quicker than looking for runs
    return _RUN.sub(lambda match: _as_digits(match.group()), text)


def _as_digits(run: str) -> str:
    words = [word for word in re.split(r"[ \-]+", run.lower()) if word not in _JOINERS]
    if len(words) == 1 and words[0] in _ONLY_IN_A_RUN:
        return run
    out = ""
    at = 0
    while at < len(words):
        word = words[at]
        following = words[at + 1] if at + 1 < len(words) else ""
        if word in _HUNDREDS or word in ("cien", "ciento") or following == "hundred":
            value, at = _hundreds(words, at)
            out += str(value)
        elif word in _TENS:
            value, at = _tens(words, at)
            out += str(value)
        else:
            out += str(_TEENS.get(word, _DIGITS.get(word, "")))
            at += 1
    return out or run


def _hundreds(words: list[str], at: int) -> tuple[int, int]:
    word = words[at]
    if word in _HUNDREDS:
        value, at = _HUNDREDS[word] * 100, at + 1
    elif word in ("cien", "ciento"):
        value, at = 100, at + 1
    else:
        value, at = _DIGITS.get(word, 1) * 100, at + 2
    if at < len(words):
        if words[at] in _TENS:
            rest, at = _tens(words, at)
            return value + rest, at
        small = _TEENS.get(words[at], _DIGITS.get(words[at]))
        if small is not None:
            return value + small, at + 1
    return value, at


def _tens(words: list[str], at: int) -> tuple[int, int]:
    value = _TENS[words[at]]
    unit = _DIGITS.get(words[at + 1], 0) if at + 1 < len(words) else 0
    return (value + unit, at + 2) if unit else (value, at + 1)
