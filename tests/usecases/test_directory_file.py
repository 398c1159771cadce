"""The directory file: values when it is right, a line for everything that is wrong when it is not."""

from __future__ import annotations

import random
import re
import textwrap
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from directory_files import SMALL, read, with_change
from hypothesis import given, settings
from hypothesis import strategies as st

from app.documents import DocumentError, parse
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
from app.domain.oncall import on_call, parse_schedule
from app.usecases.directory_file import parse_directory
from app.usecases.directory_model import email_address, phone_number, slug

DOCS = Path(__file__).parents[2] / "docs" / "directory.md"
ROUTING = Path(__file__).parents[2] / "rules" / "routing.yaml"
DEMO = Path(__file__).parents[2] / "demo" / "company.yaml"


def errors_of(text: str, **options: Any) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        parse_directory(text, "c.yaml", **options)
    return [line.removeprefix("c.yaml:") for line in str(caught.value).splitlines()]


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


def test_covers_feeds_and_teams_are_read() -> None:
    feed = "https://calendar.example/dana.ics?key=1"
    file = read(
        ("    language: es\n", "    cover: team:night\n"),
        ("{email: Dana@Tidewell.example}]", f"{{email: Dana@Tidewell.example}}]\n    leave_feed: {feed}"),
        ("people:\n  - key: dana", "teams: {night: [ruth, dana, ruth]}\npeople:\n  - key: dana"),
    )
    assert file.teams == {"night": ("dana", "ruth")}
    assert (file.people["sam"].cover, file.people["dana"].leave_feed) == ("team:night", feed)


def _covers(*pairs: tuple[str, str]) -> str:
    people = [
        f"  - {{key: {key}, name: {key}, roles: [rep], methods: [{{email: {key}@a.example}}], cover: {cover}}}\n"
        for key, cover in pairs
    ]
    return f"people:\n{''.join(people)}  - key: dana"


@pytest.mark.parametrize(
    ("pairs", "error"),
    [
        ([("a", "a")], "17:98: covers go in a circle: a -> a"),
        ([("a", "b"), ("b", "c"), ("c", "b")], "18:98: covers go in a circle: b -> c -> b"),
        ([("a", "dan")], "17:98: no person 'dan'; did you mean 'dana'?"),
        ([("a", "team:night")], "17:98: no team 'night'"),
        (
            [(str(n), f"{n + 1}") for n in range(1, 6)] + [("6", "dana")],
            "17:98: 6 covers in a row; at most 5",
        ),
    ],
)
def test_covers_that_lead_nowhere_are_mistakes(pairs: list[tuple[str, str]], error: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(("people:\n  - key: dana", _covers(*pairs)))
    (problem,) = caught.value.problems
    assert re.sub(r":\d+: ", ":98: ", str(problem).removeprefix("c.yaml:"), count=1) == error


def test_a_trade_that_the_rulebook_lacks_is_a_mistake() -> None:
    trades = ("plumbing", "hvac", "electrical")
    assert parse_directory(SMALL, "c.yaml", trades=trades) == read()
    wrong = with_change("[plumbing, hvac]", "[plumbin, hvac]")
    assert errors_of(wrong, trades=trades) == [
        "53:28: the rulebook has no trade 'plumbin'; did you mean 'plumbing'?"
    ]


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


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+1 617 555 0142", "+16175550142"),
        ("(617) 555-0142", "+16175550142"),
        ("617.555.0142", "+16175550142"),
        ("16175550142", "+16175550142"),
        ("+52 55 1234 5678", "+525512345678"),
    ],
)
def test_any_readable_phone_number_will_do(written: str, number: str) -> None:
    assert phone_number(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        "555-0142",
        "017 555 0142",
        "617 155 0142",
        "+1 617 555 01422",
        "call me",
        "+999 1234567",
        "617 555 0142 x5",
    ],
)
def test_what_cannot_be_a_phone_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"phone number|extension"):
        phone_number(written)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "a",
        "a@b",
        "a b@c.example",
        "a@b..example",
        ".a@b.example",
        "a@@b.example",
        "a@b.example\n",
        "<a@b.example>",
        "é@b.example",
        "a@" + "b" * 250 + ".example",
    ],
)
def test_what_is_no_mailbox_is_refused(written: str) -> None:
    if written == "a@b.example\n":
        assert email_address(written) == "a@b.example"
        return
    with pytest.raises(ValueError, match="not an email address"):
        email_address(written)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Ann Lee", "ann-lee"),
        ("José  Núñez-O'Hara", "jose-nunez-o-hara"),
        ("李", ""),
        ("-", ""),
        ("x" * 60, "x" * 40),
    ],
)
def test_keys_are_made_of_names(name: str, key: str) -> None:
    assert slug(name) == key


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


