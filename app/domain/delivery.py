"""How a sent message fares: status words with ranks, what a refusal means, when to try again. Mostly data.

Reading a provider's request into these words is reading.py's job; choosing the next contact method is the
use case's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, assert_never


class DeliveryStatus(StrEnum):
    """What is known of a message at the provider, from nothing to read by its recipient."""

    UNKNOWN = "unknown"
    QUEUED = "queued"
    SENT = "sent"
    ANSWERED = "answered"  # a call was picked up, perhaps by a voicemail: it says nothing of a person
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"
    ENDED = "ended"  # a call that we hung up ourselves, because somebody has it

    @property
    def rank(self) -> int:
        """Return how far along this is; a receipt never moves a message to the same or a lower rank."""
        return _RANKS[self]

    @property
    def has_failed(self) -> bool:
        """Return whether the recipient did not get it."""
        return self in (DeliveryStatus.UNDELIVERED, DeliveryStatus.FAILED)


# Receipts come late, twice and out of order. A failure outranks `sent`; a delivery outranks a failure,
# because a carrier that says "delivered" after "undelivered" knows better.
_RANKS: Mapping[DeliveryStatus, int] = MappingProxyType(
    {
        DeliveryStatus.UNKNOWN: 0,
        DeliveryStatus.QUEUED: 1,
        DeliveryStatus.SENT: 2,
        DeliveryStatus.ANSWERED: 3,
        DeliveryStatus.UNDELIVERED: 4,
        DeliveryStatus.FAILED: 4,
        DeliveryStatus.DELIVERED: 5,
        DeliveryStatus.ENDED: 5,
        DeliveryStatus.READ: 6,
    },
)

# Twilio's MessageStatus words. `sending` is still in Twilio's house; a cancelled message was never sent.
_TWILIO_WORDS: Mapping[str, DeliveryStatus] = MappingProxyType(
    {
        "accepted": DeliveryStatus.QUEUED,
        "scheduled": DeliveryStatus.QUEUED,
        "queued": DeliveryStatus.QUEUED,
        "sending": DeliveryStatus.QUEUED,
        "sent": DeliveryStatus.SENT,
        "undelivered": DeliveryStatus.UNDELIVERED,
        "partially_delivered": DeliveryStatus.UNDELIVERED,
        "failed": DeliveryStatus.FAILED,
        "canceled": DeliveryStatus.FAILED,
        "delivered": DeliveryStatus.DELIVERED,
        "read": DeliveryStatus.READ,
    },
)

# Twilio's CallStatus words. A call has arrived only when a key was pressed, which no status says: voicemails
# answer and complete calls too (goalert and others took that for an acknowledgement).
_CALL_WORDS: Mapping[str, DeliveryStatus] = MappingProxyType(
    {
        "queued": DeliveryStatus.QUEUED,
        "initiated": DeliveryStatus.QUEUED,
        "ringing": DeliveryStatus.SENT,
        "in-progress": DeliveryStatus.ANSWERED,
        "completed": DeliveryStatus.UNDELIVERED,
        "busy": DeliveryStatus.UNDELIVERED,
        "no-answer": DeliveryStatus.UNDELIVERED,
        "canceled": DeliveryStatus.UNDELIVERED,
        "failed": DeliveryStatus.FAILED,
    },
)

# What became of a call, by our own code for it.
CALL_OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "no_key": "picked up, but no key was pressed",
        "busy": "the line was busy",
        "no_answer": "nobody picked up",
        "canceled": "the call was cancelled",
        "call_failed": "the call could not be put through",
        "machine": "a voicemail answered",
    },
)
_CALL_CODES: Mapping[str, str] = MappingProxyType(
    {
        "completed": "no_key",
        "busy": "busy",
        "no-answer": "no_answer",
        "canceled": "canceled",
        "failed": "call_failed",
    },
)

# SendGrid's event words. `deferred` means that the other side said "later" and SendGrid goes on trying, so it
# is not sent yet. Opens, clicks, complaints and unsubscriptions prove arrival and nothing more: machines open
# and click mails, so they are never `read`.
_SENDGRID_WORDS: Mapping[str, DeliveryStatus] = MappingProxyType(
    {
        "processed": DeliveryStatus.QUEUED,
        "deferred": DeliveryStatus.QUEUED,
        "bounce": DeliveryStatus.UNDELIVERED,
        "blocked": DeliveryStatus.UNDELIVERED,
        "dropped": DeliveryStatus.UNDELIVERED,
        "delivered": DeliveryStatus.DELIVERED,
        "open": DeliveryStatus.DELIVERED,
        "click": DeliveryStatus.DELIVERED,
        "spamreport": DeliveryStatus.DELIVERED,
        "unsubscribe": DeliveryStatus.DELIVERED,
        "group_unsubscribe": DeliveryStatus.DELIVERED,
    },
)


_BY_WORD: Mapping[str, DeliveryStatus] = MappingProxyType({status.value: status for status in DeliveryStatus})


def twilio_status(word: str) -> DeliveryStatus:
    """Return the status that Twilio's MessageStatus `word` names, UNKNOWN for words that we do not know."""
    return _TWILIO_WORDS.get(word.strip().lower(), DeliveryStatus.UNKNOWN)


