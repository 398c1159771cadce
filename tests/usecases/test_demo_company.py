"""The directory files that come with the program: the demo's company, the examples of the documentation."""

from __future__ import annotations

import re
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

from directory_files import SMALL

from app.documents import parse
from app.domain.directory import MethodKind
from app.domain.oncall import on_call, parse_schedule
from app.usecases.directory_file import parse_directory

DOCS = Path(__file__).parents[2] / "docs" / "directory.md"
ROUTING = Path(__file__).parents[2] / "rules" / "routing.yaml"
DEMO = Path(__file__).parents[2] / "demo" / "company.yaml"


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
