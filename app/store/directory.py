"""The directory's rows: the snapshot, contacts by address, and what a load writes.

Each read is one statement, so that it sees one state whatever commits meanwhile. Each write takes all rows at
once, as JSON. What must not live here: what a load changes and how it says so (usecases/directory.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    TableValuedAlias,
    and_,
    any_,
    bindparam,
    column,
    delete,
    exists,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.types import Text

from app.domain.directory import (
    Account,
    Company,
    Contact,
    ContactMethod,
    Coverage,
    Directory,
    LaterOverride,
    Leave,
    MethodKind,
    NotifyStep,
    Person,
    Role,
    Site,
)
from app.domain.errors import CloseloopError
from app.store.directory_tables import (
    accounts,
    company,
    contact_addresses,
    contact_methods,
    contact_sites,
    contacts,
    coverage,
    directory_version,
    people,
    schedules,
    sites,
    teams,
)
from app.store.oncall_tables import leave, overrides

_LOCK = 0x436C6F73654C6F61  # "CloseLoa": who loads holds this advisory lock of the database

Row = dict[str, Any]

# So long back the snapshot knows who was off: enough for a ticket of last year.
_REMEMBERED = timedelta(days=400)


class DirectoryEmptyError(CloseloopError):
    """Nobody is in the directory yet; run: closeloop load FILE.yaml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """What is to be inserted or updated, whole values; with `active` false they are deactivated.

    `company` comes with `duty`. `coverage`, unless None, replaces what there is. `ended` are the names of the
    schedules that are no longer in force, `disbanded` those of the teams.
    """

    company: Company | None = None
    duty: str = ""
    people: Sequence[Person] = ()
    accounts: Sequence[Account] = ()
    sites: Sequence[Site] = ()
    contacts: Sequence[Contact] = ()
    coverage: Sequence[Coverage] | None = None
    schedules: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    ended: Sequence[str] = ()
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    disbanded: Sequence[str] = ()


def read_version(connection: Connection) -> int:
    """Return the number of loads that changed something; 0 before the first."""
    return connection.execute(select(directory_version.c.version)).scalar() or 0


def read_directory(connection: Connection) -> Directory:
    """Return everything but the contacts, the inactive included. Raises DirectoryEmptyError."""
    row = connection.execute(_SNAPSHOT).one()
    if row.version is None or not row.company:
        raise DirectoryEmptyError
    own = row.company[0]
    methods: dict[str, list[ContactMethod]] = {}
    for method in sorted(row.contact_methods, key=lambda m: m["position"]):
        value = ContactMethod(MethodKind(method["kind"]), method["address"], verified=method["verified"])
        methods.setdefault(method["person"], []).append(value)
    return Directory(
        version=row.version,
        company=Company(
            name=own["name"], short_name=own["short_name"], phone=own["phone"], timezone=own["timezone"]
        ),
        duty=own["duty"],
        people={p["key"]: _person(p, methods.get(p["key"], ())) for p in row.people},
        accounts={a["key"]: _account(a) for a in row.accounts},
        sites={s["key"]: Site(**_known(Site, s)) for s in row.sites},
        coverage=tuple(
            sorted(
                (
                    Coverage(person=c["person"], trades=tuple(c["trades"]), regions=tuple(c["regions"]))
                    for c in row.coverage
                ),
                key=lambda c: (c.person, c.trades, c.regions),
            )
        ),
        schedules={s["name"]: s["document"] for s in row.schedules if s["active"]},
        teams={t["name"]: tuple(t["people"]) for t in row.teams if t["active"]},
        overrides=tuple(map(_later_override, sorted(row.overrides, key=lambda o: o["id"]))),
        leave=tuple(map(_leave, sorted(row.leave, key=lambda one: one["id"]))),
    )


def contacts_by_addresses(connection: Connection, addresses: Sequence[str]) -> dict[str, tuple[Contact, ...]]:
    """Return for each address (E.164, or a mailbox in lower case) the active contacts who have it, by key.

    Several contacts of one account may share an address. An address that nobody has maps to an empty tuple.
    """
    having = select(contact_addresses.c.contact).where(contact_addresses.c.address == _any(addresses))
    found: dict[str, tuple[Contact, ...]] = dict.fromkeys(addresses, ())
    for contact in _contacts(connection, and_(contacts.c.active, contacts.c.key.in_(having))):
        for address in (*contact.phones, *contact.emails):
            if address in found:
                found[address] += (contact,)
    return found


def contacts_by_keys(connection: Connection, keys: Sequence[str]) -> dict[str, Contact]:
    """Return the contacts that have these keys, the inactive included."""
    return {contact.key: contact for contact in _contacts(connection, contacts.c.key == _any(keys))}