def call_status(word: str) -> tuple[DeliveryStatus, str]:
    """Return the status that Twilio's CallStatus `word` stands for, and our code for an end without a key."""
    plain = word.strip().lower()
    return _CALL_WORDS.get(plain, DeliveryStatus.UNKNOWN), _CALL_CODES.get(plain, "")


def sendgrid_status(event: str) -> DeliveryStatus:
    """Return the status that SendGrid's `event` name stands for, UNKNOWN for names that we do not know."""
    return _SENDGRID_WORDS.get(event.strip().lower(), DeliveryStatus.UNKNOWN)


def canonical(word: str) -> DeliveryStatus:
    """Return `word` as a DeliveryStatus, UNKNOWN if it is none; for words that were stored."""
    return _BY_WORD.get(word, DeliveryStatus.UNKNOWN)


def advance(current: DeliveryStatus | str, new: DeliveryStatus | str) -> DeliveryStatus:
    """Return the status after a receipt says `new`: the one further along, `current` if neither is."""
    here, there = canonical(current), canonical(new)
    return there if there.rank > here.rank else here


class Reaction(StrEnum):
    """What to do about a message that a provider refused or could not deliver."""

    ADDRESS = "address"  # this address never works: next contact method, have it checked
    OPT_OUT = "opt_out"  # the recipient said STOP on this channel: next contact method, suppress until START
    CONTENT = "content"  # this text on this route is refused: next contact method
    CONFIG = "config"  # our own set-up is wrong: next contact method, tell the operator
    EXPIRED = "expired"  # it was held until its time ran out: next contact method
    TRANSIENT = "transient"  # try again with growing gaps; after a receipt, the next contact method meanwhile
    AMBIGUOUS = "ambiguous"  # the answer was lost: it may have been sent


