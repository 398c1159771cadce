"""Which addresses are proven and which fail, and the codes that are on their way. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.contact_checks import Checks
from app.store.directory_tables import address_codes, failing_addresses, proven_addresses
from app.store.tables import suppressions


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCode:
    """The newest code that was sent to a person's address; `sends` were sent since `counted_from`."""

    person: str
    address: str
    code_hash: bytes
    sent_at: datetime
    expires_at: datetime
    tries_left: int
    sends: int
    counted_from: datetime


def read_checks(connection: Connection) -> Checks:
    """Return all that is known of addresses; an address that said STOP fails."""
    proven = connection.execute(select(proven_addresses.c.person, proven_addresses.c.address))
    failing = select(failing_addresses.c.channel, failing_addresses.c.address).union(
        select(suppressions.c.channel, suppressions.c.address)
    )
    return Checks(
        proven=frozenset((row.person, row.address) for row in proven),
        failing=frozenset((row.channel, row.address) for row in connection.execute(failing)),
    )


def put_failing(connection: Connection, channel: str, address: str, detail: str, now: datetime) -> None:
    """Record that an address refuses for good; the first time stays."""
    row = {"channel": channel, "address": address, "since": now, "detail": detail[:200]}
    connection.execute(insert(failing_addresses).values(row).on_conflict_do_nothing())


def clear_failing(connection: Connection, reached: Collection[tuple[str, str]]) -> None:
    """Record that something arrived at these (channel, address)."""
    if reached:
        key = tuple_(failing_addresses.c.channel, failing_addresses.c.address)
        connection.execute(delete(failing_addresses).where(key.in_(sorted(reached))))


def lock_codes(connection: Connection, person: str) -> list[SentCode]:
    """Return the person's codes, locked until this transaction ends, so that tries are counted one by one."""
    rows = connection.execute(select(address_codes).where(address_codes.c.person == person).with_for_update())
    return [SentCode(**row._mapping) for row in rows]


def put_code(connection: Connection, code: SentCode) -> None:
    """Keep a code that is to be sent now; it replaces the one before it."""
    row = {name: getattr(code, name) for name in SentCode.__dataclass_fields__}
    statement = insert(address_codes).values(row)
    changed = {name: statement.excluded[name] for name in row if name not in ("person", "address")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["person", "address"], set_=changed),
    )


def count_try(connection: Connection, codes: Collection[SentCode]) -> None:
    """Take one try from each of these codes."""
    key = tuple_(address_codes.c.person, address_codes.c.address)
    wanted = sorted((code.person, code.address) for code in codes)
    connection.execute(
        update(address_codes)
        .where(key.in_(wanted), address_codes.c.tries_left > 0)
        .values(tries_left=address_codes.c.tries_left - 1),
    )


def put_proven(connection: Connection, person: str, address: str, now: datetime) -> None:
    """Record that the address is this person's; its code is used up, and what failed there is forgotten."""
    row = {"person": person, "address": address, "proven_at": now}
    connection.execute(insert(proven_addresses).values(row).on_conflict_do_nothing())
    spent = (address_codes.c.person == person, address_codes.c.address == address)
    connection.execute(update(address_codes).where(*spent).values(tries_left=0))
    connection.execute(delete(failing_addresses).where(failing_addresses.c.address == address))
