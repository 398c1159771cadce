"""What of a message counts: its new words without quotes, signature and small print; temperatures in it.

It works on the text as it came, whether or not somebody cut it before. What must not live here: MIME, and
what words mean (words.yaml).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import re2

from app.domain.spoken import digits_for_words

MAX_CHARACTERS: Final = 20_000

_SOFT_BREAK: Final = re.compile(r"=\n")
_SOFT_SPACE: Final = re.compile(r"=20(?=\s|$)")
_FORWARD: Final = re.compile(r"^\s*(?:\[[^\]]*\]\s*)*(?:fw|fwd|tr|rv|reenv|wg)\s*:", re.IGNORECASE)
_REPLY: Final = re.compile(r"^\s*(?:\[[^\]]*\]\s*)*(?:re|r[eé]p|aw|sv|antw|res)\s*:", re.IGNORECASE)
OUR_NUMBER: Final = re.compile(r"\[(?:[A-Z]{2,5}-|#)?\d{4,}\]")
_QUOTE_STARTS: Final = re.compile(
    r"^(?:"
    r"-{2,}\s*(?:original message|forwarded message|mensaje original|mensaje reenviado|message d'origine|"
    r"message transf\S*)\s*-{2,}"
    r"|>?\s*(?:on|le|el|am)\b.{4,120}\b(?:wrote|a écrit|a ecrit|escribió|escribio|schrieb)\s*:"
    r"|_{10,}\s*$(?=\n(?:from|de)\s*:)"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER: Final = re.compile(
    r"^(?:from|de|von)\s*:.*\n(?:(?:sent|date|to|cc|subject|from|enviado|fecha|para|asunto|envoyé|à|objet)\s*:.*\n?)+",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSING: Final = re.compile(
    r"^(?:--|_{5,}|-{5,}|={5,}"
    r"|(?:(?:best|kind|warm|many|with|kindest|warmest)\s+)?(?:regards|wishes|thanks)"
    r"|(?:thanks|thank you|thx|ty|thanks again|many thanks|thanks so much|thank you so much|thanks all"
    r"|cheers|"
    r"warmly|sincerely|yours truly|yours|respectfully|best|"
    r"saludos(?: cordiales)?|atentamente|gracias|muchas gracias|un saludo|atte|"
    r"merci(?: beaucoup| d'avance)?|cordialement|bien à vous|salutations|bonne journée)"
    r")[ \t]*[,.!]*[ \t]*$"
    r"|^(?:sent from my |get outlook|enviado desde mi |envoyé de mon |this message was sent from)"
    r"|^\W*(?:confidentiality|disclaimer|notice\s*:|caution\s*:|privileged|aviso legal|aviso de confid"
    r"|avis\s*:|"
    r"avis de confid|this (?:e-?mail|message|communication) (?:may|is|and|was|contains)|"
    r"the (?:information|contents?) (?:in|of|contained)|"
    r"este (?:correo|mensaje)|ce (?:courriel|message)|please consider the environment)",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE_END: Final = re.compile(r"[.!?]\s*$")
_SIGNATURE_LINES: Final = 5
_SIGNATURE_WIDTH: Final = 60

_NUMBER: Final = r"(?<![\d$#:./,-])([-+]?\d{1,3}(?:\.\d)?)"
_DEGREES: Final = re.compile(
    _NUMBER + r"\s*(?:°\s*[fc]?\b|º|degrees?\b|degrs?\b|degs?\b|grados?\b|degr[eé]s?\b"
    r"|fahrenheit\b|celsius\b|[fFcC]\b)"
    r"(?!\s+(?:off|warmer|colder|hotter|cooler|higher|lower|difference|an hour|per|every))"
)
_STATED: Final = re.compile(
    r"\b(?:temps?|temperature|at|reading|reads?|its?|it's|is|hit|hitting|around|about|like|still|says?|fait|haciendo"
    r"|now|already|over|reached|climbed to|rose to|up to"
    r"|dropped to|gone to|went to|from -?\d{1,3} to"
    r"|value\s*:|showing|shows|running|sitting|registers|marca|marque|indique"
    r"|amaneci[oó] (?:en|a)|est[aá] en|a|à)\s+"
    + _NUMBER
    + r"(?![\d:/$%]|[.,]\d|\s*(?:am|pm|a\.m|p\.m|oclock|min|hrs?|hours?|horas|heures|days?|inch|in of"
    r"|ft|feet|people|ppl|of|stores?|stops?|stalls?|units?|doors?|percent"
    r"|degrees? (?:off|warmer|colder|hotter|cooler|an hour)|st\b|nd\b|rd\b|th\b|times?|weeks?|bucks|other))",
    re.IGNORECASE,
)
_PLACED: Final = re.compile(
    _NUMBER + r"(?!\d)\s+(?:inside|in here|in there|in the (?:store|building|office|kitchen|dining|back)"
    r"|in (?:the )?(?:lobby|bakery|pharmacy|restaurant|deli|bar|front|shop|cooler|freezer|walk|case)"
    r"|on the (?:sales )?floor|back there|and (?:going|climbing|rising|up|falling|dropping)"
    r"|now\b|adentro|dentro)",
    re.IGNORECASE,
)
# "lobby 88", "freezer 28, was 0": a cold store or a room and what it reads; a small number is its name.
_READS: Final = re.compile(
    r"\b(?:coolers?|freezers?|walk.?ins?|fridges?|reach.?ins?|lobby|sales floor|inside|pharmacy)\s+"
    r"([2-9]\d|1[01]\d)(?=\s*(?:$|[,.;!](?!\d)|deg))",
    re.IGNORECASE,
)
_ABOUT_HEAT: Final = re2.compile(
    r"(?i)temp|degree|degr|grados|cold|cool|warm|hot|heat|freez|fridge|frost|walk.?in|\bac\b|a/c|hvac|air|case"
    r"|ice|chill|inside|thermo|fait|haciendo|\bfr[ií]|calor|clim|chaud|froid|stuffy|burning up|melt"
    r"|milk|meat|insulin|vaccine"
    r"|unit\b|rtu|reach|calient|nevera|congel|enfr|refri|lacte|lait|viande|frigo"
    r"|sales floor|furnace|boiler|kitchen|calef",
)
_FRENCH: Final = re.compile(
    r"\b(?:le|la|il|fait|magasin|chambre|on|dans|ça|degrés)\b.*\b(?:est|fait|dans|et|on|pis)\b"
)
# A temperature has at most three figures; most messages have no such number.
_FEW_DIGITS: Final = re.compile(r"(?<!\d)\d{1,3}(?!\d)")
_COLDEST: Final = -40
_HOTTEST: Final = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The part of a message that rules look at. `degrees` are Fahrenheit, in the order of the text."""

    subject: str
    text: str
    degrees: tuple[float, ...]
    reply: bool
    our_number: bool


