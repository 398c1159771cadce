"""`closeloop load`: bring the directory in the database to what a directory file says, and tell what changed.

One transaction, all or nothing. What is absent from the file is deactivated, never deleted: tickets refer
to it. What must not live here: reading the file (directory_file.py), SQL (store/directory.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import Connection, Engine

from app.domain.directory import (
    Account,
    Company,
    Contact,
    ContactMethod,
    Coverage,
    Directory,
    MethodKind,
    Person,
    Site,
)
from app.store import directory as store
from app.usecases.directory_file import DirectoryFile


@dataclass(frozen=True, slots=True)
class Changes:
    """What a load changed: a line for each thing, in plain words; and the directory's version after it."""

    lines: tuple[str, ...]
    version: int

    def __bool__(self) -> bool:
        return bool(self.lines)


def load_directory(engine: Engine, file: DirectoryFile, *, now: datetime) -> Changes:
    """Make the database say what `file` says. `now` is recorded as the instant of the change.

    Two loads at once take turns. A load that finds nothing to change leaves the version as it is.
    Raises what the database raises; then nothing has changed.
    """
    with engine.begin() as connection:
        store.lock(connection)
        return _load(connection, file, now)


def _load(connection: Connection, file: DirectoryFile, now: datetime) -> Changes:
    try:
        before = store.read_directory(connection)
    except store.DirectoryEmptyError:
        before = _nothing(file)
    names = {account.key: account.name for account in (*before.accounts.values(), *file.accounts.values())}
    people = _compare(file.people, before.people, lambda p: f"person {p.key}")
    accounts = _compare(file.accounts, before.accounts, lambda a: f"account {a.key}")
    sites = _compare(file.sites, before.sites, lambda s: f"site {names[s.account]} {s.code}")
    contacts = _compare(
        file.contacts, store.all_contacts(connection), lambda c: f"contact {names[c.account]} {c.name}"
    )
    coverage = _coverage_lines(before.coverage, file.coverage)
    schedules = {name: doc for name, doc in file.schedules.items() if before.schedules.get(name) != doc}
    ended = sorted(before.schedules.keys() - file.schedules.keys())
    teams = {name: people for name, people in file.teams.items() if before.teams.get(name) != people}
    disbanded = sorted(before.teams.keys() - file.teams.keys())
    lines = (
        *_company_lines(before, file),
        *people.lines,
        *accounts.lines,
        *sites.lines,
        *contacts.lines,
        *coverage,
        *_schedule_lines(before.schedules, schedules, ended),
        *_team_lines(before.teams, teams, disbanded),
    )
    if not lines:
        return Changes((), before.version)
    writes = store.Writes(
        company=file.company,
        duty=file.duty,
        people=people.values,
        accounts=accounts.values,
        sites=sites.values,
        contacts=contacts.values,
        coverage=file.coverage if coverage else None,
        schedules=schedules,
        ended=ended,
        teams=teams,
        disbanded=disbanded,
    )
    store.save(connection, writes)
    return Changes(lines, store.bump_version(connection, now))


def _nothing(file: DirectoryFile) -> Directory:
    """Return the directory before the first load: version 0, nobody in it, a company without a name."""
    company = replace(file.company, name="")
    return Directory(version=0, company=company, duty=file.duty, people={}, accounts={}, sites={})


_Entry = TypeVar("_Entry", Person, Account, Site, Contact)


@dataclass(frozen=True, slots=True)
class _Difference(Generic[_Entry]):
    """The values to write, and what to say about them."""

    values: list[_Entry]
    lines: list[str]


def _compare(
    new: Mapping[str, _Entry], old: Mapping[str, _Entry], label: Callable[[_Entry], str]
) -> _Difference[_Entry]:
    values: list[_Entry] = []
    added: list[str] = []
    changed: list[str] = []
    gone: list[str] = []
    for key in sorted(new):
        value, known = new[key], old.get(key)
        if value == known:
            continue
        values.append(value)
        if known is None:
            added.append(f"+ {label(value)}")
        else:
            if not known.active:
                added.append(f"+ {label(value)} (active again)")
            details = list(_details(known, value))
            if details:
                changed.append(f"~ {label(value)}: {'; '.join(details)}")
    for key in sorted(old.keys() - new.keys()):
        if old[key].active:
            values.append(replace(old[key], active=False))
            gone.append(f"- {label(old[key])} (deactivated)")
    return _Difference(values, [*added, *changed, *gone])


