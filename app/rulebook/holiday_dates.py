"""Public holidays by country, written out as dates, so that a revision never changes with a library.

What must not live here: how a calendar uses them (domain/calendars.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import holidays
from holidays.registry import EntityLoader

from app.documents import nearest
from app.domain.errors import CloseloopError

_KEYS: Final = ("country", "subdivision", "observed")


class HolidayError(CloseloopError):
    """Holidays are named by country, subdivision and whether the observed days count."""

    def __init__(self, message: str, *path: str) -> None:
        """Carry the `path` of the key at fault beside the message."""
        super().__init__(message)
        self.path = path


def dates_of(rule: Mapping[str, object], years: tuple[int, int]) -> list[str]:
    """Return the dates, as 2026-12-25, of `{"country": "US", "subdivision": "NY", "observed": true}`.

    `years` are the first and the last one. Raises HolidayError for unknown keys, countries, subdivisions.
    """
    for key in rule:
        if key not in _KEYS:
            raise HolidayError(f"unknown key {key!r}{nearest(key, _KEYS)}", key)
    country, subdivision = rule.get("country"), rule.get("subdivision")
    # Of all countries only the one asked for is imported: all of them take half a second.
    if not isinstance(country, str) or country not in EntityLoader.get_country_codes():
        raise HolidayError(f"no holidays are known for the country {country!r}", "country")
    parts = getattr(holidays, country).subdivisions
    if subdivision is not None and subdivision not in parts:
        hint = nearest(str(subdivision), parts)
        raise HolidayError(f"{country} has no subdivision {subdivision!r}{hint}", "subdivision")
    observed = rule.get("observed", True)
    if not isinstance(observed, bool):
        raise HolidayError("observed is true or false", "observed")
    first, last = years
    if last < first:
        raise HolidayError("holiday_years ends before it begins")
    found = holidays.country_holidays(
        country,
        subdiv=str(subdivision) if subdivision is not None else None,
        years=range(first, last + 1),
        observed=observed,
    )
    return sorted(day.isoformat() for day in found if first <= day.year <= last)
