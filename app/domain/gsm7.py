"""Tables of the SMS alphabet: what GSM 03.38 can say, and what is said instead of what it cannot.

Data only. The alphabet is 3GPP TS 23.038 (default alphabet and extension table); the replacements are those
that carriers' smart encoding makes, listed under what they become. What Unicode's own decomposition solves
(full-width forms, accents, fractions) is not listed. How they are used: segments.py.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

BASIC: Final = frozenset(
    "\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    "\u00a1\u00a3\u00a4\u00a5\u00a7\u00bf\u00c4\u00c5\u00c6\u00c7\u00c9\u00d1\u00d6\u00d8\u00dc\u00df"
    "\u00e0\u00e4\u00e5\u00e6\u00e8\u00e9\u00ec\u00f1\u00f2\u00f6\u00f8\u00f9\u00fc"
    "\u0393\u0394\u0398\u039b\u039e\u03a0\u03a3\u03a6\u03a8\u03a9",
)
"""Characters of one septet."""

EXTENSION: Final = frozenset("\f[\\]^{|}~\u20ac")
"""Characters of two septets: an escape and the character."""

_BECOMES: Final[tuple[tuple[str, str], ...]] = (
    (
        '"',
        "\u00ab\u00bb\u201c\u201d\u02ba\u02ee\u201f\u201e\u275d\u275e\u301d\u301e\u2033",
    ),
    (
        "'",
        "\u2018\u2019\u02bb\u02c8\u02bc\u02bd\u02b9\u201b\u00b4\u02ca`\u02cb\u275b\u275c\u2032\u055a\ua78c",
    ),
    ("/", "\u00f7\u29f8\u2044\u2215"),
    ("\\", "\u29f9\u29f5"),
    ("_", "\u2017"),
    ("|", "\u2223\u23b8\u23b9\u23d0\u239c\u239f\u00a6"),
    (
        "-",
        "\u23bc\u23bd\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u2022\u00b7\u25cf\u25aa\u00ad",
    ),
    ("!", "\u01c3"),
    (",", "\u201a\u3001"),
    (".", "\u3002\u2024"),
    ("(", "\u2768\u276a\u27ee\u2985"),
    (")", "\u2769\u276b\u27ef\u2986"),
    (
        "*",
        "\u204e\u2217\u229b\u2722\u2723\u2724\u2725\u2731\u2732\u2733\u273a\u273b\u273c\u273d\u2743",
    ),
    ("*", "\u2749\u274a\u274b\u29c6"),
    ("+", "\u02d6"),
    (":", "\u02d0\u02f8\u2982\ua789"),
    (";", "\u204f"),
    ("=", "\ua78a"),
    ("^", "\u02c6"),
    ("{", "\u2774"),
    ("}", "\u2775"),
    ("~", "\u02dc\u02f7\u223c"),
    ("<", "\u2039"),
    (">", "\u203a"),
    ("<=", "\u2264"),
    (">=", "\u2265"),
    ("->", "\u2192"),
    ("<-", "\u2190"),
    ("x", "\u00d7"),
    ("c", "\u00a2"),
    ("(c)", "\u00a9"),
    ("(R)", "\u00ae"),
    ("oe", "\u0153"),
    ("OE", "\u0152"),
    ("l", "\u0142"),
    ("L", "\u0141"),
    ("d", "\u0111"),
    ("D", "\u0110\u00d0"),
    ("i", "\u0131"),
    ("\n", "\r\x0b\x0c\x85\u2028\u2029"),
    (" ", "\t\u1680"),
    ("A", "\u1d00"),
    ("B", "\u0299"),
    ("C", "\u1d04"),
    ("D", "\u1d05"),
    ("E", "\u1d07"),
    ("F", "\ua730"),
    ("G", "\u0262"),
    ("H", "\u029c"),
    ("I", "\u026a"),
    ("J", "\u1d0a"),
    ("K", "\u1d0b"),
    ("L", "\u029f"),
    ("M", "\u1d0d"),
    ("N", "\u0274"),
    ("O", "\u1d0f"),
    ("P", "\u1d18"),
    ("R", "\u0280"),
    ("S", "\ua731"),
    ("T", "\u1d1b"),
    ("U", "\u1d1c"),
    ("V", "\u1d20"),
    ("W", "\u1d21"),
    ("Y", "\u028f"),
    ("Z", "\u1d22"),
)

REPLACEMENTS: Final = MappingProxyType(
    {character: plain for plain, characters in _BECOMES for character in characters},
)
"""What is written for a character that the alphabet lacks."""
