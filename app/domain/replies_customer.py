"""What somebody at the customer answers: yes, no, something new, or simply more words.

What must not live here: which ticket it is about and what follows (usecases), priority and trade (rulebook).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain import replies_signals_answers as answers
from app.domain import replies_signals_things as things
from app.domain import replies_signals_visits as visits
from app.domain.replies_kind import customer_intent, polarity
from app.domain.replies_optout import opt_word
from app.domain.spelling import fold


class CustomerVerb(StrEnum):
    """What a customer's message asks for."""

    YES = "yes"  # it is fixed
    NO = "no"  # it is not
    YES_BUT = "yes_but"  # yes, and something is left: the ticket stays open, a person is asked
    NEW = "new"  # another problem, explicitly
    CHASE = "chase"  # where are you?
    THANKS = "thanks"
    CANCEL = "cancel"  # nobody needs to come
    HELP = "help"
    STOP = "stop"
    START = "start"
    AUTO = "auto"  # a machine answered: no answer at all
    TEXT = "text"  # anything else


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerReply:
    """A parsed message: `number` is the ticket that it names, `text` the words (of NEW, those behind it)."""

    verb: CustomerVerb
    number: int | None = None
    text: str = ""


_READ: Final = 3000  # characters in which an answer has to stand

_ANSWER: Final = re.compile(
    r"\W*(?P<word>yes|yep|yup|yeah|y|ok|okay|good|si+|sip|oui|ouais|no+|nope|non|n|1|2|done|fixed|confirmed?)"
    r"(?:\W+(?:ticket\W*)?#?(?P<number>[1-9]\d{3,6}))?\W*\Z",
)
_NUMBER_FIRST: Final = re.compile(
    r"\W*#?(?P<number>[1-9]\d{3,6})\W+(?=(?:yes|yep|si|oui|no|nope|non|ok|still|not|fixed)\b)"
)
_ANSWERED: Final = re.compile(
    r"\W*(?:yes|yep|yup|yeah|y|ok|okay|si+|oui|no+|nope|non|n)\W+(?:ticket\W*)?#?(?P<number>[1-9]\d{3,6})(?!\d)",
)
_HASH: Final = re.compile(r"(?:#|\[|ticket (?:number |no\.? ?)?#?)(?P<number>[1-9]\d{3,6})\b")
_NEW: Final = re.compile(
    r"\W*(?:new|nuevo|nueva|nouveau|nouvelle)\b(?! (?:manager|year\w*|number|phone|here|guy|store|employee))"
    r"(?:\W+(?:problem|issue|ticket|request|problema|probleme)\b)?[\s:,.!-]*",
)
_CANCEL: Final = re.compile(
    r"(?:pls |please |ok |hey |hi |actually |can you |you can )*"
    r"(?:cancel|cancela|cancelen|annulez|nvm|nevermind|never mind|disregard|false alarm|falsa alarma"
    r"|fausse alerte|no longer need|dont need|no need (?:to|for)|dont (?:come|send)"
    r"|ya no (?:hace falta|necesit|vengan))",
)
_HELP: Final = re.compile(r"\W*(?:help|info|ayuda|aide)\W*\Z")
_OPEN_POINT: Final = re.compile(
    r"\b(?:but|however|except|although|though|only thing|still|also|another|other|again|yet|just the"
    r"|apart from|pero|aunque|tambien|otra|otro|falta|todavia|mais|sauf|encore|aussi)\b|\?",
)
_GOOD: Final = re.compile(
    r"\W*(?:(?:ok|okay|it|its|all|looks?|very|so|thats|is|todo|esta|tout|va|muy|good|great|fixed|done|perfect|fine|works?|working|bien"
    r"|bueno|bon|parfait|listo|perfecto|excellent|thanks?|thank|you|thx|gracias|merci|now|again|ya|quedo|correct|right|confirm|confirmed|set"
    r"|\U0001f44d[\U0001f3fb-\U0001f3ff]?|\u2705|\U0001f44c)\W*)+\Z",
)
_ONLY_THANKS: Final = re.compile(
    r"\W*(?:(?:thanks?|thank|you|thx|so|very|much|gracias|muchas|merci|beaucoup)\W*)+\Z"
)
_BAD: Final = re.compile(
    r"\W*(?:(?:still|again|not|same|negative|worse|never|bad|isnt|aint|nah|it|is|its|todavia|sigue|igual|peor|pas)\b\W*)+\Z"
)
# What may stand around a cancellation that leaves nothing to do: "never mind, we figured it out, sorry".
_NOTHING_MORE: Final = re.compile(
    r"\W*(?:(?:ok|okay|it|its|all|so|thats|is|was|are|we|i|were|got|good|great|fine|set|sorted|figured|out|fixed|resolved"
    r"|itself|solved|works?|working|stopped|gone|cleared|up|now|again|already|that|this|the|my|our|last|about|message|text"
    r"|request|sorry|please|guys|thanks?|thank|you|anymore|any|more|by|mistake|for|here|anyone|anybody|ya|gracias|perdon"
    r"|merci|todo|bien|come|send|to)\b\W*)*\Z"
)
_KINDS: Final = {
    "confirm_yes": CustomerVerb.YES,
    "confirm_no": CustomerVerb.NO,
    "chase": CustomerVerb.CHASE,
    "ack_thanks": CustomerVerb.THANKS,
    "stop": CustomerVerb.STOP,
    "auto_reply": CustomerVerb.AUTO,
}