def _details(old: Company | Person | Account | Site | Contact, new: object) -> Iterator[str]:
    """Yield `field before -> after` for each field that differs, a person's methods by their kind."""
    for name in (f.name for f in fields(old) if f.name != "active"):
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        if name == "methods":
            yield from _method_details(before, after)
        elif name == "notify":
            yield "notification rules changed"
        else:
            yield f"{name.replace('_', ' ')} {_words(name, before)} -> {_words(name, after)}"


def _method_details(old: Sequence[ContactMethod], new: Sequence[ContactMethod]) -> Iterator[str]:
    same = True
    known = {(m.kind, m.address): m.verified for m in old}
    for method in new:
        if known.get((method.kind, method.address), method.verified) != method.verified:
            same = False
            yield f"{method.kind} {method.address} {'' if method.verified else 'no longer '}verified"
    for kind in MethodKind:
        before = [method.address for method in old if method.kind is kind]
        after = [method.address for method in new if method.kind is kind]
        if before != after:
            same = False
            yield f"{kind} {_words('', before)} -> {_words('', after)}"
    if same:
        yield f"order {_words('', [m.kind for m in old])} -> {_words('', [m.kind for m in new])}"


def _words(name: str, value: object) -> str:
    if name == "quiet" and isinstance(value, tuple):
        return "-".join(clock.isoformat("minutes") for clock in value)
    if name == "sites" and isinstance(value, tuple):
        return ", ".join(key.partition(".")[2] for key in value) or "all"
    if name == "leave_feed" and value:
        return (
            str(value).partition("?")[0].rpartition("/")[0] or "a file"
        )  # the rest of a feed's address is secret
    if name in ("manager", "backup", "duty", "cover") and isinstance(value, str):
        return value.removeprefix("person:") or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value in (None, "") else str(value)


def _company_lines(before: Directory, file: DirectoryFile) -> Iterator[str]:
    if not before.company.name:
        yield f"+ company {file.company.name}"
        yield f"+ duty {_words('duty', file.duty)}"
        return
    details = "; ".join(_details(before.company, file.company))
    if details:
        yield f"~ company: {details}"
    if before.duty != file.duty:
        yield f"~ duty: {_words('duty', before.duty)} -> {_words('duty', file.duty)}"


def _coverage_lines(before: Iterable[Coverage], after: Iterable[Coverage]) -> list[str]:
    old, new = set(map(_cover, before)), set(map(_cover, after))
    return [*(f"+ {line}" for line in sorted(new - old)), *(f"- {line}" for line in sorted(old - new))]


def _cover(coverage: Coverage) -> str:
    trades = ", ".join(coverage.trades) or "all trades"
    return f"coverage {coverage.person}: {trades} in {', '.join(coverage.regions) or 'all regions'}"


def _schedule_lines(
    known: Mapping[str, Mapping[str, object]],
    changed: Mapping[str, Mapping[str, object]],
    ended: Iterable[str],
) -> Iterator[str]:
    for name in sorted(changed):
        if name not in known:
            yield f"+ schedule {name}"
            continue
        old, new = known[name], changed[name]
        parts = [part for part in sorted(old.keys() | new.keys()) if old.get(part) != new.get(part)]
        yield f"~ schedule {name}: {', '.join(parts)}"
    yield from (f"- schedule {name} (no longer in force)" for name in ended)


def _team_lines(
    known: Mapping[str, tuple[str, ...]], changed: Mapping[str, tuple[str, ...]], disbanded: Iterable[str]
) -> Iterator[str]:
    for name in sorted(changed):
        if name in known:
            yield f"~ team {name}: {', '.join(known[name])} -> {', '.join(changed[name])}"
        else:
            yield f"+ team {name}: {', '.join(changed[name])}"
    yield from (f"- team {name} (no longer there)" for name in disbanded)
