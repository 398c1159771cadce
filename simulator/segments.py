"""How many segments a text takes, counted as the networks do: GSM-7 septets, else UTF-16 units."""

from __future__ import annotations

import unicodedata

BASIC = frozenset(
    "\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    "¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ"
)
EXTENSION = frozenset("\f[\\]^{|}~€")
GSM_SINGLE, GSM_PART = 160, 153
UCS_SINGLE, UCS_PART = 70, 67

# The commonest of the characters that smart encoding replaces; compatibility forms go by NFKC.
SMART = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201a": ",", "\u201c": '"', "\u201d": '"', "\u201e": '"',
        "\u00ab": '"', "\u00bb": '"', "\u2013": "-", "\u2014": "-", "\u2010": "-", "\u2011": "-",
        "\u2022": "-", "\u2026": "...", "\u00a0": " ", "\u202f": " ", "\u200b": "", "\u200c": "",
        "\ufeff": "", "\t": " ", "`": "'", "\u00b4": "'",
    }
)  # fmt: skip


def smart_encoded(body: str) -> str:
    """Return the text with its typographic characters replaced by plain ones."""
    plain = body.translate(SMART)
    return "".join(c if c in BASIC or c in EXTENSION else _compatible(c) for c in plain)


def _compatible(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char)
    return plain if all(c in BASIC or c in EXTENSION for c in plain) else char


def count(body: str) -> int:
    """Return the number of segments; an empty text takes one. Pairs are never split over two segments."""
    if all(c in BASIC or c in EXTENSION for c in body):
        return _packed([2 if c in EXTENSION else 1 for c in body], GSM_SINGLE, GSM_PART)
    return _packed([2 if ord(c) > 0xFFFF else 1 for c in body], UCS_SINGLE, UCS_PART)  # noqa: PLR2004 - end of the BMP


def _packed(units: list[int], single: int, part: int) -> int:
    if sum(units) <= single:
        return 1
    segments, used = 1, 0
    for unit in units:
        if used + unit > part:
            segments, used = segments + 1, 0
        used += unit
    return segments
