"""`closeloop load`: what it changes, what it says, and that it is all or nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from directory_files import SMALL, read, with_change
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import IntegrityError

from app.store import directory as store
from app.store.directory_tables import contact_methods, directory_version
from app.usecases.directory import Changes, load_directory
from app.usecases.directory_file import DirectoryFile, parse_directory

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DEMO = Path(__file__).parents[2] / "demo" / "company.yaml"


def load(engine: Engine, *changes: tuple[str, str]) -> Changes:
    return load_directory(engine, read(*changes), now=NOW)


def stored(engine: Engine) -> tuple[object, object]:
    with engine.connect() as connection:
        return store.read_directory(connection), store.all_contacts(connection)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_the_first_load_tells_everything_and_stores_it(engine: Engine) -> None:
    changes = load(engine)
    assert changes.version == 1
    assert changes.lines == (
        "+ company Tidewell Facility Care",
        "+ duty schedule:duty",
        "+ person dana",
        "+ person ruth",
        "+ person sam",
        "+ account hf",
        "+ account qb",
        "+ site Harbor Foods 114",
        "+ site QuickBite 0114",
        "+ site QuickBite 77",
        "+ contact Harbor Foods Bob Ray",
        "+ contact QuickBite Ann Lee",
        "+ contact QuickBite José Núñez",
        "+ coverage ruth: all trades in all regions",
        "+ coverage sam: hvac, plumbing in Northeast",
        "+ schedule duty",
    )
    file = read()
    assert stored(engine) == (file.directory(1), file.contacts)


def test_the_demo_company_is_stored_as_it_is_read(engine: Engine) -> None:
    file = parse_directory(DEMO.read_text(encoding="utf-8"), "company.yaml")
    load_directory(engine, file, now=NOW)
    assert stored(engine) == (file.directory(1), file.contacts)
    assert load_directory(engine, file, now=NOW) == Changes((), 1)


def test_running_twice_changes_nothing(engine: Engine) -> None:
    load(engine)
    with statements(engine) as seen:
        again = load_directory(engine, read(), now=NOW + timedelta(days=1))
    assert again == Changes((), 1)
    assert not again
    assert not [s for s in seen if not s.lstrip().upper().startswith("SELECT")]
    with engine.connect() as connection:
        assert connection.execute(select(directory_version.c.changed_at)).scalar() == NOW


CHANGES: list[tuple[list[tuple[str, str]], list[str]]] = [
    (
        [("(617) 555-0101", "+1 617 555 0105"), ("+1 617 555 0111, +1 617 555 0101", "+1 617 555 0111")],
        ["~ person dana: sms +16175550101 -> +16175550105"],
    ),
    (
        [("{voice: 617.555.0102}, {sms: 617.555.0102}", "{sms: 617.555.0102}, {voice: 617.555.0102}")],
        ["~ person sam: order voice, sms -> sms, voice"],
    ),
    ([("{voice: 617.555.0102}, ", "")], ["~ person sam: voice +16175550102 -> none"]),
    (
        [
            ("name: Dana Reyes", "name: Dana Ruiz"),
            ("roles: [account_manager]", "roles: [account_manager, rep]"),
        ],
        ["~ person dana: name Dana Reyes -> Dana Ruiz; roles account_manager -> account_manager, rep"],
    ),
    (
        [("manager: dana", "manager: person:sam"), ("    backup: schedule:duty\n", "")],
        ["~ account qb: manager dana -> sam; backup schedule:duty -> none"],
    ),
    ([("end: 2027-12-31", "end: 2028-12-31")], ["~ account qb: contract end 2027-12-31 -> 2028-12-31"]),
    (
        [("    contract: {start: 2025-01-01, end: 2027-12-31}\n", "")],
        ["~ account qb: contract start 2025-01-01 -> none; contract end 2027-12-31 -> none"],
    ),
    ([("code: 0114", "code: 114")], ["~ site QuickBite 114: code 0114 -> 114"]),
    (
        [("name: Lake Street", "name: Lake Shore")],
        ["~ site QuickBite 77: name Lake Street -> Lake Shore"],
    ),
    ([("sites: [77, 114]", "sites: all")], ["~ contact QuickBite José Núñez: sites 114, 77 -> all"]),
    (
        [("emails: [bob@hf.example]", "phones: [617 555 0120, 617 555 0121]")],
        [
            "~ contact Harbor Foods Bob Ray: phones none -> +16175550120, +16175550121; emails bob@hf.example -> none"
        ],
    ),
    (
        [("short_name: Tidewell", "short_name: TFC"), ("duty: schedule:duty\nsch", "duty: ruth\nsch")],
        ["~ company: short name Tidewell -> TFC", "~ duty: schedule:duty -> ruth"],
    ),
    (
        [("trades: [plumbing, hvac]", "trades: [plumbing]")],
        ["+ coverage sam: plumbing in Northeast", "- coverage sam: hvac, plumbing in Northeast"],
    ),
    ([("length: 1", "length: 2")], ["~ schedule duty: layers"]),
    (
        [
            ("  duty:\n    timezone", "  other:\n    timezone"),
            ("duty: schedule:duty\nsch", "duty: schedule:other\nsch"),
            ("backup: schedule:duty", "backup: schedule:other"),
        ],
        [
            "~ duty: schedule:duty -> schedule:other",
            "~ account qb: backup schedule:duty -> schedule:other",
            "+ schedule other",
            "- schedule duty (no longer in force)",
        ],
    ),
    (
        [
            (
                "      - {code: 77, name: Lake Street, address: 2 Lake Street, city: Chicago, region: Midwest, timezone: America/Chicago}\n",
                "",
            ),
            ("sites: [77, 114]", "sites: [114]"),
        ],
        ["- site QuickBite 77 (deactivated)", "~ contact QuickBite José Núñez: sites 114, 77 -> 114"],
    ),
    (
        [
            (
                "      - {name: Bob Ray, emails: [bob@hf.example], sites: all}\n",
                "      - {name: Bo Ray, emails: [bob@hf.example], sites: all}\n",
            )
        ],
        ["+ contact Harbor Foods Bo Ray", "- contact Harbor Foods Bob Ray (deactivated)"],
    ),
]


def test_a_change_is_told_stored_and_taken_back(engine: Engine, subtests: pytest.Subtests) -> None:
    for changes, lines in CHANGES:  # one database for all of them: a new one each takes longer than the tests
        with subtests.test(lines[0]):
            version = load(engine).version
            assert load(engine, *changes) == Changes(tuple(lines), version + 1)
            changed = read(*changes)
            assert load(engine, *changes) == Changes((), version + 1)
            with engine.connect() as connection:
                directory = store.read_directory(connection)
                contacts = store.all_contacts(connection)
            assert {k: p for k, p in directory.people.items() if p.active} == changed.people
            assert {k: s for k, s in directory.sites.items() if s.active} == changed.sites
            assert {k: c for k, c in contacts.items() if c.active} == changed.contacts
            assert (directory.company, directory.duty, directory.coverage) == (
                changed.company,
                changed.duty,
                changed.coverage,
            )
            assert (directory.accounts, directory.schedules) == (changed.accounts, changed.schedules)
            assert load(engine).version == version + 2
            with engine.connect() as connection:
                directory = store.read_directory(connection)
            assert {k: p for k, p in directory.people.items() if p.active} == read().people
            assert directory.schedules == read().schedules


def without_sam() -> DirectoryFile:
    return read(
        ("key: sam\n    name: Sam Hill", "key: pat\n    name: Pat Hill"),
        ("[ruth, [dana, sam]]", "[ruth, dana]"),
        ("person:sam", "person:pat"),
        ("{person: sam", "{person: pat"),
    )


def test_who_leaves_stays_known_and_gives_the_phone_to_the_next(engine: Engine) -> None:
    load(engine)
    changes = load_directory(engine, without_sam(), now=NOW)
    assert changes.lines == (
        "+ person pat",
        "- person sam (deactivated)",
        "~ account hf: manager sam -> pat",
        "+ coverage pat: hvac, plumbing in Northeast",
        "- coverage sam: hvac, plumbing in Northeast",
        "~ schedule duty: layers",
    )
    with engine.connect() as connection:
        directory = store.read_directory(connection)
    assert directory.people["sam"] == replace(read().people["sam"], active=False)
    found = directory.person_by_address("+16175550102")
    assert found is not None
    assert found.key == "pat"
    # And back: in one statement one of them leaves and the other comes.
    back = load(engine)
    assert back.lines[:2] == ("+ person sam (active again)", "- person pat (deactivated)")
    with engine.connect() as connection:
        assert store.read_directory(connection).people["sam"] == read().people["sam"]


def test_two_people_swap_their_phones(engine: Engine) -> None:
    load(engine)
    swap = [
        ("(617) 555-0101", "617 555 9999"),
        ("{sms: 617.555.0102}", "{sms: +1 617 555 0101}"),
        ("617 555 9999", "+1 617 555 0102"),
        ("{voice: 617.555.0102}, ", ""),
    ]
    assert load(engine, *swap).lines == (
        "~ person dana: sms +16175550101 -> +16175550102",
        "~ person sam: sms +16175550102 -> +16175550101; voice +16175550102 -> none",
    )


def test_an_account_that_goes_takes_its_sites_and_contacts(engine: Engine) -> None:
    load(engine)
    start, end = SMALL.index("  - key: hf"), SMALL.index("coverage:")
    file = parse_directory(SMALL[:start] + SMALL[end:], "c.yaml")
    assert load_directory(engine, file, now=NOW).lines == (
        "- account hf (deactivated)",
        "- site Harbor Foods 114 (deactivated)",
        "- contact Harbor Foods Bob Ray (deactivated)",
    )
    assert load_directory(engine, file, now=NOW) == Changes((), 2)
    assert load(engine).lines == (
        "+ account hf (active again)",
        "+ site Harbor Foods 114 (active again)",
        "+ contact Harbor Foods Bob Ray (active again)",
    )


def test_a_load_that_fails_leaves_nothing_behind(engine: Engine) -> None:
    load(engine)
    before = stored(engine)
    file = read(("name: Dana Reyes", "name: Dana Ruiz"), ("name: Lake Street", "name: Lake Shore"))
    # A contact of an account that is not there: what no parsed file can say, the last thing that is written.
    lost = replace(file.contacts["hf.bob-ray"], sites=("hf.999",))
    broken = replace(file, contacts={**file.contacts, "hf.bob-ray": lost})
    with pytest.raises(IntegrityError):
        load_directory(engine, broken, now=NOW)
    assert stored(engine) == before


def test_two_loads_at_once_take_turns(engine: Engine) -> None:
    load(engine)
    other = read(("name: Dana Reyes", "name: Dana Ruiz"))
    found: list[Changes] = []
    threads = [
        threading.Thread(target=lambda: found.append(load_directory(engine, other, now=NOW)))
        for _ in range(4)
    ]
    with engine.begin() as connection:
        store.lock(connection)
        for thread in threads:
            thread.start()
        threads[0].join(0.3)
        assert found == []  # they wait for whoever has the lock
    for thread in threads:
        thread.join(20)
    assert sorted(len(changes.lines) for changes in found) == [0, 0, 0, 1]
    assert {changes.version for changes in found} == {2}


def test_the_number_of_statements_does_not_grow_with_the_file(engine: Engine) -> None:
    with statements(engine) as small:
        load(engine)
    file = parse_directory(DEMO.read_text(encoding="utf-8"), "company.yaml")
    with statements(engine) as large:
        load_directory(engine, file, now=NOW)
    assert len(large) <= len(small) + 4  # what is dropped comes on top
    assert len(large) < 25


def test_only_what_changed_is_written(engine: Engine) -> None:
    load(engine)

    def rows() -> set[tuple[str, ...]]:
        tables = (
            "people",
            "contact_methods",
            "accounts",
            "sites",
            "contacts",
            "contact_addresses",
            "contact_sites",
        )
        with engine.connect() as connection:
            return {
                (t, *row) for t in tables for row in connection.execute(text(f"SELECT ctid::text FROM {t}"))
            }

    before = rows()
    load(engine, ("name: Dana Reyes", "name: Dana Ruiz"))
    after = rows()
    # Her own row and those of her two methods, nobody else's.
    assert sorted(row[0] for row in after - before) == ["contact_methods", "contact_methods", "people"]


def test_methods_that_stay_keep_their_rows(engine: Engine) -> None:
    load(engine)

    def rows() -> dict[tuple[str, str], str]:
        with engine.connect() as connection:
            found = connection.execute(
                select(contact_methods.c.kind, contact_methods.c.address, contact_methods.c.person)
            )
            return {(kind, address): person for kind, address, person in found}

    before = rows()
    load(engine, ("{email: Dana@Tidewell.example}", "{voice: 617 555 0101}"))
    assert before.keys() - rows().keys() == {("email", "dana@tidewell.example")}
    assert rows().keys() - before.keys() == {("voice", "+16175550101")}


def test_a_change_by_text_is_one_change() -> None:
    with pytest.raises(AssertionError):
        with_change("name", "x")
