"""Ladders, SLA policies, calendars and texts of a rulebook: each given to the domain's own parser.

The domain's errors name a path such as `ladders.night.levels[1].after`; here it becomes a place in a file.
What must not live here: rules and word lists (building.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from app.documents import Problem, nearest
from app.domain.calendars import parse_calendar
from app.domain.classification import PRIORITIES
from app.domain.directory import Role
from app.domain.errors import CloseloopError
from app.domain.escalation import Ladder, parse_ladder
from app.domain.sla_actions import bare_policy, policy_actions
from app.domain.sla_policy import parse_policy
from app.domain.texts import TextError, Texts, parse_texts
from app.rulebook import models
from app.rulebook.holiday_dates import HolidayError, dates_of
from app.rulebook.selecting import FOR
from app.rulebook.sources import TEXTS, Source, plain

ParsedT = TypeVar("ParsedT")
ALWAYS: Final = "24x7"
ROLES: Final = (Role.ACCOUNT_MANAGER.value, Role.SERVICE_MANAGER.value, Role.DUTY_MANAGER.value)
_PLACED: Final = re.compile(r"(?P<path>[a-z_]+(?:\.[\w-]+|\[\d+\])+): (?P<message>.*)", re.DOTALL)
_NAMED: Final = re.compile(r"(?:unknown key )?'([\w-]+)'")
_STEP: Final = re.compile(r"\[(\d+)\]|([\w-]+)")


def read_texts(sources: Mapping[str, Source], problems: list[Problem], *, complete: bool) -> Texts | None:
    """Return the texts of all files `texts/LANGUAGE`; what is wrong is added to `problems`.

    A stored revision need not be `complete`: it may be of before there were some texts.
    """
    prefix = f"{TEXTS}/"
    languages = {
        name.removeprefix(prefix): source for name, source in sources.items() if name.startswith(prefix)
    }
    documents: dict[str, Mapping[str, object]] = {}
    for name, source in languages.items():
        data = plain(source.document.data)
        if isinstance(data, dict):
            documents[name] = data
        else:
            problems.append(source.document.problem((), "texts stand under their ids"))
    if problems:
        return None
    try:
        return parse_texts(documents, complete=complete)
    except TextError as error:
        source = languages.get(str(error.path[0]) if error.path else "", sources["routing"])
        problems.append(source.document.problem(error.path[1:], str(error)))
        return None


def read_ladders(source: Source, file: models.Ladders, problems: list[Problem]) -> dict[str, Ladder]:
    """Return the ladders by name; what is wrong is added to `problems`."""
    found: dict[str, Ladder] = {}
    for name, raw in file.ladders.items():
        where = f"ladders.{name}"
        document = plain(raw)
        ladder = _attempt(source, where, problems, partial(parse_ladder, document, where=where))
        if ladder is not None:
            found[name] = ladder
            for index, level in enumerate(ladder.levels):
                path = ("ladders", name, "levels", index, "notify")
                problems.extend(
                    source.document.problem(path, message) for message in target_problems(level.notify)
                )
    return found


def target_problems(targets: Iterable[str]) -> list[str]:
    """Return what is wrong with targets that are neither a role nor `person:KEY` nor `schedule:NAME`."""
    return [
        f"unknown role {target!r}{nearest(target, ROLES)}"
        for target in targets
        if ":" not in target and target not in ROLES
    ]


def read_calendars(
    source: Source,
    file: models.Calendars,
    stored: Mapping[str, Sequence[str]] | None,
    problems: list[Problem],
) -> tuple[dict[str, object], dict[str, list[str]]]:
    """Return calendars by name with their holidays as dates, and those dates by calendar.

    A calendar that is wrong is None. `stored` are the dates of a stored revision; they are taken as they are.
    """
    calendars: dict[str, object] = {}
    holidays: dict[str, list[str]] = {}
    for name, raw in file.calendars.items():
        document = plain(raw)
        rule = document.get("holidays") if isinstance(document, dict) else None
        if isinstance(document, dict) and isinstance(rule, dict):
            try:
                years = (file.holiday_years.first, file.holiday_years.last)
                holidays[name] = list(stored[name]) if stored and name in stored else dates_of(rule, years)
            except HolidayError as error:
                path = ("calendars", name, "holidays", *error.path)
                problems.append(source.document.problem(path, str(error)))
            document = {**document, "holidays": holidays.get(name, [])}
        where = f"calendars.{name}"
        good = _attempt(
            source,
            where,
            problems,
            partial(parse_calendar, document, where=where, site_timezone="UTC"),
        )
        calendars[name] = document if good else None
    return calendars, holidays


def read_policies(
    source: Source, file: models.Policies, calendars: Mapping[str, object], problems: list[Problem]
) -> dict[str, dict[str, object]]:
    """Return for each policy a document that needs nothing else: `{"policy", "calendars", "actions"}`.

    The document is what a ticket is stamped with: which tickets a policy is for is no part of it.
    """
    documents: dict[str, dict[str, object]] = {}
    for name, raw in file.policies.items():
        where = f"policies.{name}"
        written = {str(key): plain(value) for key, value in raw.items() if key != FOR}
        policy = bare_policy(written)
        named = _named_calendars(policy)
        unknown = {key: metric for metric, key in named.items() if key not in {*calendars, ALWAYS}}
        for key, metric in unknown.items():
            path = ("policies", name, "targets", metric, "calendar")
            message = f"unknown calendar {key!r}{nearest(key, {*calendars, ALWAYS})}"
            problems.append(source.document.problem(path, message))
        documents[name] = {
            "policy": policy,
            "calendars": {key: calendars[key] for key in sorted(set(named.values())) if key in calendars},
        }
        if not unknown and all(calendars.get(key, ALWAYS) for key in named.values()):
            sound = _attempt(
                source, where, problems, partial(parse_policy, policy, calendars, "UTC", where=where)
            )
            if sound is not None:
                actions = _attempt(source, where, problems, partial(policy_actions, written, where=where))
                documents[name]["actions"] = actions.document() if actions else {}
    return documents


def missing_priorities(source: Source, policies: Mapping[str, Mapping[str, object]]) -> Iterator[Problem]:
    """Yield targets by priority that lack one: a ticket keeps its policy when its priority changes."""
    for name, document in policies.items():
        policy = document["policy"]
        targets = policy.get("targets") if isinstance(policy, dict) else None
        for metric, target in targets.items() if isinstance(targets, dict) else ():
            within = target.get("within") if isinstance(target, dict) else None
            lacking = [p for p in PRIORITIES if p not in within] if isinstance(within, dict) else []
            if lacking:
                path = ("policies", name, "targets", metric, "within")
                message = f"no target for {', '.join(lacking)}, and any ticket's priority may change to it"
                yield source.document.problem(path, message)


def _named_calendars(policy: object) -> dict[str, str]:
    """Return the calendar that each metric of a policy names."""
    targets = policy.get("targets") if isinstance(policy, dict) else None
    return {
        metric: target["calendar"]
        for metric, target in (targets.items() if isinstance(targets, dict) else ())
        if isinstance(target, dict) and isinstance(target.get("calendar"), str)
    }


def _attempt(
    source: Source, where: str, problems: list[Problem], call: Callable[[], ParsedT]
) -> ParsedT | None:
    """Return what `call` makes, or None after adding its error at the place that it names."""
    path = _path(where)
    try:
        return call()
    except RecursionError:
        problems.append(source.document.problem(path, "nested too deeply"))
    except CloseloopError as error:
        message = str(error)
        found = _PLACED.match(message)
        if found is not None:
            path, message = _path(found["path"]), found["message"]
        named = _NAMED.match(message)
        if named is not None:
            path = (*path, named[1])
        problems.append(source.document.problem(path, message))
    return None


def _path(where: str) -> tuple[str | int, ...]:
    return tuple(int(index) if index else name for index, name in _STEP.findall(where))
