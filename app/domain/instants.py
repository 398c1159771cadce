"""Instants and durations as text: RFC 3339 with an offset in, UTC with Z out (FORMATS, head)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from app.domain.errors import CloseloopError, NaiveInstantError

_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,18})?)?([Zz]|[+-]\d{2}:\d{2})?\Z",
)
_DURATION = re.compile(r"(?:([0-9]{1,15})d)?(?:([0-9]{1,15})h)?(?:([0-9]{1,15})m)?(?:([0-9]{1,15})s)?\Z")


class InstantError(CloseloopError):
    """An instant is written like 2026-03-08T07:30:00Z or 2026-03-08T02:30:00-05:00."""


class DurationError(CloseloopError):
    """A duration is written in d, h, m and s parts, such as 90s, 15m, 1h30m or 2d."""


def parse_instant(text: object) -> datetime:
    """Return the aware UTC instant that `text` (RFC 3339) names, what is less than a microsecond cut off.

    Raises InstantError, NaiveInstantError.
    """
    match = _INSTANT.match(text) if isinstance(text, str) else None
    if not isinstance(text, str) or match is None:
        raise InstantError(f"{text!r} is not an instant; write it like 2026-03-08T07:30:00Z")
    if match.group(3) is None:
        raise NaiveInstantError(f"{text!r} has no offset; add Z or one such as -05:00")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InstantError(f"{text!r} is not an instant: {error}") from error


def format_instant(instant: datetime) -> str:
    """Return `instant` in UTC with Z; a fraction of a second only if there is one."""
    if instant.tzinfo is None:
        raise NaiveInstantError
    text = instant.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def parse_duration(text: object) -> timedelta:
    """Return the duration that `text` (`90s`, `1h30m`, `2d`; a day is 24 h) names. Raises DurationError."""
    match = _DURATION.match(text) if isinstance(text, str) and text else None
    if match is None:
        raise DurationError(f"{text!r} is not a duration; write it like 90s, 15m, 1h30m or 2d")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as error:
        raise DurationError(f"{text!r} is longer than time itself") from error


def format_duration(duration: timedelta) -> str:
    """Return `duration` in d, h, m and s parts, `0s` for none; fractions are cut."""
    seconds = int(duration.total_seconds())
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
