"""Which numbers in a message may be a site's code: "store 114", "#412", "tienda 77", "Pantry Row 0119".

Purely textual: whether such a site exists, and whose it is, the directory says. What is not a code: times,
temperatures, telephone numbers, prices, quantities, aisles, work orders, ticket numbers.
"""

from __future__ import annotations

import re
from typing import Final

from app.domain.spoken import digits_for_words


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A number is no code when a clock, a unit or a fraction follows.
_CODE: Final = (
    r"(\d{1,4})(?![\d:/%°]|[.,-]\d"
    r"|\s?(?:[ap]\.?m\b|degrees?\b|[fF]\b|[$€]|hrs?\b|min\b|in(?:ch(?:es)?)? of\b))"
)

# "store 114", "site-0303", "site=0354", "st. 88", "succ. 17", "tienda numero 57", "magasin 0540".
_PLACE: Final = (
    r"(?:stores?|site|location|loc|shop|branch|restaurant|str|tienda|sucursal|suc|local|magasin|succursale"
    r"|succ|boutique|st(?=[ .#]?\s?\d)|panel(?=\s\d{4}\b)"
    r"|school|clinic|hotel|warehouse|escuela|clinica|bodega|ecole)"
)
_NUMBER: Final = r"(?:number|num|no\b|nbr|n[uú]mero|nro|n[o°º])"
_NAMED: Final = re.compile(rf"\b{_PLACE}\s?{_NUMBER}?[\s.:=#\-]{{0,3}}0*?{_CODE}", re.IGNORECASE)
_MAILBOX: Final = re.compile(r"\b(?:store|site|shop|st|tienda|mag|rest)[._-]?(\d{2,4})@", re.IGNORECASE)
_BEFORE: Final = re.compile(r"\b(\d{2,4})\s+(?:store|location)\b(?!\s*(?:s|brand))", re.IGNORECASE)

# "#412": what the sign counts is told by the word before it.
_SIGN: Final = re.compile(rf"(?P<thing>[A-Za-z]+)?\s?#\s?{_CODE}")
_COUNTED: Final = _words(
    "booth table aisle lane register reg door dock bay zone unit rtu ckt circuit case fryer oven elevator "
    "order wo po invoice part camera panel breaker pump room suite apt bed locker gate cooler freezer walk "
    "item option ac ahu sink stall terminal pos extension ext line pallet error code msg channel truck ticket"
)

# A name and a number that begin or end a line, as in a signature: "Pantry Row 0119", "0266 Juniper Halsey".
_ZERO: Final = re.compile(r"(?<![\d\-.$:/#])(0\d{3})(?![\d\-:/%]|[.,]\d)")
_NAME: Final = r"[A-Z][\w'&\u00c0-\u017f]*"
_SIGNED: Final = re.compile(
    rf"(?:^|(?<=[,.!?\n]))[ \t]*((?:{_NAME}[ \t]+(?:(?:&|and|of|the|de|la)[ \t]+)?){{1,4}})#?(\d{{1,4}})"
    r"(?=[ \t]*(?:$|[,.!\n|-]))",
    re.MULTILINE,
)
_AFTER_NAME: Final = re.compile(r"^[A-Z][\w'-]+(?: [A-Z][\w'-]+)?\s?,\s?(\d{2,4})\s*$", re.MULTILINE)
_BEFORE_NAME: Final = re.compile(r"^(\d{2,4})\s?[,/\-]\s?[A-Z][\w'-]+(?: [A-Z][\w'-]+)?\s*$", re.MULTILINE)
_CAPITALISED: Final = re.compile(
    r"\b((?:[A-Z][a-z'\u00c0-\u017f]+|[A-Z]&[A-Z])(?:\s(?:and|&)\s[A-Z][a-z]+|\s[A-Z][a-z]+)?)"
    r"\s#?(\d{1,4})\b(?![:/%°]|[.,]\d|\s?[ap]m\b)"
)
_AT_NAME: Final = re.compile(
    r"\b(?:at|from)\s+(([a-z]{4,})\s+(\d{1,4}))(?=\s*(?:$|[,.!]\s|[,.!]$|\s(?:the|our|we|i|it|has|my)\b))"
)
# "we had to get out. cortina 44": a name and a number are the whole last sentence.
_LAST_NAME: Final = re.compile(r"[.!?;\n]\s*([a-z]{4,})\s+(\d{1,4})\s*[.!]*\s*$")
# "the pharmacy at 72 our fridge": whoever says where they are calling from.
_CALLING: Final = re.compile(
    r"\b(?:calling|manager|pharmacy|deli|bakery|here|kitchen|office)\s+(?:at|from)\s+(\d{2,3})"
    r"(?=\s+(?:the|our|we|i)\b)",
    re.IGNORECASE,
)
_NOT_A_NAME: Final = _COUNTED | _words(
    "island level floor page step proposal site the a an our your my these those since after before until by "
    "around about at on from for over under only all both another last next past it its is was are were we i "
    "they he she monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec "
    "sev nac battery opr operator highway hwy route phase temp value limit reading temperature press reply "
    "district region area team car lift escalator rack suction compressor sensor point alarm slot key box "
    "bin "
    "shelf chapter section version model forecast degrees least most nearly almost"
)

