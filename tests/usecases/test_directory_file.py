"""The directory file: values when it is right, a line for everything that is wrong when it is not."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
import yaml
from directory_files import SMALL, errors_of, read, with_change
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.directory import (
    Account,
    Company,
    Contact,
    ContactMethod,
    Coverage,
    MethodKind,
    Person,
    Role,
    Site,
)
from app.domain.oncall import parse_schedule
from app.usecases.directory_file import parse_directory


def test_a_right_file_becomes_values() -> None:
    file = read()
    assert file.company == Company(
        name="Tidewell Facility Care",
        short_name="Tidewell",
        phone="+16175550100",
        timezone="America/New_York",
    )
    assert file.duty == "schedule:duty"
    assert file.people["dana"] == Person(
        key="dana",
        name="Dana Reyes",
        roles=(Role.ACCOUNT_MANAGER,),
        methods=(
            ContactMethod(MethodKind.SMS, "+16175550101"),
            ContactMethod(MethodKind.EMAIL, "dana@tidewell.example"),
        ),
        timezone="America/New_York",
    )
    assert file.people["sam"].methods == (
        ContactMethod(MethodKind.VOICE, "+16175550102"),
        ContactMethod(MethodKind.SMS, "+16175550102"),
    )
    assert (file.people["sam"].timezone, file.people["sam"].language) == ("America/Chicago", "es")
    assert file.accounts["qb"] == Account(
        key="qb",
        name="QuickBite",
        tier="gold",
        manager="person:dana",
        backup="schedule:duty",
        contract_start=date(2025, 1, 1),
        contract_end=date(2027, 12, 31),
    )
    assert file.sites["qb.114"] == Site(
        key="qb.114",
        account="qb",
        code="0114",
        name="Mill Road",
        address="1 Mill Road",
        city="Boston",
        region="Northeast",
        timezone="America/New_York",
    )
    assert sorted(file.sites) == ["hf.114", "qb.114", "qb.77"]
    assert file.contacts["qb.ann-lee"] == Contact(
        key="qb.ann-lee",
        account="qb",
        name="Ann Lee",
        title="Manager",
        phones=("+16175550111",),
        emails=("ann@qb.example",),
        sites=("qb.114",),
        language="es",
    )
    assert file.contacts["qb.night"].sites == ("qb.114", "qb.77")
    assert file.contacts["qb.night"].phones == ("+442079460958",)
    assert file.contacts["hf.bob-ray"].sites == ()
    assert file.coverage == (
        Coverage(person="ruth"),
        Coverage(person="sam", trades=("hvac", "plumbing"), regions=("Northeast",)),
    )
    assert parse_schedule(file.schedules["duty"]).people == {"ruth", "dana", "sam"}
    assert (file.phones, file.mailboxes) == (("+16175550111", "+16175550101"), ("ann@qb.example",))
    assert file.notes == ()
    assert file.directory(3).version == 3
    assert file.directory(3).people == file.people


@pytest.mark.parametrize(
    ("old", "new", "errors"),
    [
        # The whole.
        ("closeloop: 1", "closeloop: 2", ["1:1: this file is of version 2; this program reads version 1"]),
        ("closeloop: 1\n", "", ["1:1: 'closeloop' is missing"]),
        ("demo:", "dmeo:", ["55:1: unknown key 'dmeo'; did you mean 'demo'?"]),
        # The company.
        (
            "short_name: Tidewell",
            "short_name: Tidewell Facility Care",
            ["4:3: 'Tidewell Facility Care' is too long; it opens each text, so at most 20 characters"],
        ),
        (
            '"+1 617 555 0100"',
            "555-0100",
            ["5:3: '555-0100' cannot be a phone number; write it like +1 617 555 0142"],
        ),
        ("  name: Tidewell Facility Care", "  name:", ["3:3: this is empty"]),
        ("  name: Tidewell Facility Care", "  name: ''", ["3:3: this is empty"]),
        # Duty.
        (
            "duty: schedule:duty\nsch",
            "duty: schedule:duti\nsch",
            ["7:1: no schedule 'duti'; did you mean 'duty'?"],
        ),
        (
            "duty: schedule:duty\nsch",
            "duty: duty\nsch",
            ["7:1: no person 'duty'; did you mean 'schedule:duty'?"],
        ),
        (
            "duty: schedule:duty\nsch",
            "duty: crew:night\nsch",
            ["7:1: 'crew:night' names nobody; write a person's key, person:KEY, team:NAME or schedule:NAME"],
        ),
        ("duty: schedule:duty\nsch", "sch", ["1:1: 'duty' is missing"]),
        # Schedules.
        (
            "[ruth, [dana, sam]]",
            "[ruht, [dana, smo]]",
            ["12:18: no person 'ruht'; did you mean 'ruth'?", "12:31: no person 'smo'; did you mean 'sam'?"],
        ),
        ("[ruth, [dana, sam]]", "[]", ["12:9: there is nobody to take turns"]),
        (
            "out: ruth, in: dana",
            "out: ruht, in: '*'",
            [
                "15:56: no person 'ruht'; did you mean 'ruth'?",
                "15:67: '*' means everyone and is nobody's name; only 'out' has it",
                "15:67: no person '*'; known here: dana, ruth, sam",
            ],
        ),
        ("to: 2026-02-06T08:00", "to: 2026-02-04T08:00", ["15:34: the override ends before it begins"]),
        (
            "unit: weekly, length: 1",
            "unit: weekyl, length: 1",
            ["13:20: 'weekyl' is not known; did you mean 'weekly'?"],
        ),
        (
            "unit: weekly, length: 1",
            "unit: weekly, lenght: 1",
            ["13:34: unknown key 'lenght'; did you mean 'length'?"],
        ),
        ("    overrides:", "    overides:", ["14:5: unknown key 'overides'; did you mean 'overrides'?"]),
        (
            "  duty:\n    timezone: America/New_York",
            "  duty:\n    timezone: America/New_Yrok",
            ["10:5: no time zone 'America/New_Yrok'; did you mean 'America/New_York'?"],
        ),
        # People.
        (
            "key: ruth",
            "key: sam",
            [
                "12:18: no person 'ruth'; known here: dana, sam",
                "15:56: no person 'ruth'; known here: dana, sam",
                "27:5: the person 'sam' is there already, in line 21",
                "54:6: no person 'ruth'; known here: dana, sam",
            ],
        ),
        (
            "roles: [account_manager]",
            "roles: [acount_manager]",
            ["19:13: 'acount_manager' is not known here; did you mean 'account_manager'?"],
        ),
        ("roles: [account_manager]", "roles: []", ["19:5: name at least one"]),
        (
            "timezone: America/Chicago\n    lang",
            "timezone: EST\n    lang",
            ["24:5: 'EST' is not a time zone; write it like America/New_York"],
        ),
        ("language: es\n", "language: fr\n", ["25:5: 'fr' is not known here; known here: en, es"]),
        ("methods: [{email: ruth@tidewell.example}]", "methods: []", ["30:5: name at least one"]),
        (
            "{email: ruth@tidewell.example}",
            "{mail: ruth@tidewell.example}",
            ["30:16: unknown key 'mail'; did you mean 'email'?"],
        ),
        (
            "{email: ruth@tidewell.example}",
            "{email: ruth@tidewell.example, sms: +1 617 555 0103}",
            ["30:15: write one of sms, email and voice in each entry of methods"],
        ),
        (
            "{email: ruth@tidewell.example}",
            "{email: ruth@tidewell}",
            ["30:16: 'ruth@tidewell' is not an email address"],
        ),
        (
            "{email: ruth@tidewell.example}",
            "{sms: 617 555 0103 ext 4}",
            ["30:16: '617 555 0103 ext 4' has an extension, which cannot be texted"],
        ),
        (
            "{email: ruth@tidewell.example}",
            "{sms: 617 555 0101}",
            ["30:16: +16175550101 is of Ruth Okafor, but also of Dana Reyes in line 20"],
        ),
        (
            "{email: ruth@tidewell.example}",
            "{email: DANA@tidewell.example}",
            ["30:16: dana@tidewell.example is of Ruth Okafor, but also of Dana Reyes in line 20"],
        ),
        (
            "{sms: 617.555.0102}",
            "{voice: +16175550102}",
            ["26:39: Sam Hill has +16175550102 twice, first in line 26"],
        ),
        # Accounts.
        ("manager: person:sam", "manager: person:sma", ["47:5: no person 'sma'; did you mean 'sam'?"]),
        ("    manager: person:sam\n", "", ["44:5: 'manager' is missing"]),
        ("backup: schedule:duty", "backup: schedule:night", ["36:5: no schedule 'night'; known here: duty"]),
        ("key: hf", "key: qb", ["44:5: the account 'qb' is there already, in line 32"]),
        (
            "end: 2027-12-31",
            "end: 2024-12-31",
            ["37:35: the contract ends on 2024-12-31, before it starts on 2025-01-01"],
        ),
        ("end: 2027-12-31", "end: 2027-02-30", ["37:35: '2027-02-30' is not a date; there is no such day"]),
        (
            "end: 2027-12-31",
            "end: 12/31/2027",
            ["37:35: '12/31/2027' is not a date; write it like 2026-01-31"],
        ),
        # Sites and contacts.
        (
            "{code: 77, name: Lake",
            "{code: 00114, name: Lake",
            [
                "40:10: site 00114 of QuickBite is there already, in line 39",
                "43:76: QuickBite has no site '77'; known here: 00114",
            ],
        ),
        (
            "{code: 77, name: Lake",
            "{code: '7 7', name: Lake",
            ["40:10: '7 7' is not a site code; use up to 20 letters, digits and dashes"],
        ),
        (
            "{code: 77, name: Lake",
            "{code: 77, nmae: x, name: Lake",
            ["40:20: unknown key 'nmae'; did you mean 'name'?"],
        ),
        (
            "sites: [114], lang",
            "sites: [141], lang",
            ["42:102: QuickBite has no site '141'; known here: 0114, 77"],
        ),
        ("sites: [114], lang", "sites: [], lang", ["42:94: name at least one, or write all"]),
        ("sites: [114], lang", "sites: every, lang", ["42:94: this should be a list"]),
        ("phones: [+44 20 7946 0958], ", "", ["43:9: a contact needs a phone or an email address"]),
        (
            "key: night, name: José Núñez",
            "name: ann LEE",
            ["43:10: the contact 'ann LEE' is there already, in line 42; give one of them a key of its own"],
        ),
        (
            "key: night, name: José Núñez",
            "name: 李",
            ["43:10: no key can be made of '李'; give this contact a key"],
        ),
        (
            "emails: [bob@hf.example]",
            "phones: [617-555-0111]",
            ["51:34: +16175550111 is of Bob Ray (Harbor Foods), but also of Ann Lee (QuickBite) in line 42"],
        ),
        (
            "emails: [bob@hf.example]",
            "emails: [bob@hf.example, Bob@HF.example]",
            ["51:50: Bob Ray (Harbor Foods) has bob@hf.example twice, first in line 51"],
        ),
        # Coverage and demo.
        ("{person: sam, trades", "{person: smo, trades", ["53:6: no person 'smo'; did you mean 'sam'?"]),
        (
            "regions: [Northeast]",
            "regions: [Northest]",
            ["53:55: no site is in the region 'Northest'; did you mean 'Northeast'?"],
        ),
        ("trades: all, ", "", ["54:5: 'trades' is missing"]),
        (
            "+1 617 555 0111, +1 617 555 0101",
            "+1 617 555 0199",
            ["56:12: nobody in this file has +16175550199"],
        ),
        (
            "mailboxes: [ann@qb.example]",
            "mailboxes: [eve@qb.example]",
            ["57:15: nobody in this file has eve@qb.example"],
        ),
    ],
)
def test_each_mistake_is_told_in_its_place(old: str, new: str, errors: list[str]) -> None:
    assert errors_of(with_change(old, new)) == errors


def test_all_mistakes_are_told_at_once() -> None:
    text = SMALL
    for old, new in (
        ("roles: [account_manager]", "roles: [boss]"),
        ("manager: person:sam", "manager: eve"),
        ("unit: weekly", "unit: never"),
        ("tier: gold", "teir: gold"),
    ):
        text = with_change(old, new, text)
    assert errors_of(text) == [
        "13:20: 'never' is not known; known here: daily, hourly, monthly, weekly",
        "19:13: 'boss' is not known here; known here: account_manager, duty_manager, manager, rep, service_manager",
        "32:5: 'tier' is missing",
        "34:5: unknown key 'teir'; did you mean 'tier'?",
        "47:5: no person 'eve'; known here: dana, ruth, sam",
    ]


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (
            "emails: [bob@hf.example]",
            "phones: [617-555-0101]",
            "51:34: note: +16175550101 is of Bob Ray (Harbor Foods) and of Dana Reyes in line 20: a customer and one of us",
        ),
        (
            "[+44 20 7946 0958]",
            "[617-555-0111]",
            "43:49: note: +16175550111 is of José Núñez (QuickBite) and of Ann Lee (QuickBite) in line 42: they share it",
        ),
    ],
)
def test_what_is_odd_but_allowed_is_noted(old: str, new: str, note: str) -> None:
    assert [str(n) for n in read((old, new)).notes] == [f"c.yaml:{note}"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "a",
        "closeloop: 1\npeople: 3\naccounts: [1, {sites: 2, contacts: {a: b}}]\nschedules: [1]\ncoverage: {a: 1}\nduty: [x]",
    ],
)
def test_nonsense_is_refused_and_no_crash(text: str) -> None:
    assert errors_of(text)


def shuffled(value: Any, chance: random.Random, *, keep: bool = False) -> Any:
    """Return the same document with its keys and lists in another order, except where order has a meaning."""
    if isinstance(value, dict):
        entries = list(value.items())
        chance.shuffle(entries)
        ordered = ("methods", "phones", "emails", "schedules", "mailboxes")
        return {key: shuffled(item, chance, keep=keep or key in ordered) for key, item in entries}
    if isinstance(value, list):
        items = [shuffled(item, chance, keep=keep) for item in value]
        if not keep:
            chance.shuffle(items)
        return items
    return value


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.booleans())
def test_the_order_in_the_file_does_not_matter(chance: random.Random, flow: bool) -> None:
    small = yaml.load(SMALL, yaml.BaseLoader)  # everything as text
    small["closeloop"] = 1
    small["schedules"]["duty"]["layers"][0]["rotation"]["length"] = 1
    text = yaml.safe_dump(
        shuffled(small, chance), sort_keys=False, default_flow_style=flow, allow_unicode=True
    )
    file, straight = parse_directory(text, "c.yaml"), read()
    assert file == straight


def test_a_wrong_zone_hides_no_other_mistake_of_a_schedule() -> None:
    text = with_change("  duty:\n    timezone: America/New_York", "  duty:\n    timezone: EST5")
    text = with_change("length: 1", "length: 0", text)
    assert errors_of(text) == [
        "10:5: no time zone 'EST5'; did you mean 'EST'?",
        "13:34: 0 is not a whole number from 1",
    ]
