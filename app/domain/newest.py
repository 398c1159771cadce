"""What somebody newly wrote in a mail: quoted history, signature and "sent from my phone" cut off.

Works on plain text lines only; where the text comes from is mail.py's business. When in doubt, keep: a line
too many is read in a second, a line too few may be the emergency.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# Longer lines are no attributions; it also bounds the work of the patterns.
_LONGEST_LINE = 300
_WRAPPED_LINES = 3
_DIVIDER_FOOTER_LINES = 12
_HEADER_LINES = 8

# "On Tue, Ann Lee <ann@x.example> wrote:" in the languages of our customers and their neighbours.
_ATTRIBUTION = re.compile(
    r"""\s*(?:
        On\s.*\swrote
      | El\s.*\sescribi(?:ó|o|o\u0301)
      | Le\s.*\sa\s[eé]crit
      | Am\s.*\sschrieb(?:\s.*)?
      | Em\s.*\sescreveu
      | Il\s.*\sha\sscritto
      | Op\s.*\sschreef(?:\s.*)?
      | \d{4}[-/.]\d\d?[-/.]\d\d?\s.*<[^<>\s]+@[^<>\s]+>
    )\s*:\s*\Z""",
    re.VERBOSE | re.IGNORECASE,
)
_ATTRIBUTION_START = re.compile(r"\s*(?:On|El|Le|Am|Em|Il|Op)\s+\S", re.IGNORECASE)

_ORIGINAL = re.compile(
    r"\s*[-_]{2,}\s*(?:Original Message|Original Appointment|Mensaje original|Message d['\u2019]origine"
    r"|Message original|Urspr(?:ü|ue)ngliche Nachricht|Original-?Nachricht|Mensagem original"
    r"|Messaggio originale|Oorspronkelijk bericht|Reply message)\s*[-_]{2,}\s*\Z",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s*_{5,}\s*\Z")
_FROM = re.compile(r"\s*\*?(?:From|De|Von|Da|Van)\s*:\s*\*?\s*\S", re.IGNORECASE)
_OTHER_HEADER = re.compile(
    r"\s*\*?(?:Sent|Date|To|Cc|Subject|Enviad[oa](?: el)?|Fecha|Para|Asunto|Envoy[eé]"
    r"|Date d['\u2019]envoi|À|Objet|Gesendet|Datum|An|Betreff|Data"
    r"|Assunto|Inviato|A|Oggetto|Verzonden|Aan|Onderwerp)\s*:\s*\*?",
    re.IGNORECASE,
)
_MOBILE = re.compile(
    r"\s*(?:Sent (?:from|via|with) (?:my |the )?[\w .,'\u2019&/()-]{1,60}"
    r"|Get Outlook for \w+.*"
    r"|Enviado (?:desde|con|vía|via|do) [\w .,'\u2019&/()-]{1,60}"
    r"|Obt[eé]n(?:er)? Outlook para .*"
    r"|Envoyé (?:de|depuis|à partir) [\w .,'\u2019&/()-]{1,60}"
    r"|Téléchargez? Outlook pour .*|Obtenir Outlook pour .*"
    r"|(?:Von meinem|Gesendet (?:von|mit|über|aus)) [\w .,'\u2019&/()-]{1,60}"
    r"|Outlook für \w+ (?:herunterladen|beziehen).*"
    r"|Holen Sie sich Outlook .*|Diese Nachricht wurde von mein\w+ .{1,60} gesendet\.?"
    r"|Inviato da .{1,60}|Enviada do meu .{1,40})\s*\Z",
    re.IGNORECASE,
)


def newest_text(text: str, *, forwarded: bool = False) -> str:
    """Return the part of a mail's plain `text` that its sender newly wrote, maybe nothing.

    Answers between quoted lines are kept, the quoted lines go. A `forwarded` mail's history is its message
    and stays whole.
    """
    lines = _clean(text).split("\n")
    if not forwarded:
        lines = _without_history(lines)
    return _tidy(_without_signature(lines))


def _clean(text: str) -> str:
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    return re.sub("[\u200b\u200c\u200d\u2060\ufeff]", "", plain) if not plain.isascii() else plain


def _without_history(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.lstrip().startswith(">"):
            index += 1
            continue
        wrapped = _attribution_lines(lines, index)
        if wrapped:
            index = _next_written(lines, index + wrapped)
            if index == len(lines) or not lines[index].lstrip().startswith(">"):
                break  # the history below is not marked line by line
            continue
        if _history_starts(lines, index):
            break
        kept.append(line)
        index += 1
    return kept


def _attribution_lines(lines: Sequence[str], index: int) -> int:
    """Return over how many lines an attribution stretches that starts at `index`, 0 if none does."""
    first = lines[index]
    if len(first) > _LONGEST_LINE or not first.strip():
        return 0
    if _ATTRIBUTION.match(first) and _is_dated(first, lines, index + 1):
        return 1
    if not _ATTRIBUTION_START.match(first):
        return 0
    joined = first
    for count in range(2, _WRAPPED_LINES + 1):
        if index + count > len(lines):
            return 0
        line = lines[index + count - 1]
        joined = f"{joined} {line.strip()}"
        if not line.strip() or len(joined) > _LONGEST_LINE:
            return 0
        if _ATTRIBUTION.match(joined) and _is_dated(joined, lines, index + count):
            return count
    return 0


def _is_dated(line: str, lines: Sequence[str], below: int) -> bool:
    """Return whether `line` names a date or an address, or a quote follows: prose may end in "wrote:" too."""
    if re.search(r"\d|@", line):
        return True
    following = _next_written(lines, below)
    return following < len(lines) and lines[following].lstrip().startswith(">")


def _next_written(lines: Sequence[str], index: int) -> int:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def _history_starts(lines: Sequence[str], index: int) -> bool:
    """Return whether all that follows `index` is somebody else's mail, as Outlook and its kin quote it."""
    line = lines[index]
    if len(line) > _LONGEST_LINE:
        return False
    if _ORIGINAL.match(line):
        return True
    if _RULE.match(line):
        index = _next_written(lines, index + 1)
        return index < len(lines) and _is_header_block(lines, index)
    return _is_header_block(lines, index)


def _is_header_block(lines: Sequence[str], index: int) -> bool:
    """Return whether `From:` stands at `index` with two more header lines close below."""
    if not _FROM.match(lines[index][:_LONGEST_LINE]):
        return False
    below = lines[index + 1 : index + 1 + _HEADER_LINES]
    return sum(1 for line in below if _OTHER_HEADER.match(line[:_LONGEST_LINE])) >= 2  # noqa: PLR2004 - "two more"


def _without_signature(lines: Sequence[str]) -> list[str]:
    for index, line in enumerate(lines):
        # Many mailers lose the space behind the dashes, and many people draw a line with two of them:
        # without the space it is a signature only if little follows.
        few = len(lines) - index - 1 <= _DIVIDER_FOOTER_LINES
        if line == "-- " or (line.rstrip() == "--" and few):
            lines = lines[:index]
            break
    kept = list(lines)
    while kept and (not kept[-1].strip() or (len(kept[-1]) <= _LONGEST_LINE and _MOBILE.match(kept[-1]))):
        kept.pop()
    return kept


def _tidy(lines: Sequence[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines).strip()
    return re.sub(r"\n{3,}", "\n\n", text)
