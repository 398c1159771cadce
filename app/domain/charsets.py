"""Bytes that claim a charset, and often lie about it, as text: nothing is ever lost or refused."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from types import MappingProxyType

# What declares itself one of these is often really UTF-8 or Windows-1252. UTF-8 is tried first because
# other text is almost never valid UTF-8 by chance.
_WESTERN = frozenset({"ascii", "iso8859-1", "cp1252", "utf-8"})

# Names that mailers use and Python does not have, or has in a narrower reading than is meant.
_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "gb2312": "gb18030",
        "gbk": "gb18030",
        "x-gbk": "gb18030",
        "iso-8859-8-i": "iso-8859-8",
        "ks_c_5601-1987": "cp949",
        "euc-kr": "cp949",
        "windows-874": "cp874",
        "x-sjis": "cp932",
        "shift_jis": "cp932",
        "unicode-1-1-utf-7": "utf-7",
        "ansi_x3.110-1983": "iso-8859-1",
    },
)

# Codecs that are no charsets of mails, or that take quadratic time on hostile input.
_NOT_CHARSETS = frozenset(
    {"punycode", "idna", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"}
)
_LONGEST_NAME = 40


def decode(data: bytes, charset: str = "") -> str:
    """Return `data` as text: by `charset` if that fits, else as UTF-8, else as Windows-1252. Never raises."""
    codec = _codec(charset)
    tries = ["utf-8", "cp1252"] if codec in _WESTERN or not codec else [codec, "utf-8"]
    for name in tries:
        try:
            return data.decode(name).removeprefix("\ufeff")
        except (UnicodeError, LookupError):
            continue
    return data.decode(codec if codec and codec not in _WESTERN else "latin-1", "replace")


def storable(text: str) -> str:
    """Return `text` without NUL and lone surrogates, which neither PostgreSQL nor UTF-8 can hold."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _codec(charset: str) -> str:
    """Return Python's name of the codec for `charset`, empty if there is none that we trust."""
    name = charset.strip().strip("\"'").lower()
    if not name or len(name) > _LONGEST_NAME or not name.isascii():
        return ""
    try:
        found = codecs.lookup(_ALIASES.get(name, name)).name
        b"x".decode(found, "ignore")  # zlib, base64 and the like are found too, and refuse here
    except (LookupError, ValueError, ImportError):
        return ""
    return "" if found in _NOT_CHARSETS else found
