"""Answers questions about time and people from a document alone, with the functions that the engine calls.

`answer_line` is one line of `closeloop compute`. What must not live here: reading files, printing, and any
arithmetic of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from math import isfinite
from typing import NoReturn, cast

from app.domain.calendars import Calendar, parse_calendar
from app.domain.errors import CloseloopError
from app.domain.fields import items, keyed, mapping, nearest, shown, text
from app.domain.instants import format_instant, parse_instant
from app.domain.sla import ClockReport, SlaEvent, explain, parse_policy
from app.domain.zones import SECOND, from_micros, to_micros, zone_of

_MINUTE = 60 * SECOND
_MOST_MINUTES = 6_000_000_000
"""More than ten thousand years."""
_LONGEST_INSTANT = 64
_MOST_KNOWN = 1024
_KNOWN: dict[tuple[str, str, str | None], Calendar] = {}
"""Calendars by what was written; a pure memory of `parse_calendar`, which never changes an answer."""

_EVENT_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "opened": ((), ("priority",)),
    "acknowledged": ((), ()),
    "eta_given": ((), ("eta",)),
    "arrived": ((), ()),
    "updated": ((), ()),
    "held": (("reason",), ()),
    "released": ((), ("reason",)),
    "priority_changed": (("priority",), ()),
    "resolved": ((), ()),
    "reopened": ((), ()),
    "confirmed": ((), ()),
    "declined": ((), ()),
    "closed": ((), ()),
    "cancelled": ((), ()),
    "merged_in": (("first_contact_at",), ()),
}
"""For each type of event the keys that it needs, and those that it may have."""


class QuestionError(CloseloopError):
    """A question is not one that `compute` understands."""


def answer_line(line: str) -> dict[str, object]:
    """Return `{"id", "answer"}` or `{"id", "error"}` for a line of JSON. Never raises."""
    question: object = None
    try:
        question = json.loads(line, parse_constant=_no_number)
        found = answer(mapping(question, "question"))
    except CloseloopError as error:
        return {"id": _id(question), "error": str(error)}
    except RecursionError:
        return {"id": None, "error": "this line is nested too deeply"}
    except (ValueError, OverflowError) as error:
        kind = "not JSON" if question is None else "not answerable"
        return {"id": _id(question), "error": f"this line is {kind}: {error}"}
    return {"id": _id(question), "answer": found}


def answer(question: Mapping[str, object]) -> object:
    """Return the JSON-able answer to a question of FORMATS; `id`, `expect` and `expect_error` are ignored.

    Raises CloseloopError with what is wrong, where, and what would be right.
    """
    asked = question.get("ask")
    if asked is None:
        raise QuestionError(f"'ask' is missing{nearest('', _ANSWERS)}")
    found = _ANSWERS.get(asked) if isinstance(asked, str) else None
    if found is None:
        name = asked if isinstance(asked, str) else ""
        raise QuestionError(f"ask: {shown(asked)} is no question{nearest(name, _ANSWERS)}")
    return found({key: value for key, value in question.items() if key not in ("expect", "expect_error")})


def _calendar_add(question: Mapping[str, object]) -> str:
    _check(question, "calendar", "start", "minutes")
    micros = _calendar(question).add_micros(_micros(question, "start"), _minutes(question["minutes"]))
    return format_instant(from_micros(micros))


def _calendar_between(question: Mapping[str, object]) -> float:
    _check(question, "calendar", "start", "end")
    micros = _calendar(question).between_micros(_micros(question, "start"), _micros(question, "end"))
    return micros / _MINUTE if micros % _MINUTE else micros // _MINUTE


def _calendar_next_open(question: Mapping[str, object]) -> str:
    _check(question, "calendar", "start")
    return format_instant(_calendar(question).next_open(_instant(question, "start")))


def _calendar_windows(question: Mapping[str, object]) -> list[list[str]]:
    _check(question, "calendar", "start", "end")
    found = _calendar(question).windows(_instant(question, "start"), _instant(question, "end"))
    return [[format_instant(opening), format_instant(closing)] for opening, closing in found]


def _sla_explain(question: Mapping[str, object]) -> dict[str, object]:
    keyed(
        question,
        "question",
        required=("ask", "as_of", "policy", "events"),
        optional=("id", "site_timezone", "calendars"),
    )
    site = _site(question)
    calendars = mapping(question.get("calendars", {}), "calendars")
    policy = parse_policy(
        question["policy"],
        {name: _parsed(doc, f"calendars.{name}", site) for name, doc in calendars.items()},
    )
    events = [
        _event(event, f"events[{index}]") for index, event in enumerate(items(question["events"], "events"))
    ]
    reports = explain(policy, events, _instant(question, "as_of"))
    return {"metrics": {str(metric): _report(report) for metric, report in reports.items()}}


def _oncall(question: Mapping[str, object]) -> object:
    return _elsewhere("app.domain.oncall", question)


def _escalation(question: Mapping[str, object]) -> object:
    return _elsewhere("app.domain.escalation", question)


_ANSWERS: Mapping[str, Callable[[Mapping[str, object]], object]] = {
    "calendar.add": _calendar_add,
    "calendar.between": _calendar_between,
    "calendar.next_open": _calendar_next_open,
    "calendar.windows": _calendar_windows,
    "sla.explain": _sla_explain,
    "oncall.at": _oncall,
    "oncall.shifts": _oncall,
    "oncall.gaps": _oncall,
    "escalation.plan": _escalation,
}


def _elsewhere(module: str, question: Mapping[str, object]) -> object:
    # Imported when asked: a question about a calendar need not wait for what it does not use.
    return cast("Callable[[Mapping[str, object]], object]", import_module(module).answer)(question)


def _check(question: Mapping[str, object], *required: str) -> None:
    keyed(question, "question", required=("ask", *required), optional=("id", "site_timezone"))


def _site(question: Mapping[str, object]) -> str | None:
    site = question.get("site_timezone")
    return None if site is None else zone_of(text(site, "site_timezone"), "site_timezone").key


def _calendar(question: Mapping[str, object]) -> Calendar:
    return _parsed(question["calendar"], "calendar", _site(question))


def _parsed(doc: object, where: str, site: str | None) -> Calendar:
    """Return the calendar of a document; equal documents give the same one, warm."""
    key = (repr(doc), where, site)
    found = _KNOWN.get(key)
    if found is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        found = _KNOWN[key] = parse_calendar(doc, where=where, site_timezone=site)
    return found


def _instant(document: Mapping[str, object], key: str, where: str = "") -> datetime:
    value = document[key]
    try:
        if isinstance(value, str) and len(value) <= _LONGEST_INSTANT:
            return parse_instant(value)
    except CloseloopError as error:
        raise QuestionError(f"{where}{key}: {error}") from None
    wanted = "write it like 2026-03-08T07:30:00Z"
    raise QuestionError(f"{where}{key}: {shown(value)} is not an instant; {wanted}")


def _micros(document: Mapping[str, object], key: str) -> int:
    return to_micros(_instant(document, key))


def _minutes(value: object) -> int:
    """Return a number of minutes in microseconds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise QuestionError(f"minutes: {shown(value)} is not a number")
    if not -_MOST_MINUTES <= value <= _MOST_MINUTES:
        raise QuestionError(f"minutes: {shown(value)} is longer than the years 1 to 9999")
    return round(value * _MINUTE)


