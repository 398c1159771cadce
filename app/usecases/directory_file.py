"""The directory file's way from YAML to domain values (docs/directory.md).

What stands in it is checked in full before anything is believed: the shape by directory_model.py, and what
concerns several places at once (references, duplicates) by directory_checks.py. All errors come in one go.
What must not live here: the database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from app.documents import Document, DocumentError, Problem, parse
from app.domain.directory import (
    Account,
    Company,
    Contact,
    Coverage,
    Directory,
    Person,
    Role,
    Site,
    contact_key,
    site_key,
)
from app.usecases.directory_checks import check_across
from app.usecases.directory_model import (
    AccountEntry,
    CompanyEntry,
    ContactEntry,
    FileModel,
    PersonEntry,
    slug,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryFile:
    """A checked directory file as values, independent of the order in which things stood in it.

    `notes` are remarks about what is allowed but worth a look; `phones` and `mailboxes` are the demo's cast.
    """

    company: Company
    duty: str
    people: Mapping[str, Person]
    accounts: Mapping[str, Account]
    sites: Mapping[str, Site]
    contacts: Mapping[str, Contact]
    coverage: tuple[Coverage, ...]
    schedules: Mapping[str, Mapping[str, object]]
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    phones: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()

    def directory(self, version: int) -> Directory:
        """Return everything but the contacts as a Directory at `version`."""
        return Directory(
            version=version,
            company=self.company,
            duty=self.duty,
            people=self.people,
            accounts=self.accounts,
            sites=self.sites,
            coverage=self.coverage,
            schedules=self.schedules,
            teams=self.teams,
        )


def parse_directory(text: str, name: str, *, trades: Collection[str] = ()) -> DirectoryFile:
    """Return what the directory file `name` says. Raises DocumentError with everything that is wrong in it.

    `trades` are the trades that the rulebook knows; when given, coverage may name no others.
    """
    document = parse(text, name)
    problems, notes = check_across(document, trades)
    try:
        model = document.check(FileModel)
    except DocumentError as error:
        raise DocumentError([*error.problems, *problems]) from None
    if problems:
        raise DocumentError(problems)
    return _values(model, document, notes)


def _values(model: FileModel, document: Document, notes: tuple[Problem, ...]) -> DirectoryFile:
    people = (_person(entry, model.company) for entry in model.people)
    contacts = (_contact(account.key, entry) for account in model.accounts for entry in account.contacts)
    coverage = {
        Coverage(person=c.person, trades=_sorted(c.trades), regions=_sorted(c.regions))
        for c in model.coverage
    }
    return DirectoryFile(
        company=Company(
            name=model.company.name,
            short_name=model.company.short_name,
            phone=model.company.phone,
            timezone=model.company.timezone,
        ),
        duty=model.duty,
        people={person.key: person for person in people},
        accounts={entry.key: _account(entry) for entry in model.accounts},
        sites={site.key: site for entry in model.accounts for site in _sites(entry)},
        contacts={contact.key: contact for contact in contacts},
        coverage=tuple(sorted(coverage, key=lambda c: (c.person, c.trades, c.regions))),
        # As it was written: the schedule's document is the contract between all that read it.
        schedules={str(path[-1]): value for path, value in document.find("schedules", "*")},
        teams={name: _sorted(members) for name, members in model.teams.items()},
        phones=tuple(model.demo.phones),
        mailboxes=tuple(model.demo.mailboxes),
        notes=notes,
    )


def _person(entry: PersonEntry, company: CompanyEntry) -> Person:
    return Person(
        key=entry.key,
        name=entry.name,
        roles=tuple(role for role in Role if role in entry.roles),
        methods=tuple(method.value(verified=entry.verified) for method in entry.methods),
        timezone=entry.timezone or company.timezone,
        language=entry.language,
        cover=entry.cover or "",
        leave_feed=entry.leave_feed or "",
        notify=entry.notify,
        quiet=entry.quiet_hours,
    )


def _account(entry: AccountEntry) -> Account:
    return Account(
        key=entry.key,
        name=entry.name,
        tier=entry.tier,
        manager=entry.manager,
        backup=entry.backup or "",
        contract_start=entry.contract.start if entry.contract else None,
        contract_end=entry.contract.end if entry.contract else None,
    )


def _sites(account: AccountEntry) -> list[Site]:
    return [
        Site(
            key=site_key(account.key, entry.code),
            account=account.key,
            code=entry.code,
            name=entry.name,
            address=entry.address,
            city=entry.city,
            region=entry.region,
            timezone=entry.timezone,
        )
        for entry in account.sites
    ]


def _contact(account: str, entry: ContactEntry) -> Contact:
    return Contact(
        key=contact_key(account, entry.key or slug(entry.name)),
        account=account,
        name=entry.name,
        title=entry.title,
        phones=tuple(entry.phones),
        emails=tuple(entry.emails),
        sites=_sorted([site_key(account, code) for code in entry.sites or ()]),
        language=entry.language,
    )


def _sorted(words: list[str] | None) -> tuple[str, ...]:
    return tuple(sorted(set(words or ())))
