"""Keeping watch over who can be paged: the nightly coverage proof, and who is on call soon but not reachable.

Each thing is done once, whatever the number of nodes: the ledger says by whom. What must not live here: the
proof (domain/coverage.py), gaps that a leave opens by day (told at once by those who enter it).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from app.domain.coverage import SOON, Gap, unreachable_soon
from app.domain.directory import MethodKind, Person
from app.domain.message import Channel
from app.domain.texts import TextId
from app.store import contact_checks, oncall, records
from app.store.directory import DirectoryEmptyError
from app.store.outbox import PAGE, OutboxRow
from app.usecases.desk import Desk
from app.usecases.gaps import cause_text, read_proof, who_text
from app.usecases.house import House
from app.usecases.wording import Origin, clock_text

log = structlog.get_logger()

DAYS: Final = 90
_NIGHT: Final = time(3)
_OFFICE: Final = (time(9), time(17))
_WORKDAYS: Final = range(5)
_NIGHTLY, _SEEN, _TOLD, _SOON = "coverage", "coverage.gap", "coverage.told", "coverage.soon"
_KIND: Final = "coverage_gap"
_LISTED: Final = 100
_KEPT: Final = timedelta(days=7)
_CHANNELS: Final = {MethodKind.SMS: Channel.SMS, MethodKind.EMAIL: Channel.EMAIL}


def watch(house: House) -> int:
    """Do what is due now: the proof once a night, and in office hours tell what it found; return 0.

    Before the first load there is nobody to watch over.
    """
    try:
        _watch(house)
    except DirectoryEmptyError:
        return 0
    house.wake("saved")
    return 0


def _watch(house: House) -> None:
    now = house.clock.now()
    with house.begin() as connection:
        desk = Desk(house, connection, now)
        local = now.astimezone(ZoneInfo(desk.roster.directory.company.timezone))
        day = local.date().isoformat()
        if local.time() >= _NIGHT and oncall.first_time(connection, _NIGHTLY, [day], now):
            for job in (_NIGHTLY, _SOON):
                oncall.forget_before(connection, job, now - _KEPT)
            _prove(desk)
        if _OFFICE[0] <= local.time() < _OFFICE[1]:
            if local.weekday() in _WORKDAYS:
                _tell_gaps(desk)
            _tell_unreachable(desk, day)
        desk.flush()


def _prove(desk: Desk) -> None:
    """Find the gaps of the next days and put those that are new on record."""
    proof = read_proof(desk.house, desk.connection, desk.now, DAYS)
    gaps = {_key(gap): gap for gap in proof.gaps}
    # A gap that was closed and opens again is new again.
    oncall.forget_except(desk.connection, _SEEN, gaps)
    new = oncall.first_time(desk.connection, _SEEN, gaps, desk.now)
    for key in sorted(new, key=lambda key: gaps[key].start)[:_LISTED]:
        gap = gaps[key]
        since, until = gap.spans[0]
        causes = dict.fromkeys(cause_text(cause, proof.directory) for cause in gap.causes)
        detail = {
            "who": who_text(gap, proof.directory),
            "from": since.isoformat(),
            "until": until.isoformat(),
            "why": "; ".join(causes)[:300],
        }
        desk.note(_KIND, key, detail)
    log.info("coverage_proved", gaps=len(gaps), new=len(new))


def _key(gap: Gap) -> str:
    what = repr((gap.ladder, gap.account, gap.sites, gap.trades, gap.priorities, gap.causes))
    return hashlib.sha256(what.encode()).hexdigest()[:32]


def _tell_gaps(desk: Desk) -> None:
    """Page the duty manager about gaps that nobody has been told of."""
    found = {str(entry.id): entry for entry in records.audit_of(desk.connection, _KIND, _LISTED)}
    fresh = oncall.first_time(desk.connection, _TOLD, found, desk.now)
    if not fresh:
        return
    first = min((found[key] for key in fresh), key=lambda entry: entry.detail["from"])
    facts = {
        "site": first.detail["who"],
        "reason": first.detail["why"],
        "link": f"{desk.house.identity.public_url}/on-call/coverage",
    }
    if len(fresh) > 1:
        facts["count"] = str(len(fresh))
    for person in _duty(desk):
        zone = person.timezone
        times = {
            "time": clock_text(datetime.fromisoformat(first.detail["from"]), desk.now, zone),
            "until": clock_text(datetime.fromisoformat(first.detail["until"]), desk.now, zone),
        }
        desk.say(_rows(desk, TextId.GAP_FOUND, person, 1, **facts, **times))


def _tell_unreachable(desk: Desk, day: str) -> None:
    """Tell who is on call soon and cannot be paged for sure, and the duty manager; once a day each."""
    checks = contact_checks.read_checks(desk.connection)
    soon = unreachable_soon(desk.roster, checks, desk.now, desk.now + SOON)
    keys = {f"{person}:{day}": person for person in soon}
    fresh = oncall.first_time(desk.connection, _SOON, keys, desk.now)
    told = sorted((soon[keys[key]], keys[key]) for key in fresh)
    people, public = desk.roster.directory.people, desk.house.identity.public_url
    for at, key in told:
        person = people[key]
        facts = {"time": clock_text(at, desk.now, person.timezone), "link": f"{public}/me"}
        desk.say(_rows(desk, TextId.UNVERIFIED_SOON, person, len(person.methods), **facts))
    for duty in _duty(desk):
        others = [(at, people[key].name) for at, key in told if key != duty.key]
        if others:
            at, name = others[0]
            more = f" and {len(others) - 1} more" if others[1:] else ""
            when, link = clock_text(at, desk.now, duty.timezone), f"{public}/on-call/coverage"
            facts = {"name": f"{name}{more}", "time": when, "link": link}
            desk.say(_rows(desk, TextId.UNVERIFIED_PERSON, duty, 1, **facts))


def _duty(desk: Desk) -> Iterable[Person]:
    people = desk.roster.directory.people
    return [people[key] for key in desk.roster.alarmed(desk.now)]


def _rows(desk: Desk, text_id: TextId, person: Person, most: int, **facts: str) -> list[OutboxRow]:
    """Return a page to the first `most` addresses of a person that can be written to."""
    methods = [m for m in person.methods if m.kind in _CHANNELS][:most]
    origins = [Origin(channel=_CHANNELS[m.kind], address=m.address) for m in methods]
    rows = [desk.wording.loose(text_id, origin, person.language, **facts) for origin in origins]
    return [replace(row, rank=PAGE, person=person.key) for row in rows]
