"""STOP and START: which addresses must not be written to, and who hears that a colleague cannot be texted.

What must not live here: how the words are read (domain/replies_optout.py), SQL.
"""

from __future__ import annotations

from app.domain.directory import MethodKind, Person, Role
from app.domain.message import Channel
from app.domain.texts import TextId
from app.store import records
from app.usecases.desk import Desk
from app.usecases.wording import Origin, clock_text

_WRITTEN = (MethodKind.SMS, MethodKind.EMAIL)


def stop(desk: Desk, channel: str, address: str) -> None:
    """Keep that nothing may go to an address any more; for a colleague's, alarm once who can do something."""
    if not records.suppress(desk.connection, channel, address, desk.now):
        return
    person = desk.roster.directory.person_by_address(address)
    if person is not None:
        _alarm(desk, person, address)


def start(desk: Desk, channel: str, address: str) -> None:
    """Let messages go to an address again."""
    records.unsuppress(desk.connection, channel, address)


def _alarm(desk: Desk, person: Person, address: str) -> None:
    """Tell the duty managers, other ones if it is the one on duty, and the person where they still can be.

    The carrier answers a STOP with its own words, so a colleague who did not mean it knows nothing of it.
    """
    directory, roster = desk.roster.directory, desk.roster
    on_duty = [directory.people[key] for key in roster.alarmed(desk.now) if key != person.key]
    managers = [p for _, p in sorted(directory.people.items()) if Role.DUTY_MANAGER in p.roles]
    others = [p for p in managers if p.key != person.key and roster.reachable(p.key)]
    told = [*(on_duty or others), person]
    silent = records.suppressed(desk.connection, {m.address for p in told for m in p.methods})
    for reader in told:
        ways = (m for m in reader.methods if m.kind in _WRITTEN and m.address not in silent)
        method = next(ways, None)
        if method is None:
            continue
        facts = {
            "name": person.name,
            "phone": address,
            "time": clock_text(desk.now, desk.now, reader.timezone),
        }
        origin = Origin(channel=Channel(method.kind), address=method.address)
        desk.say([desk.wording.loose(TextId.PERSON_OPTED_OUT, origin, reader.language, **facts)])