def _event(doc: object, where: str) -> SlaEvent:
    kind = mapping(doc, where).get("type")
    keys = _EVENT_KEYS.get(kind) if isinstance(kind, str) else None
    if not isinstance(kind, str) or keys is None:
        known = nearest(kind if isinstance(kind, str) else "", _EVENT_KEYS)
        raise QuestionError(f"{where}.type: {shown(kind)} is no event{known}")
    required, optional = keys
    found = keyed(doc, where, required=("type", "at", *required), optional=("recorded_at", *optional))
    for key in required:
        if found[key] is None:
            raise QuestionError(f"{where}.{key}: null is no {key}")
    return SlaEvent(
        type=kind,
        at=_instant(found, "at", f"{where}."),
        priority=_text(found, "priority", where),
        reason=_text(found, "reason", where),
        first_contact_at=_instant_or_none(found, "first_contact_at", where),
        eta=_instant_or_none(found, "eta", where),
        recorded_at=_instant_or_none(found, "recorded_at", where),
    )


def _text(document: Mapping[str, object], key: str, where: str) -> str | None:
    return None if document.get(key) is None else text(document[key], f"{where}.{key}")


def _instant_or_none(document: Mapping[str, object], key: str, where: str) -> datetime | None:
    return None if document.get(key) is None else _instant(document, key, f"{where}.")


def _report(report: ClockReport) -> dict[str, object]:
    return {
        "state": str(report.state),
        "due_at": _maybe(report.due_at),
        "elapsed_seconds": report.elapsed_seconds,
        "target_seconds": report.target_seconds,
        "breached": report.breached,
        "breached_at": _maybe(report.breached_at),
        "warnings": [_maybe(warning) for warning in report.warnings],
        "segments": [
            [format_instant(segment.start), format_instant(segment.end), segment.kind]
            for segment in report.segments
        ],
    }


def _maybe(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _id(question: object) -> object:
    found = question.get("id") if isinstance(question, dict) else None
    if isinstance(found, float) and not isfinite(found):
        return None  # 1e999 is read as infinite, which JSON cannot write
    return found if isinstance(found, str | int | float) else None  # never what could be too deep to print


def _no_number(name: str) -> NoReturn:
    raise QuestionError(f"{name} is not a number; write a finite one")