# Twilio says that the meaning of a code may change: this is data, with defaults for unknown codes behind it.
# Codes 2xxxx answer the request to send, 3xxxx and 63xxx come in a receipt.
TWILIO_CODES: Mapping[str, Reaction] = MappingProxyType(
    {
        "20003": Reaction.CONFIG,  # authentication
        "20429": Reaction.TRANSIENT,  # too many requests: never processed
        "20500": Reaction.AMBIGUOUS,  # internal error
        "21210": Reaction.CONFIG,  # From of a call is neither ours nor verified
        "21211": Reaction.ADDRESS,  # invalid To
        "21212": Reaction.CONFIG,  # invalid From
        "21214": Reaction.ADDRESS,  # To cannot be reached
        "21215": Reaction.CONFIG,  # voice geo permission
        "21216": Reaction.ADDRESS,  # call blocked by Twilio
        "21217": Reaction.ADDRESS,  # invalid To of a call
        "21408": Reaction.CONFIG,  # SMS geo permission; never enabled automatically
        "21602": Reaction.CONTENT,  # body required
        "21603": Reaction.CONFIG,  # From required
        "21606": Reaction.CONFIG,  # From is not ours or cannot send
        "21608": Reaction.CONFIG,  # trial account, unverified To
        "21610": Reaction.OPT_OUT,  # recipient replied STOP
        "21611": Reaction.CONFIG,  # From has more than ten hours queued: another try adds to it
        "21612": Reaction.CONTENT,  # no route between From and To
        "21614": Reaction.ADDRESS,  # not a mobile number
        "21617": Reaction.CONTENT,  # body over 1600 characters
        "21635": Reaction.ADDRESS,  # landline
        "22005": Reaction.CONFIG,  # more than a day of calls queued
        "30001": Reaction.TRANSIENT,  # queue overflow
        "30002": Reaction.CONFIG,  # account suspended
        "30003": Reaction.TRANSIENT,  # handset off or out of reach
        "30004": Reaction.ADDRESS,  # blocked
        "30005": Reaction.ADDRESS,  # unknown handset
        "30006": Reaction.ADDRESS,  # landline or unreachable carrier
        "30007": Reaction.CONTENT,  # filtered
        "30008": Reaction.TRANSIENT,  # unknown error
        "30034": Reaction.CONFIG,  # sender not registered with US carriers
        "30036": Reaction.EXPIRED,  # validity period over
        "30450": Reaction.CONTENT,  # taken for SMS pumping
        "30500": Reaction.TRANSIENT,  # internal error
        "30610": Reaction.CONFIG,  # quiet hours of the compliance toolkit
        "63014": Reaction.OPT_OUT,  # blocked by the user
        "63016": Reaction.CONTENT,  # outside the window for free text
    },
)

# The codes that reading.py makes of SendGrid's events.
SENDGRID_CODES: Mapping[str, Reaction] = MappingProxyType(
    {
        "bounce": Reaction.ADDRESS,
        "blocked": Reaction.TRANSIENT,
        "dropped": Reaction.CONTENT,
        "dropped_bounced": Reaction.ADDRESS,
        "dropped_invalid": Reaction.ADDRESS,
        "dropped_unsubscribed": Reaction.OPT_OUT,
        "dropped_spam_report": Reaction.OPT_OUT,
        "dropped_quota": Reaction.CONFIG,
        "spamreport": Reaction.OPT_OUT,
        "unsubscribe": Reaction.OPT_OUT,
        "group_unsubscribe": Reaction.OPT_OUT,
    },
)


SUPPRESSED: Final = "suppressed"
"""The code of a message that we did not hand over, because its address said STOP."""
UNREACHABLE: Final = "unreachable"
"""The code of a request that found no way to the provider."""
UNANSWERED: Final = "unanswered"
"""The code of a request that the provider did not answer, or not in a way that can be read."""

# The account is closed or locked out, whatever is sent.
_LOCKED_OUT = frozenset({"20003", "30002", "401", "403"})
_AWAY = re.compile(r"20429|205\d\d|429|5\d\d")


def provider_away(code: str) -> bool:
    """Return whether a failure with this `code` is the provider's: others by the same way would fail too."""
    return code in (UNREACHABLE, UNANSWERED) or code in _LOCKED_OUT or _AWAY.fullmatch(code) is not None


def reaction_to_refusal(code: str, http_status: int) -> Reaction:
    """Return what to do when a request to send was answered with `code` (may be empty) and `http_status`.

    An unknown refusal is about this address on this channel; an unknown 5xx may have been sent after all.
    """
    if code == SUPPRESSED:
        return Reaction.OPT_OUT
    if code in TWILIO_CODES:
        return TWILIO_CODES[code]
    if http_status == _TOO_MANY_REQUESTS:
        return Reaction.TRANSIENT
    if http_status in _NOT_ALLOWED:
        return Reaction.CONFIG
    if http_status == _TOO_LARGE:
        return Reaction.CONTENT
    return Reaction.ADDRESS if _BAD_REQUEST <= http_status < _SERVER_ERROR else Reaction.AMBIGUOUS