def parse_customer(text: str, *, asked: bool) -> CustomerReply:
    """Return what a customer means by `text`.

    `asked` means that we have an open closing question to this person; naming a ticket counts as such. A yes
    closes a ticket, so it has to be clear: with an open point behind it, it is YES_BUT; a long text that
    nobody asked for is TEXT. A carrier's opt-out word counts alone only. Never raises.
    """
    flat = " ".join(fold(text[:_READ]).replace("'", "").split())
    number, first = _number(flat)
    if opted := opt_word(text):
        return CustomerReply(
            verb=CustomerVerb.STOP if opted == "STOP" else CustomerVerb.START, text=text.strip()
        )
    if _HELP.match(flat):
        return CustomerReply(verb=CustomerVerb.HELP, text=text.strip())
    if new := _NEW.match(fold(text[:_READ])):
        return CustomerReply(verb=CustomerVerb.NEW, number=number, text=text[new.end() :].strip())
    said = flat[first:].strip(" ,.:;-")
    verb = _verb(said, customer_intent(text), asked=asked or number is not None)
    return CustomerReply(verb=verb, number=number, text=text.strip())


def nothing_needed(text: str) -> bool:
    """Return whether `text` takes everything back and says nothing else: "never mind, all good now"."""
    flat = " ".join(fold(text[:_READ]).replace("'", "").split())
    cancelled = _CANCEL.match(flat)
    return bool(cancelled and _NOTHING_MORE.match(flat[cancelled.end() :]))


def _verb(said: str, kind: str, *, asked: bool) -> CustomerVerb:
    if kind in {"auto_reply", "stop"}:
        return _KINDS[kind]
    if _CANCEL.match(said):
        return CustomerVerb.CANCEL
    if exact := _ANSWER.match(said):
        return (
            CustomerVerb.NO
            if exact.group("word")[0] in "n2"
            else _yes_or_thanks(exact.group("word"), asked=asked)
        )
    if not asked:
        # Nobody asked: a report that begins with yes or no ("no heat") is a report.
        verb = _KINDS.get(kind, CustomerVerb.TEXT)
        return CustomerVerb.YES_BUT if verb is CustomerVerb.YES and _left_open(said) else verb
    return _answer(said, kind)


def _answer(said: str, kind: str) -> CustomerVerb:
    """Return what `said` answers to the closing question."""
    if _BAD.match(said):
        return CustomerVerb.NO
    if _ONLY_THANKS.match(said):
        return CustomerVerb.THANKS
    answer = polarity(said, asked=True)
    if answer == "confirm_no":
        return CustomerVerb.NO
    affirmed = bool(
        answer or answers.YES.match(said) or _GOOD.match(said) or said.startswith(("\U0001f44d", "\u2705"))
    )
    if not affirmed and re.match(r"(?:yes|yep|yeah|si|oui|ok|okay)\b", said):
        affirmed = True
    if affirmed:
        return CustomerVerb.YES_BUT if _left_open(said) else CustomerVerb.YES
    if re.match(r"no (?:more )?(?:problems?|issues?|worries|complaints?|leaks?)\b", said) and not _left_open(
        said
    ):
        return CustomerVerb.YES
    verb = _KINDS.get(kind, CustomerVerb.TEXT)
    return CustomerVerb.TEXT if verb in {CustomerVerb.YES, CustomerVerb.NO} else verb


def _left_open(said: str) -> bool:
    rest = things.NOT_TROUBLE.sub(" ", answers.FIXED.sub(" ", said))
    return bool(
        _OPEN_POINT.search(said)
        or visits.WANTS.search(rest)
        or things.TROUBLE.search(rest)
        or answers.NOT_FIXED.search(said)
    )


def _yes_or_thanks(word: str, *, asked: bool) -> CustomerVerb:
    """Return YES; an "ok" or "good" that answers no question only says thanks."""
    if not asked and word in {"ok", "okay", "good"}:
        return CustomerVerb.THANKS
    return CustomerVerb.YES


def _number(flat: str) -> tuple[int | None, int]:
    """Return the ticket that the answer names, and where the answer begins."""
    if match := _NUMBER_FIRST.match(flat):
        return int(match.group("number")), match.end()
    match = _ANSWERED.match(flat) or _HASH.search(flat)
    return (int(match.group("number")), 0) if match else (None, 0)
