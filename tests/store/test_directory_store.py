"""The directory's rows: look-ups, and the rules that the schema keeps by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, event, insert, text
from sqlalchemy.exc import IntegrityError

from app.domain.directory import Account, Company, Contact, ContactMethod, MethodKind, Person, Role, Site
from app.store import directory as store
from app.store.directory_tables import (
    accounts,
    company,
    contact_addresses,
    contact_methods,
    contact_sites,
    contacts,
    coverage,
    people,
    schedules,
    sites,
    teams,
)
from app.store.oncall_tables import leave, overrides

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def a_contact(
    key: str, *, phones: tuple[str, ...] = (), emails: tuple[str, ...] = (), active: bool = True
) -> Contact:
    account = key.partition(".")[0]
    return Contact(
        key=key, account=account, name="Ann", title="", phones=phones, emails=emails, active=active
    )


def fill(connection: Connection, *more: Contact) -> None:
    one = Person(
        key="dana",
        name="Dana",
        roles=(Role.REP,),
        methods=(ContactMethod(MethodKind.SMS, "+16175550101"),),
        timezone="UTC",
    )
    site = Site(
        key="qb.114", account="qb", code="114", name="a", address="b", city="c", region="d", timezone="UTC"
    )
    store.save(
        connection,
        store.Writes(
            company=Company(name="Tidewell", short_name="T", phone="+16175550100", timezone="UTC"),
            duty="person:dana",
            people=[one],
            accounts=[Account(key=key, name=key, tier="gold", manager="person:dana") for key in ("qb", "hf")],
            sites=[site],
            contacts=more,
        ),
    )


def test_an_empty_database_has_version_0_and_no_directory(engine: Engine) -> None:
    with engine.begin() as connection:
        assert store.read_version(connection) == 0
        with pytest.raises(store.DirectoryEmptyError, match=r"run: closeloop load FILE\.yaml"):
            store.read_directory(connection)


def test_each_change_counts_one_version(engine: Engine) -> None:
    with engine.begin() as connection:
        assert [store.bump_version(connection, NOW) for _ in range(3)] == [1, 2, 3]
        assert store.read_version(connection) == 3


def test_a_version_goes_on_reading_a_directory_to_which_a_newer_one_has_added_columns(engine: Engine) -> None:
    tables = (company, people, contact_methods, accounts, sites, contacts, coverage, schedules, teams)
    with engine.begin() as connection:
        store.bump_version(connection, NOW)
        fill(connection, a_contact("qb.ann", phones=("+16175550114",)))
        before = store.read_directory(connection), store.all_contacts(connection)
        for table in (*tables, leave, overrides):
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN later integer NOT NULL DEFAULT 7"))
        assert (store.read_directory(connection), store.all_contacts(connection)) == before


def test_contacts_are_found_by_any_of_their_addresses_in_one_statement(engine: Engine) -> None:
    shared = "+16175550120"
    ann = a_contact("qb.ann", phones=("+16175550121", shared), emails=("ann@qb.example",))
    bob = a_contact("qb.bob", phones=(shared,))
    gone = a_contact("hf.eve", phones=(shared,), emails=("eve@hf.example",), active=False)
    with engine.begin() as connection:
        fill(connection, ann, bob, gone)
        seen: list[str] = []
        event.listen(
            connection, "before_cursor_execute", lambda _c, _cursor, statement, *_rest: seen.append(statement)
        )
        found = store.contacts_by_addresses(
            connection, [shared, "ann@qb.example", "eve@hf.example", "x@y.example"]
        )
        assert found == {
            shared: (ann, bob),
            "ann@qb.example": (ann,),
            "eve@hf.example": (),
            "x@y.example": (),
        }
        assert len(seen) == 1
        assert store.contacts_by_addresses(connection, []) == {}
        assert store.contacts_by_keys(connection, ["hf.eve", "qb.bob", "none"]) == {
            "hf.eve": gone,
            "qb.bob": bob,
        }


def test_a_look_up_by_address_uses_the_index(engine: Engine) -> None:
    with engine.begin() as connection:
        fill(connection, *(a_contact(f"qb.c{n}", phones=(f"+1617555{n:04}",)) for n in range(2000)))
        connection.execute(text("ANALYZE contact_addresses"))
        plan = connection.execute(
            text("EXPLAIN SELECT contact FROM contact_addresses WHERE address = ANY(ARRAY['+16175550007'])")
        )
        assert "ix_contact_addresses_address" in "\n".join(plan.scalars())


A_SITE = {
    "key": "qb.1",
    "account": "qb",
    "code": "1",
    "name": "a",
    "address": "b",
    "city": "c",
    "region": "d",
    "timezone": "UTC",
}
A_PERSON = {"key": "sam", "name": "Sam", "roles": ["rep"], "timezone": "UTC"}
AN_ACCOUNT = {"key": "ac", "name": "A", "tier": "gold", "manager": "person:dana"}
A_METHOD = {"person": "dana", "kind": "sms", "address": "+16175550109", "position": 5}
AN_ADDRESS = {"contact": "qb.ann", "kind": "phone", "address": "+16175550109", "position": 5}


_SPAN = {"starts": NOW, "ends": NOW + timedelta(hours=1), "entered_by": "user:x", "entered_at": NOW}
A_LEAVE = {"id": 1, "person": "dana", **_SPAN}
AN_OVERRIDE = {"id": 1, "schedule": "duty", "joins": "dana", **_SPAN}
REFUSED: list[tuple[Table, dict[str, Any], str]] = [
    (
        company,
        {"id": 2, "name": "a", "short_name": "a", "phone": "1", "timezone": "UTC", "duty": "person:dana"},
        "ck_company_one_row",
    ),
    (people, {**A_PERSON, "key": "Sam"}, "ck_people_key"),
    (people, {**A_PERSON, "roles": []}, "ck_people_roles"),
    (accounts, {**AN_ACCOUNT, "manager": "dana"}, "ck_accounts_manager"),
    (accounts, {**AN_ACCOUNT, "backup": "boss:x"}, "ck_accounts_backup"),
    (
        accounts,
        {**AN_ACCOUNT, "contract_start": "2026-02-01", "contract_end": "2026-01-31"},
        "ck_accounts_contract",
    ),
    (sites, {**A_SITE, "account": "none"}, "ck_sites_key"),
    (sites, {**A_SITE, "account": "none", "key": "none.1"}, "fk_sites_account"),
    (contacts, {"key": "hf.x", "account": "qb", "name": "X"}, "ck_contacts_key"),
    (contact_methods, {**A_METHOD, "kind": "fax"}, "ck_contact_methods_kind"),
    (contact_methods, {**A_METHOD, "address": "617 555 0109"}, "ck_contact_methods_address"),
    (contact_methods, {**A_METHOD, "kind": "email"}, "ck_contact_methods_address"),
    (
        contact_methods,
        {**A_METHOD, "kind": "email", "address": "A@b.example"},
        "ck_contact_methods_address",
    ),
    (contact_methods, {**A_METHOD, "position": 0}, "uq_contact_methods_person_position"),
    (contact_methods, {**A_METHOD, "person": "none"}, "fk_contact_methods_person_active"),
    (contact_methods, {**A_METHOD, "active": False}, "fk_contact_methods_person_active"),
    (contact_addresses, {**AN_ADDRESS, "address": "x"}, "ck_contact_addresses_address"),
    (contact_addresses, {**AN_ADDRESS, "position": 0}, "uq_contact_addresses_contact_kind_position"),
    (
        contact_sites,
        {"contact": "hf.bob", "site": "qb.114", "account": "qb"},
        "fk_contact_sites_account_contact",
    ),
    (
        contact_sites,
        {"contact": "hf.bob", "site": "qb.114", "account": "hf"},
        "fk_contact_sites_account_site",
    ),
    (coverage, {"person": "none", "trades": [], "regions": []}, "fk_coverage_person"),
    (schedules, {"name": "x", "document": []}, "ck_schedules_document"),
    (people, {**A_PERSON, "cover": "luis"}, "ck_people_cover"),
    (teams, {"name": "night", "people": []}, "ck_teams_people"),
    (leave, {**A_LEAVE, "ends": NOW}, "ck_leave_order"),
    (leave, {**A_LEAVE, "person": "none"}, "fk_leave_person"),
    (overrides, {**AN_OVERRIDE, "joins": ""}, "ck_overrides_change"),
    (overrides, {**AN_OVERRIDE, "schedule": "none"}, "fk_overrides_schedule"),
]


def test_the_schema_refuses_what_must_not_be(engine: Engine, subtests: pytest.Subtests) -> None:
    ann, bob = a_contact("qb.ann", phones=("+16175550121",)), a_contact("hf.bob", emails=("b@c.example",))
    with engine.begin() as connection:
        fill(connection, ann, bob)
    for table, row, rule in REFUSED:
        with (
            subtests.test(f"{rule} {row}"),
            pytest.raises(IntegrityError, match=rule),
            engine.begin() as connection,
        ):
            connection.execute(insert(table).values(row))


def test_two_active_people_cannot_have_one_phone(engine: Engine) -> None:
    with engine.begin() as connection:
        fill(connection)
        connection.execute(insert(people).values(A_PERSON))
    taken = {"person": "sam", "kind": "sms", "address": "+16175550101", "position": 0}
    with pytest.raises(IntegrityError, match="uq_contact_methods_in_use"), engine.begin() as connection:
        connection.execute(insert(contact_methods).values(taken))
    with engine.begin() as connection:
        connection.execute(text("UPDATE people SET active = false WHERE key = 'dana'"))
        connection.execute(insert(contact_methods).values(taken))