def contacts_of(connection: Connection, account: str) -> tuple[Contact, ...]:
    """Return the active contacts of an account, by name."""
    found = _contacts(connection, and_(contacts.c.active, contacts.c.account == account))
    return tuple(sorted(found, key=lambda contact: (contact.name, contact.key)))


def all_contacts(connection: Connection) -> dict[str, Contact]:
    """Return every contact by key, the inactive included."""
    return {contact.key: contact for contact in _contacts(connection, contacts.c.key.is_not(None))}


def lock(connection: Connection) -> None:
    """Wait until no other transaction loads a directory, and keep others waiting until this one ends."""
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def bump_version(connection: Connection, now: datetime) -> int:
    """Count one load that changed something; return the new version."""
    added = insert(directory_version).values(id=1, version=1, changed_at=now)
    counted = added.on_conflict_do_update(
        index_elements=["id"],
        set_={"version": directory_version.c.version + 1, "changed_at": now},
    ).returning(directory_version.c.version)
    version: int = connection.execute(counted).scalar_one()
    return version


def save(connection: Connection, writes: Writes) -> None:
    """Write what changed, in an order in which addresses can pass from one person to another."""
    methods = [row for person in writes.people for row in _method_rows(person)]
    addresses = [row for contact in writes.contacts for row in _address_rows(contact)]
    places = [
        {"contact": contact.key, "site": site, "account": contact.account}
        for contact in writes.contacts
        for site in contact.sites
    ]
    _drop_absent(connection, contact_methods.c.person, [p.key for p in writes.people], methods)
    for table in (contact_addresses, contact_sites):
        rows = addresses if table is contact_addresses else places
        _drop_absent(connection, table.c.contact, [c.key for c in writes.contacts], rows)
    if writes.company is not None:
        _upsert(connection, company, [_values(writes.company, _COMPANY) | {"id": 1, "duty": writes.duty}])
    # Who leaves goes first: an address of theirs may be somebody else's from this statement on.
    leaving_first = sorted(writes.people, key=lambda person: person.active)
    _upsert(connection, people, [_person_row(p) for p in leaving_first])
    _upsert(connection, contact_methods, methods)
    _upsert(connection, accounts, [_values(a, _ACCOUNT) for a in writes.accounts])
    _upsert(connection, sites, [_values(s, _SITE) for s in writes.sites])
    _upsert(connection, contacts, [_values(c, _CONTACT) for c in writes.contacts])
    _upsert(connection, contact_addresses, addresses)
    _upsert(connection, contact_sites, places)
    if writes.coverage is not None:
        connection.execute(delete(coverage))
        _upsert(connection, coverage, [_values(c, _COVERAGE) for c in writes.coverage])
    documents = [{"name": n, "document": d, "active": True} for n, d in writes.schedules.items()]
    _upsert(connection, schedules, documents)
    if writes.ended:
        connection.execute(
            update(schedules).where(schedules.c.name == _any(writes.ended)).values(active=False)
        )
    members = [{"name": n, "people": list(p), "active": True} for n, p in writes.teams.items()]
    _upsert(connection, teams, members)
    if writes.disbanded:
        connection.execute(update(teams).where(teams.c.name == _any(writes.disbanded)).values(active=False))


_COMPANY = ("name", "short_name", "phone", "timezone")
_PERSON = ("key", "name", "timezone", "language", "cover", "leave_feed", "active")
_ACCOUNT = ("key", "name", "tier", "manager", "backup", "contract_start", "contract_end", "active")
_SITE = ("key", "account", "code", "name", "address", "city", "region", "timezone", "active")
_CONTACT = ("key", "account", "name", "title", "language", "active")
_COVERAGE = ("person", "trades", "regions")


def _all(table: Table) -> ColumnElement[Any]:
    rows = func.coalesce(func.jsonb_agg(func.to_jsonb(table.table_valued())), literal_column("'[]'::jsonb"))
    return select(rows).select_from(table).scalar_subquery().label(table.name)