def reaction_to_failure(code: str) -> Reaction:
    """Return what a send that failed for good with `code` says beyond its message.

    A provider that is away says nothing about an address.
    """
    if code in _LOCKED_OUT:
        return Reaction.CONFIG
    return Reaction.TRANSIENT if provider_away(code) else reaction_to_refusal(code, _BAD_REQUEST)


def reaction_to_receipt(status: DeliveryStatus, code: str) -> Reaction | None:
    """Return what to do when a receipt says `status` with error `code`, None when there is nothing to do.

    A failure with an unknown code is transient: the next contact method now, and one more try.
    An unsubscription after a delivery is still an opt-out.
    """
    known = TWILIO_CODES.get(code) or SENDGRID_CODES.get(code)
    match status:
        case DeliveryStatus.UNDELIVERED | DeliveryStatus.FAILED:
            return known or Reaction.TRANSIENT
        case DeliveryStatus.DELIVERED | DeliveryStatus.READ | DeliveryStatus.ENDED:
            return known if known is Reaction.OPT_OUT else None
        case DeliveryStatus.UNKNOWN | DeliveryStatus.QUEUED | DeliveryStatus.SENT | DeliveryStatus.ANSWERED:
            return None
    assert_never(status)


def same_text(ours: str, theirs: str) -> bool:
    """Return whether a provider's copy of a text is ours: it swaps signs for cheaper ones, puts words before.

    Letters and digits of ASCII are never swapped. A text that has none is never known again.
    """
    mark = _letters(ours)
    return bool(mark) and _letters(theirs).endswith(mark)


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isalnum())


_BAD_REQUEST = 400
_NOT_ALLOWED = (401, 403)
_TOO_LARGE = 413
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500

# Gaps after the first, second, ... failed try. A page gives up before it has waited for half a minute: the
# next contact method, by another provider, and the next person are the better retry. A notice has nobody
# behind it and goes on for a day.
PAGE_GAPS = tuple(timedelta(seconds=s) for s in (5, 10))
NOTICE_GAPS = tuple(timedelta(seconds=s) for s in (5, 15, 45, 135, 405, 1215, 3600, 10800, 21600, 43200))
SWITCH_WITHIN = timedelta(seconds=30)
"""A page that no provider took is on its way by the next method so long after it was due, at the latest."""
LONGEST_ANSWER = timedelta(seconds=10)
"""For so long a provider is waited for."""


def next_attempt(attempt: int, now: datetime, jitter: float) -> datetime | None:
    """Return when to try a notice again after `attempt` failed tries (1 for the first), None to give up.

    `jitter` in [0, 1) spreads the gap by a fifth to either side, so that what failed together does not come
    back together.
    """
    return _next(NOTICE_GAPS, attempt, now, jitter)


def next_page(
    attempt: int, now: datetime, jitter: float, *, due: datetime, doubtful: bool
) -> datetime | None:
    """Return when to try a page again that was due at `due`, None to give up: see `next_attempt`.

    Another try has to end in time for the next method, and one that is `doubtful` is looked up first.
    """
    at = _next(PAGE_GAPS, attempt, now, jitter)
    latest = due + SWITCH_WITHIN - LONGEST_ANSWER * (2 if doubtful else 1)
    return at if at is not None and at <= latest else None


def _next(gaps: tuple[timedelta, ...], attempt: int, now: datetime, jitter: float) -> datetime | None:
    if attempt > len(gaps):
        return None
    return now + gaps[max(attempt, 1) - 1] * (0.8 + 0.4 * jitter)