def test_the_examples_of_the_documentation_are_right() -> None:
    blocks = [
        textwrap.dedent(b)
        for b in re.findall(r"(?:^    .*\n)+", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    ]

    def example(start: str) -> str:
        return next(textwrap.indent(block, "  ") for block in blocks if block.startswith(start))

    people = example("- key: dana")
    for key in ("luis", "priya", "grant", "ruth", "calvin", "noor"):
        people += f"  - {{key: {key}, name: {key}, roles: [rep], methods: [{{email: {key}@a.example}}]}}\n"
    head = SMALL[: SMALL.index("schedules:")]
    text = (
        f"{head}schedules:\n{example('duty:')}teams:\n{example('night-crew:')}"
        f"people:\n{people}accounts:\n{example('- key: pantryrow')}"
        f"coverage:\n{example('- {person: priya')}"
    )
    file = parse_directory(text, "c.yaml")
    assert (len(file.people), len(file.coverage), len(file.schedules)) == (7, 2, 1)
    assert file.people["dana"].cover == "person:luis"
    assert file.teams == {"night-crew": ("luis", "noor")}
    assert file.contacts["pantryrow.tanya-brooks"].sites == ("pantryrow.114",)


def test_the_demo_company_is_as_big_as_it_says() -> None:
    file = parse_directory(DEMO.read_text(encoding="utf-8"), "company.yaml")
    assert (len(file.accounts), len(file.sites), len(file.contacts), len(file.people)) == (6, 40, 80, 25)
    assert len({site.timezone for site in file.sites.values()}) == 5
    assert file.notes == ()
    assert {contact.language for contact in file.contacts.values()} == {"en", "es"}
    directory = file.directory(1)
    store = directory.site_by_code("pantryrow", "114")
    assert store is not None
    manager = next(c for c in file.contacts.values() if file.phones[0] in c.phones)
    assert manager.sites == (store.key,)
    on_duty = parse_schedule(file.schedules["duty"]).people
    cast = {person.key for phone in file.phones[1:] if (person := directory.person_by_address(phone))}
    assert cast == {
        directory.accounts["pantryrow"].manager.removeprefix("person:"),
        "luis",
        "priya",
        *on_duty,
    }


def test_the_demo_company_speaks_of_the_default_rulebook_s_trades() -> None:
    routing = parse(ROUTING.read_text(encoding="utf-8"), "routing.yaml")
    trades = [trade for _, trade in routing.find("trades", "*")]
    assert parse_directory(DEMO.read_text(encoding="utf-8"), "company.yaml", trades=trades).coverage


def test_the_demo_company_always_has_a_duty_manager() -> None:
    schedule = parse_schedule(
        parse_directory(DEMO.read_text(encoding="utf-8"), "company.yaml").schedules["duty"]
    )
    start = datetime(2025, 11, 1, tzinfo=UTC)
    assert all(len(on_call(schedule, start + timedelta(hours=7 * n))) == 1 for n in range(2000))


def test_demo_numbers_and_mailboxes_belong_to_nobody() -> None:
    file = parse_directory(DEMO.read_text(encoding="utf-8"), "company.yaml")
    phones = [p for c in file.contacts.values() for p in c.phones]
    emails = [e for c in file.contacts.values() for e in c.emails]
    for person in file.people.values():
        phones += [m.address for m in person.methods if m.kind is not MethodKind.EMAIL]
        emails += [m.address for m in person.methods if m.kind is MethodKind.EMAIL]
    assert all(phone.startswith("+1") and phone[5:10] == "55501" and len(phone) == 12 for phone in phones)
    assert all(email.endswith(".example") for email in emails)