def _recent(table: Table, condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """Return the rows in force that end after `_REMEMBERED` before the directory last changed."""
    since = select(directory_version.c.changed_at).scalar_subquery() - _REMEMBERED
    rows = select(table).where(condition, table.c.ends > since).subquery()
    found = func.coalesce(func.jsonb_agg(func.to_jsonb(rows.table_valued())), literal_column("'[]'::jsonb"))
    return select(found).select_from(rows).scalar_subquery().label(table.name)


_SNAPSHOT = select(
    select(directory_version.c.version).scalar_subquery().label("version"),
    *map(_all, (company, people, contact_methods, accounts, sites, coverage, schedules, teams)),
    _recent(overrides, overrides.c.revoked_at.is_(None)),
    _recent(leave, leave.c.withdrawn_at.is_(None)),
)


def _addresses_of(kind: str) -> ColumnElement[Any]:
    rows = (
        select(contact_addresses.c.address)
        .where(contact_addresses.c.contact == contacts.c.key, contact_addresses.c.kind == kind)
        .order_by(contact_addresses.c.position)
    )
    return func.array(rows.scalar_subquery(), type_=ARRAY(Text))


_SITES_OF = func.array(
    select(contact_sites.c.site)
    .where(contact_sites.c.contact == contacts.c.key)
    .order_by(contact_sites.c.site)
    .scalar_subquery(),
    type_=ARRAY(Text),
)
_CONTACTS: Select[Any] = select(
    contacts,
    _addresses_of("phone").label("phones"),
    _addresses_of("email").label("emails"),
    _SITES_OF.label("sites"),
).order_by(contacts.c.key)


def _contacts(connection: Connection, condition: ColumnElement[bool]) -> Iterable[Contact]:
    for row in connection.execute(_CONTACTS.where(condition)).mappings():
        lists = {name: tuple(row[name]) for name in ("phones", "emails", "sites")}
        yield Contact(**{**row, **lists})


def _known(kind: type[Person | Account | Site], row: Row) -> Row:
    """Return a whole row without the columns that a newer version has added meanwhile."""
    names = {known.name for known in fields(kind)}
    return {name: value for name, value in row.items() if name in names}


def _person(row: Row, methods: Iterable[ContactMethod]) -> Person:
    special = {
        "roles": tuple(map(Role, row["roles"])),
        "methods": tuple(methods),
        "notify": tuple(
            NotifyStep(p, MethodKind(kind), timedelta(seconds=s)) for p, kind, s in row["notify"]
        ),
        "quiet": tuple(map(time.fromisoformat, row["quiet"])) or None,
    }
    return Person(**{**_known(Person, row), **special})


def _person_row(person: Person) -> Row:
    return _values(person, _PERSON) | {
        "roles": list(person.roles),
        "notify": [[s.priority, s.kind, s.after.total_seconds()] for s in person.notify],
        "quiet": [clock.isoformat("minutes") for clock in person.quiet or ()],
    }


def _account(row: Row) -> Account:
    given = {name: row[name] for name in ("contract_start", "contract_end")}
    dates = {name: date.fromisoformat(day) if day else None for name, day in given.items()}
    return Account(**{**_known(Account, row), **dates})


def _later_override(row: Row) -> LaterOverride:
    start, end = _instant(row["starts"]), _instant(row["ends"])
    return LaterOverride(schedule=row["schedule"], start=start, end=end, out=row["out"], joins=row["joins"])


def _leave(row: Row) -> Leave:
    return Leave(person=row["person"], start=_instant(row["starts"]), end=_instant(row["ends"]))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _values(value: object, names: Iterable[str]) -> Row:
    """Return these fields of a value as JSON has them."""
    found = {name: getattr(value, name) for name in names}
    return {name: item.isoformat() if isinstance(item, date) else item for name, item in found.items()}


def _method_rows(person: Person) -> list[Row]:
    return [
        {
            "person": person.key,
            "kind": m.kind,
            "address": m.address,
            "position": n,
            "verified": m.verified,
            "active": person.active,
        }
        for n, m in enumerate(person.methods)
    ]


def _address_rows(contact: Contact) -> list[Row]:
    return [
        {"contact": contact.key, "kind": kind, "address": address, "position": n}
        for kind, addresses in (("phone", contact.phones), ("email", contact.emails))
        for n, address in enumerate(addresses)
    ]


def _any(texts: Sequence[str]) -> ColumnElement[Any]:
    return any_(bindparam(None, list(texts), type_=ARRAY(Text)))


def _recordset(columns: Iterable[Column[Any]], rows: Sequence[Row]) -> TableValuedAlias:
    """Return the rows as a table in the statement: one parameter, however many they are."""
    typed = [column(c.name, c.type) for c in columns]
    records = func.jsonb_to_recordset(bindparam(None, list(rows), type_=JSONB))
    return records.table_valued(*typed).render_derived("given", with_types=True)


def _upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    if not rows:
        return
    columns = [c for c in table.columns if c.name in rows[0]]
    given = _recordset(columns, rows)
    statement = insert(table).from_select([c.name for c in columns], select(given))
    changing = {c.name: statement.excluded[c.name] for c in columns if not c.primary_key}
    keys = list(table.primary_key.columns)
    if changing:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changing)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    connection.execute(statement)


def _drop_absent(
    connection: Connection, owner: Column[Any], owners: Sequence[str], rows: Sequence[Row]
) -> None:
    """Delete what the owners have in that table and no longer in `rows`; the rest stays as it is."""
    if not owners:
        return
    table = owner.table
    keys = list(table.primary_key.columns)
    given = _recordset(keys, [{c.name: row[c.name] for c in keys} for row in rows])
    kept = exists().where(*(given.c[c.name] == c for c in keys))
    connection.execute(delete(table).where(owner == _any(owners), ~kept))