def read(subject: str, text: str) -> Reading:
    """Return what counts of a message with this `subject` and `text`."""
    body = _SOFT_SPACE.sub("", _SOFT_BREAK.sub("", text[:MAX_CHARACTERS].replace("\r\n", "\n")))
    new = newly_written(subject, body)
    title = OUR_NUMBER.sub(" ", subject)
    whole = f"{title}\n{new}"
    return Reading(
        subject=title,
        text=new,
        degrees=degrees_in(whole),
        reply=_REPLY.match(subject) is not None,
        our_number=OUR_NUMBER.search(subject) is not None,
    )


def newly_written(subject: str, body: str) -> str:
    """Return `body` without quoted history and signatures; a forwarded mail keeps what it forwards."""
    if "\n" not in body:
        return body
    if _FORWARD.match(subject):
        parts = _HEADER.split(_QUOTE_STARTS.sub("", body))
        return "\n\n".join(_unsigned(part) for part in parts).strip()
    for start in (_QUOTE_STARTS, _HEADER):
        found = start.search(body)
        # A mail that begins with its quote has its answer below or is nothing but the quote: keep it.
        if found is not None and body[: found.start()].strip():
            body = body[: found.start()]
    own = "\n".join(line for line in body.split("\n") if not line.startswith(">"))
    return _unsigned(own if own.strip() else body)


def _unsigned(part: str) -> str:
    """Cut `part` at its closing words, and a last paragraph that only says who wrote."""
    found = _CLOSING.search(part)
    while found is not None and not part[: found.start()].strip():
        found = _CLOSING.search(part, found.end())
    if found is not None:
        part = part[: found.start()]
    paragraphs = part.strip().split("\n\n")
    lines = paragraphs[-1].strip().split("\n")
    if len(paragraphs) > 1 and len(lines) <= _SIGNATURE_LINES and all(map(_like_a_signature, lines)):
        paragraphs.pop()
    return "\n\n".join(paragraphs).strip()


def _like_a_signature(line: str) -> bool:
    return len(line) <= _SIGNATURE_WIDTH and not _SENTENCE_END.search(line)


def degrees_in(text: str) -> tuple[float, ...]:
    """Return the temperatures that `text` names, in Fahrenheit; French speakers mean Celsius."""
    spoken = digits_for_words(text)
    if not _FEW_DIGITS.search(spoken):
        return ()
    patterns = [_DEGREES, _STATED, _PLACED, _READS] if _ABOUT_HEAT.search(spoken) else [_DEGREES]
    matches = [match for pattern in patterns for match in pattern.finditer(spoken)]
    if not matches:
        return ()
    french = _FRENCH.search(spoken.lower()) is not None
    found: dict[int, float] = {}
    for match in matches:
        value = float(match.group(1))
        unit = match.group()[match.end(1) - match.start() :].strip().lower()
        if french or unit in ("c", "°c", "° c", "celsius"):
            value = value * 9 / 5 + 32
        if _COLDEST <= value <= _HOTTEST:
            found.setdefault(match.start(1), value)
    return tuple(value for _, value in sorted(found.items()))
