"""How fast a sender of ours may send: the arithmetic of one lane. Pure.

A lane is what one number, or one mailbox, carries on one channel. Its whole memory is three instants and a
code, so that any number of nodes can share it (docs/adr/0019-bursts-are-smoothed.md). What must not live
here: which message goes next (store/claims.py), what a limit is set to (settings).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from app.domain.delivery import LONGEST_ANSWER, PAGE_GAPS, SWITCH_WITHIN
from app.domain.message import Channel

SMOOTHED: Final = timedelta(seconds=1)
"""What a lane did not send for so long may still go at once: workers look once a second."""
CALM: Final = timedelta(minutes=1)
"""After so long without another "slow down" a lane goes twice as fast again."""
ANEW: Final = 32.0
"""With half of so many a second a lane begins anew that knows no limit, and was told to slow down."""
FIRST_HOLD: Final = timedelta(seconds=1)
LONGEST_OWN_HOLD: Final = timedelta(seconds=30)
LONGEST_HOLD: Final = timedelta(hours=1)
"""Longer than that no provider's word is believed."""
_MOST_STRIKES: Final = 6
_LEAST: Final = 0.05
PAGE_PATIENCE: Final = SWITCH_WITHIN - LONGEST_ANSWER - PAGE_GAPS[0]
"""So long a page waits for a provider that says "later"; then it is tried, and if need be the next method."""

_TEXTS_AND_CALLS: Final = frozenset({Channel.SMS, Channel.VOICE})
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

# What says "too fast", and whom it slows down. 429 is about the account, whatever is sent; the queues that
# are full are a number's own.
_TOO_FAST: Mapping[str, frozenset[Channel]] = MappingProxyType(
    {
        "20429": _TEXTS_AND_CALLS,
        "30001": frozenset({Channel.SMS}),
        "21611": frozenset({Channel.SMS}),
        "22005": frozenset({Channel.VOICE}),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What is known of one lane. `name` is its channel.

    Up to `next_at` it is used up at its pace (in the past: it is rested). It sends nothing before
    `held_until` and less than it might before `slow_until`, because of the provider's `code`.
    """

    name: str
    next_at: datetime = _NEVER
    held_until: datetime = _NEVER
    slow_until: datetime = _NEVER
    code: str = ""

    def strikes(self, now: datetime) -> int:
        """Return how many times its pace is halved now: once less with each calm minute."""
        return max(0, math.ceil((self.slow_until - max(now, self.held_until)) / CALM))

    def held(self, now: datetime) -> bool:
        """Return whether the provider wants nothing now."""
        return now < self.held_until


def pace(lane: Lane, limit: float | None, now: datetime) -> float | None:
    """Return how many a second a lane may send now, None for as many as there are.

    `limit` is what its sender may at best; None: it is not known to have a limit.
    """
    strikes = lane.strikes(now)
    if not strikes:
        return limit
    best = ANEW if limit is None else limit
    return max(math.ldexp(best, -strikes), min(best, _LEAST))


def room(lane: Lane, limit: float | None, now: datetime) -> int | None:
    """Return how many segments a lane can take now, None for any number.

    Over any time it gives no more than its pace times that time, and one second's worth and one.
    """
    if lane.held(now):
        return 0
    per_second = pace(lane, limit, now)
    if per_second is None:
        return None
    waits = max(lane.next_at - now, timedelta(0))
    credit = 1 + (SMOOTHED - waits).total_seconds() * per_second
    return max(0, math.floor(credit + 1e-6))


def taken(lane: Lane, limit: float | None, now: datetime, segments: int) -> Lane:
    """Return a lane from which so many segments were sent now: what is too much is paid for by waiting."""
    per_second = pace(lane, limit, now)
    if per_second is None or segments <= 0:
        return lane
    used = timedelta(seconds=segments / per_second)
    return replace(lane, next_at=max(lane.next_at, now) + used)


def pushed_back(lane: Lane, code: str, now: datetime, until: datetime | None = None) -> Lane:
    """Return a lane whose provider has said "slow down" with a `code`, and perhaps `until` when.

    What was under way when it was said first says it again, and counts once.
    """
    wanted = min(until, now + LONGEST_HOLD) if until is not None else None
    if lane.held(now):
        longer = max(lane.held_until, wanted or lane.held_until)
        strikes = lane.strikes(now)
    else:
        strikes = min(lane.strikes(now) + 1, _MOST_STRIKES)
        longer = wanted or now + min(FIRST_HOLD * 2 ** (strikes - 1), LONGEST_OWN_HOLD)
    held = max(longer, now)
    return replace(lane, held_until=held, slow_until=held + CALM * strikes, code=code)


def told_to_slow_down(channel: Channel, code: str) -> frozenset[Channel]:
    """Return which lanes a provider's `code` slows down, none if it says nothing of the kind."""
    if code == "429":
        return frozenset({Channel.EMAIL}) if channel is Channel.EMAIL else _TEXTS_AND_CALLS
    return _TOO_FAST.get(code, frozenset())


def known_limit(number: str) -> float | None:
    """Return how many segments a second Twilio sends from a number by itself, None where we do not know.

    What is beyond that waits at Twilio, in the order in which it came: there no page can pass it.
    """
    if number.startswith("+1"):
        return _TOLL_FREE_PACE if number[2:5] in _TOLL_FREE else _US_LONG_CODE_PACE
    return _SHORT_CODE_PACE if number and not number.startswith("+") else None


# https://www.twilio.com/docs/errors/30001 and the guide to rate limits. Numbers of other countries differ by
# country; a messaging service has a pool of its own. Neither is guessed.
_TOLL_FREE: Final = frozenset({"800", "833", "844", "855", "866", "877", "888"})
_TOLL_FREE_PACE: Final = 3.0
_US_LONG_CODE_PACE: Final = 1.0
_SHORT_CODE_PACE: Final = 100.0
KNOWN_CALLS: Final = 1.0
"""Calls a second that Twilio places for an account by itself."""
