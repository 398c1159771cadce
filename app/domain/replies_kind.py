"""What kind of message somebody at the customer sent, from its words alone, in English, Spanish and French.

Most messages report trouble (`new`); the others are told by how people talk about a visit, a report that they
already made, or an answer to our question. Here is what follows from a match, the phrases stand in
replies_signals_*.py; they know ways of speaking, not single messages.
What must not live here: priority and trade (rulebook), which ticket it is about (usecases).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from app.domain import replies_signals_answers as answers
from app.domain import replies_signals_senders as senders
from app.domain import replies_signals_things as things
from app.domain import replies_signals_visits as visits
from app.domain.classification import KindEstimate
from app.domain.newest import newest_text
from app.domain.replies_optout import opt_word
from app.domain.spelling import fold

_READ: Final = 3000
_ONE_LINE: Final = 45
_SHORT: Final = 70
_BRIEF: Final = 140
_LONG: Final = 420
_SIGN_OFF_WORDS: Final = 6
# French l'ascenseur is the word ascenseur; other elisions stand in the tables as they are written together.
_ELIDED: Final = re.compile(r"\b[ld]'(?=[a-z])")
# What counts beside an estimate's percents: what the tables' words say, and that it may be an emergency.
_TOLD: Final = 30
_EMERGENCY: Final = 30
_MAY_BE_ONE: Final = 50
_YES_WORDS: Final = frozenset({"yes", "yeah", "yep", "si", "oui"})
_GREETING: Final = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|bonjour|bonsoir|hola|buen\w+)\b.{0,40}\Z"
)


def customer_intent(text: str, subject: str = "", channel: str = "sms") -> str:
    """Return the kind of a message: one of classification.KINDS.

    `channel` is sms, email or voice. Quoted history is not read. What is not clearly something else is `new`,
    because an emergency that nobody opens is the worst mistake. Never raises.
    """
    return _intent(text[:_READ], subject[:300], channel)


def settled_kind(told: str, estimate: KindEstimate) -> str:
    """Return the kind of a message that customer_intent calls `told`, seeing what learned words say.

    It serves rules, and tells whether words beside an open ticket are trouble of their own. It opts nobody
    out, silences and closes nothing: replies are read without estimates. No estimate makes or unmakes a STOP,
    and what may be an emergency has to be called anything but `new` with more certainty.
    """
    if told == "stop" or not estimate.kinds:
        return told
    sure = {kind: share for kind, share in estimate.kinds.items() if kind != "stop"}
    sure[told] = sure.get(told, 0) + _TOLD
    if estimate.p1 >= _MAY_BE_ONE:
        sure["new"] = sure.get("new", 0) + _EMERGENCY
    return max(sure, key=lambda kind: (sure[kind], kind == told))


@lru_cache(maxsize=256)  # rules and replies both ask it of each message
def _intent(text: str, subject: str, channel: str) -> str:
    whole = newest_text(text) if channel == "email" else text
    said, about = _flat(whole), _flat(subject)
    if opt_word(whole) or senders.STOP.search(said):
        return "stop"
    if channel != "email" and senders.STAFF_FIRST.match(said):
        return "staff_reply"
    if senders.AUTOMATIC_SUBJECT.search(about) or (senders.AUTOMATIC.search(said) and not _is_report(said)):
        return "auto_reply"
    if not said:
        return "new"
    if senders.MACHINE_OVER.search(f"{about} {said}"):
        return "update"
    if _is_spam(said, about):
        return "spam_or_wrong"
    if channel == "email":
        signed = bool(senders.STAFF_SIGNATURE.search(said))
        said = _flat(_body(whole)) or about
        if signed and (_by_staff(said) or about.startswith("re:")):
            return "staff_reply"
    elif _by_staff(said):
        return "staff_reply"
    question = answers.ASKED_SUBJECT.search(said[:_BRIEF])
    asked = bool(question or answers.ASKED_SUBJECT.search(about))
    # "You asked whether it is fixed, it is fixed": what follows the question is the answer.
    behind = said[question.end() :].strip(" ,.;:") if question else ""
    return (
        (behind and polarity(behind, asked=True))
        or polarity(said, asked=asked)
        or _about_a_visit(said, about)
    )


def polarity(said: str, *, asked: bool) -> str:
    """Return confirm_yes or confirm_no if folded `said` answers "is it fixed?", else nothing.

    `asked` means that we know that this was the question.
    """
    brief = len(said) <= (_LONG if asked else _BRIEF)
    placed = bool(things.SITE.search(said)) and not asked
    not_fixed = bool(answers.NOT_FIXED.search(said)) and (
        asked or not things.ASSET.search(said) or bool(answers.AFTER_A_VISIT.search(said))
    )
    if answers.THUMB_DOWN.match(said) or (brief and answers.NO.match(said)):
        return "confirm_no"
    if not asked and (
        visits.WITHDRAWN.match(said) or visits.MORE_OF_IT.match(said) or answers.APPOINTMENT.match(said)
    ):
        return ""
    if brief and not_fixed and not placed and (asked or not visits.CHASE.search(said)):
        return "confirm_no"
    if brief and not not_fixed and answers.CLOSE_IT.search(said) and "?" not in said:
        return "confirm_yes"
    return _fixed(said, asked=asked, placed=placed)


def _fixed(said: str, *, asked: bool, placed: bool) -> str:
    """Return what `said`, which is no plain no, says about a repair: confirm_yes, confirm_no or nothing."""
    fixed = answers.FIXED.search(said)
    if fixed and answers.NEGATED.match(said[: fixed.start()]):
        fixed = None
    if asked and not fixed and answers.STILL.search(said):
        return "confirm_no"
    rest = things.NOT_TROUBLE.sub(" ", answers.FIXED.sub(" ", said))
    if (
        things.TROUBLE.search(rest)
        or (("?" in rest or visits.WANTS.search(rest)) and not asked)
        or visits.CHASE.search(said)
    ):
        return ""
    # "Thermostat clock wrong, temp is ok": the trouble stands before the comma, what is ok behind it.
    if fixed and not asked and things.ASSET.search(said[: fixed.start()].rpartition(",")[0]):
        return ""
    if answers.YES.match(said) and (asked or fixed or len(said) <= _ONE_LINE):
        return "confirm_yes"
    if (
        fixed
        and not placed
        and len(said) <= (_BRIEF if asked else _SHORT)
        and not answers.HAPPENED.search(rest)
    ):
        before = said[: fixed.start()].split()
        agreed = not _YES_WORDS.isdisjoint(before)
        return "confirm_yes" if agreed or len(before) <= _SIGN_OFF_WORDS - 2 else ""
    return ""


def _about_a_visit(said: str, about: str) -> str:
    trouble = bool(things.TROUBLE.search(things.NOT_TROUBLE.sub(" ", said)))
    placed = bool(things.SITE.search(said))
    named = bool(things.ASSET.search(said))
    wants = "?" in said or bool(visits.WANTS.search(said))
    updates = bool(visits.UPDATE.search(said))
    if not trouble and not wants and (not updates or visits.THANKS_FIRST.match(said)):
        short = len(said) <= _SHORT
        if (
            visits.THANKS_FIRST.match(said)
            or visits.THANKS_FIRST.match(about)
            or (short and (visits.AGREED.match(said) or visits.THANKS.search(said)))
        ):
            return "ack_thanks"
    if visits.VENDOR_SUBJECT.match(about) and not visits.CHASE_SUBJECT.search(about):
        return "update"
    if visits.CHASE.search(visits.REGULAR_SERVICE.sub(" ", said)) or (
        visits.CHASE_SUBJECT.search(about) and not trouble
    ):
        return "chase"
    ours = bool(visits.UPDATE_SUBJECT.search(about))
    # Where no trouble is named, the one thing left to ask about is the visit.
    vague = wants if ours else not (trouble or named or visits.ORDER.search(said))
    if vague and not updates and len(said) <= _BRIEF and visits.CHASE_WEAK.search(said):
        return "chase"
    if updates or ours:
        return "update"
    if visits.FIRST_TOLD.match(said):
        return "new"
    if not wants and len(said) <= 2 * _BRIEF and visits.UPDATE_CHANGE.search(said):
        return "update"
    if placed or wants or len(said) > _BRIEF:
        return "new"
    more = visits.PRONOUN_FIRST.match(said) and len(said) <= _SHORT and visits.PRONOUN_MORE.search(said)
    return "update" if more or (visits.UPDATE_WEAK.search(said) and not trouble) else "new"


def _is_spam(said: str, about: str) -> bool:
    both = f"{about} {said}"
    if senders.WRONG.search(said):
        return True
    offers = {match.group() for match in senders.OFFER.finditer(both)}
    if len(offers) >= senders.OFFERS_OF_SPAM:
        return not _is_report(both)
    trouble = bool(things.TROUBLE.search(things.NOT_TROUBLE.sub(" ", both)))
    if senders.SPAM.search(both):
        return not (trouble and things.ASSET.search(both))
    # "Grandma sat down dizzy, no air in here": who writes to family does not tell of trouble.
    place = senders.PRIVATE_PLACE.search(said) and not (things.ASSET.search(said) or things.SITE.search(said))
    return bool(place or senders.PRIVATE.search(said)) and not trouble


def _is_report(said: str) -> bool:
    """Return whether `said` names a trouble, what has it, and the site: nobody else writes like that."""
    return all(pattern.search(said) for pattern in (things.SITE, things.TROUBLE, things.ASSET))


def _flat(text: str) -> str:
    return " ".join(_ELIDED.sub("", fold(text)).replace("'", "").split())


def _body(text: str) -> str:
    """Return a mail's text without its greeting and without the short lines at its end."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) > 1 and _GREETING.match(fold(lines[0])) and len(lines[0].split()) < _SIGN_OFF_WORDS:
        lines = lines[1:]
    kept = [line for line in lines if line]
    while len(kept) > 1 and len(kept[-1].split()) <= _SIGN_OFF_WORDS:
        kept.pop()
    return "\n".join(kept)


def _by_staff(said: str) -> bool:
    return bool(senders.STAFF_FIRST.match(said) or senders.STAFF.search(said))
