"""What kind of message somebody at the customer sent, from its words alone, in English, Spanish and French.

Most messages report trouble (`new`); the others are told by how people talk about a visit, a report that they
already made, or an answer to our question. Word lists and patterns, no examples' wording; each pattern is linear.
What must not live here: priority and trade (rulebook), which ticket it is about (usecases).
"""

from __future__ import annotations

import re
from typing import Final

from app.domain import replies_signals as signal
from app.domain.newest import newest_text
from app.domain.replies_optout import opt_word
from app.domain.spelling import fold

_READ: Final = 3000
_ONE_LINE: Final = 45
_SHORT: Final = 70
_BRIEF: Final = 140
_LONG: Final = 420
_SIGN_OFF_WORDS: Final = 6
_GREETING: Final = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|bonjour|bonsoir|hola|buen\w+)\b.{0,40}\Z"
)


def customer_intent(text: str, subject: str = "", channel: str = "sms") -> str:
    """Return the kind of a message: one of classification.KINDS.

    `channel` is sms, email or voice. Quoted history is not read. What is not clearly something else is `new`,
    because an emergency that nobody opens is the worst mistake. Never raises.
    """
    whole = newest_text(text[:_READ]) if channel == "email" else text[:_READ]
    said, about = _flat(whole), _flat(subject[:300])
    if opt_word(whole) or signal.STOP.search(said):
        return "stop"
    if signal.AUTOMATIC_SUBJECT.search(about) or signal.AUTOMATIC.search(said):
        return "auto_reply"
    if not said:
        return "new"
    if signal.MACHINE_OVER.search(f"{about} {said}"):
        return "update"
    if _is_spam(said, about):
        return "spam_or_wrong"
    if channel == "email":
        signed = bool(signal.STAFF_SIGNATURE.search(said))
        said = _flat(_body(whole)) or about
        if signed and (signal.STAFF.search(said) or about.startswith("re:")):
            return "staff_reply"
    elif signal.STAFF.search(said):
        return "staff_reply"
    asked = bool(signal.ASKED_SUBJECT.search(about))
    return polarity(said, asked=asked) or _about_a_visit(said, about)


def polarity(said: str, *, asked: bool) -> str:
    """Return confirm_yes or confirm_no if folded `said` answers "is it fixed?", else nothing.

    `asked` means that we know that this was the question.
    """
    brief = len(said) <= (_LONG if asked else _BRIEF)
    placed = bool(signal.SITE.search(said)) and not asked
    if signal.THUMB_DOWN.match(said) or (brief and signal.NO.match(said)):
        return "confirm_no"
    if brief and not placed and signal.NOT_FIXED.search(said) and not signal.CHASE.search(said):
        return "confirm_no"
    fixed = signal.FIXED.search(said)
    rest = signal.NOT_TROUBLE.sub(" ", signal.FIXED.sub(" ", said))
    if signal.TROUBLE.search(rest) or (("?" in rest or signal.WANTS.search(rest)) and not asked) or signal.CHASE.search(said):
        return ""
    if signal.YES.match(said) and (asked or fixed or len(said) <= _ONE_LINE):
        return "confirm_yes"
    if (
        fixed
        and not placed
        and len(said) <= (_BRIEF if asked else _SHORT)
        and not signal.HAPPENED.search(rest)
    ):
        words_before = len(said[: fixed.start()].split())
        return "confirm_yes" if words_before <= _SIGN_OFF_WORDS - 2 else ""
    return ""


def _about_a_visit(said: str, about: str) -> str:
    trouble = bool(signal.TROUBLE.search(signal.NOT_TROUBLE.sub(" ", said)))
    placed = bool(signal.SITE.search(said))
    if signal.CHASE.search(said) or (signal.CHASE_SUBJECT.search(about) and not trouble):
        return "chase"
    named = bool(signal.ASSET.search(said))
    wants = "?" in said or bool(signal.WANTS.search(said))
    if not trouble and not wants:
        short = len(said) <= _SHORT
        if signal.THANKS_FIRST.match(said) or (short and (signal.AGREED.match(said) or signal.THANKS.search(said))):
            return "ack_thanks"
    ours = bool(signal.UPDATE_SUBJECT.search(about))
    if (ours or not (trouble or named)) and signal.CHASE_WEAK.search(said) and (wants or not ours) and len(said) <= _BRIEF:
        if not signal.UPDATE.search(said):
            return "chase"
    if signal.UPDATE.search(said) or ours:
        return "update"
    if placed or wants or len(said) > _BRIEF:
        return "new"
    more = signal.PRONOUN_FIRST.match(said) and len(said) <= _SHORT and signal.PRONOUN_MORE.search(said)
    return "update" if more or (signal.UPDATE_WEAK.search(said) and not trouble) else "new"


def _is_spam(said: str, about: str) -> bool:
    if signal.WRONG.search(said) or signal.SPAM.search(f"{about} {said}"):
        return True
    offers = {match.group() for match in signal.OFFER.finditer(f"{about} {said}")}
    return len(offers) >= signal.OFFERS_OF_SPAM or (
        bool(signal.PRIVATE.search(said)) and not (signal.ASSET.search(said) and signal.TROUBLE.search(said))
    )


def _flat(text: str) -> str:
    return " ".join(fold(text).replace("'", "").split())


def _body(text: str) -> str:
    """Return a mail's text without its greeting and without the short lines at its end."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) > 1 and _GREETING.match(fold(lines[0])) and len(lines[0].split()) < _SIGN_OFF_WORDS:
        lines = lines[1:]
    kept = [line for line in lines if line]
    while len(kept) > 1 and len(kept[-1].split()) <= _SIGN_OFF_WORDS:
        kept.pop()
    return "\n".join(kept)