# A bare number of three figures, or of two to four alone at the end of the message.
_BARE: Final = re.compile(r"(?<![\w$#:./°\-+@])(?<!\d,)(?!911)(\d{3})(?![\w:/%°\-$]|[.,]\d)")
_LAST: Final = re.compile(r"(?:^|(?<!\d)[.!?,;\n]\s*|\s-\s*)(?!911)(\d{2,4})\s*[.!]*\s*$")
_LOCATED: Final = re.compile(
    r"\b(?:at|from|of|manager at)\s+(?!911)(\d{3})"
    r"(?=\s+(?:the|our|we|has|he|she|i|it|a|an)\b|[,.]|$)",
    re.IGNORECASE,
)
_WORD_BEFORE: Final = re.compile(r"([\w']+)\W*$")
_WORD_AFTER: Final = re.compile(r"\s*([^\W\d_]+)")
_FREE_TEXT_BEFORE: Final = 24
_COUNTS_BEFORE: Final = _COUNTED | _words(
    "since till until til before after around about past by reading reads says hit over under above below "
    "temp "
    "to nearly almost only least its it's is was be of for another all approx desde hasta las los a depuis "
    "vers highway hwy route exit than and or through thru nbr opr plus minus not instead call called dial "
    "marca indique fait"
)
_COUNTS_AFTER: Final = _words(
    "am pm f c degree degrees deg degs grados degres degrés people ppl person persons customer customers "
    "guest "
    "guests dollars bucks lb lbs pounds feet ft sq gal gallon gallons inch inches minute minutes min mins "
    "hour "
    "hours hr hrs day days week weeks miles stores units cases boxes pallets pieces employees percent watt "
    "watts "
    "volt volts amp amps psi ppm p times cars kids clientes personas horas minutos heures inside now filters "
    "seats street avenue ave road rd blvd drive"
)
_PHRASE_AFTER: Final = re.compile(
    r"\s*(?:and (?:going|climbing|rising|up|falling|dropping)|in here|in the"
    r"|\w+ (?:street|avenue|ave|road|rd|blvd)\b)",
    re.IGNORECASE,
)
_PHONE: Final = re.compile(r"(?:\+?\d[\s().-]?)?(?:\(?\d{3}\)?[\s.-])?\d{3}[.-]\d{4}\b|\+?\d{7,}")
# "550 5.1.1 user unknown": what a mail server answered.
_MAIL_CODE: Final = re.compile(r"\b[245]\d\d[ -]\d\.\d{1,3}\.\d{1,3}\b")
_SOFT_BREAK: Final = re.compile(r"=20(?=\n)|=\n")
_NAME_WORDS: Final = 5


def site_mentions(text: str) -> tuple[str, ...]:
    """Return what may be a site's code in `text`, as written there, the likeliest first.

    Spoken numbers come back in digits. Times, temperatures, telephone numbers, prices, quantities and ticket
    numbers are left out; a caller still has to ask the directory whether such a site exists.
    """
    written = _MAIL_CODE.sub(" ~ ", _SOFT_BREAK.sub("", text))
    plain = _PHONE.sub(" ~ ", digits_for_words(written))
    found: dict[str, None] = {}
    for pattern in (_NAMED, _MAILBOX, _ZERO):
        for match in pattern.finditer(plain):
            found.setdefault(_whole_code(plain, match), None)
    for code in (*_signs(plain), *_signatures(plain), *_bare(plain)):
        found.setdefault(code, None)
    return tuple(code for code in found if code)


def _whole_code(text: str, match: re.Match[str]) -> str:
    """Return the matched code with the leading zeros that it has in `text`."""
    start = match.start(1)
    while start and text[start - 1] == "0":
        start -= 1
    return text[start : match.end(1)]


def _signs(text: str) -> list[str]:
    return [
        match.group(2)
        for match in _SIGN.finditer(text)
        if (match.group("thing") or "").lower() not in _COUNTED
    ]


def _signatures(text: str) -> list[str]:
    codes: list[str] = []
    for match in _SIGNED.finditer(text):
        words = match.group(1).lower().split()
        if not _counts(words) and len(words) <= _NAME_WORDS:
            codes.append(match.group(2))
    for pattern in (_AFTER_NAME, _BEFORE_NAME):
        codes.extend(match.group(1) for match in pattern.finditer(text))
    return codes


def _counts(words: list[str]) -> bool:
    """Return whether one of the lower-case `words` is a thing or a unit that is counted: "registers 1"."""
    return any(word in _NOT_A_NAME or word.removesuffix("s") in _COUNTED for word in words)


def _bare(text: str) -> list[str]:
    codes = [match.group(1) for match in _LOCATED.finditer(text)]
    codes.extend(
        match.group(2)
        for match in _CAPITALISED.finditer(text)
        if not _counts(match.group(1).lower().split()) and _is_free(text, match.start(2), match.end(2))
    )
    codes.extend(match.group(3) for match in _AT_NAME.finditer(text) if match.group(2) not in _NOT_A_NAME)
    codes.extend(match.group(1) for match in _CALLING.finditer(text))
    named = _LAST_NAME.search(text)
    if named is not None and named.group(1) not in _COUNTS_BEFORE and not _counts([named.group(1)]):
        codes.append(named.group(2))
    last = _LAST.search(text)
    if last is not None:
        codes.append(last.group(1))
    codes.extend(
        match.group(1) for match in _BARE.finditer(text) if _is_free(text, match.start(1), match.end(1))
    )
    codes.extend(match.group(1) for match in _BEFORE.finditer(text))
    return codes


def _is_free(text: str, start: int, end: int) -> bool:
    """Tell whether neither the word before nor what follows says that the number counts something else."""
    before = _WORD_BEFORE.search(text[max(0, start - _FREE_TEXT_BEFORE) : start])
    if before is not None and before.group(1).lower() in _COUNTS_BEFORE:
        return False
    rest = text[end : end + 40]
    after = _WORD_AFTER.match(rest)
    if after is not None and after.group(1).lower() in _COUNTS_AFTER:
        return False
    return _PHRASE_AFTER.match(rest) is None
