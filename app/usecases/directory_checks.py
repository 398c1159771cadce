"""What can be wrong between the places of a directory file: references that lead nowhere, things that clash.

Looks at the raw document, so that these errors are found together with those of shape; whatever has the
wrong shape is passed over here. What must not live here: what one value or entry must look like
(directory_model.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.documents import Document, Path, Problem, nearest
from app.domain.directory import normal_code
from app.domain.oncall import ScheduleError, parse_schedule
from app.domain.roster import MOST_COVERS
from app.usecases.directory_model import email_address, is_zone, phone_number, slug, target

# How the parser of schedules begins a message: `.layers[0].people: there is nobody to take turns`.
_WHERE = re.compile(r"((?:\.?\w+|\[\d+\])*): (.*)\Z", re.DOTALL)
_UNKNOWN = re.compile(r"unknown key '(\w+)'")


def check_across(
    document: Document,
    trades: Collection[str] = (),
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Return what is wrong between the places of `document`, and what is merely worth a note."""
    checks = _Checks(document, frozenset(trades))
    checks.keys()
    checks.targets()
    checks.teams()
    checks.covers()
    checks.schedules()
    checks.coverage()
    for path, account in document.find("accounts", "*"):
        if isinstance(account, dict):
            checks.contract((*path, "contract"), account.get("contract"))
            checks.sites_and_contacts(path, account)
    checks.addresses()
    checks.demo()
    return tuple(checks.problems), tuple(checks.notes)


@dataclass(frozen=True, slots=True)
class _Holder:
    """Where an address stands, and whose it is; `account` is empty for our own people."""

    path: Path
    owner: Path
    who: str
    account: str


class _Checks:
    def __init__(self, document: Document, trades: frozenset[str]) -> None:
        self.document = document
        self.trades = trades
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.people = self._words("people", "*", "key")
        self.schedule_names = {str(path[-1]) for path, _ in document.find("schedules", "*")}
        self.team_names = {str(path[-1]) for path, _ in document.find("teams", "*")}

    def _words(self, *pattern: str | int) -> set[str]:
        return {word for _, word in self._texts(*pattern)}

    def _texts(self, *pattern: str | int) -> Iterator[tuple[Path, str]]:
        for path, value in self.document.find(*pattern):
            word = _text(value)
            if word is not None:
                yield path, word

    def _wrong(self, path: Path, message: str) -> None:
        self.problems.append(self.document.problem(path, message))

    def _line(self, path: Path) -> int:
        return self.document.at(path)[0]

    def _twice(self, entries: Iterable[tuple[Path, str, str]], advice: str = "") -> None:
        """Complain of each (path, identity, what it is) whose identity was there before."""
        first: dict[str, Path] = {}
        for path, identity, what in entries:
            if identity in first:
                self._wrong(path, f"{what} is there already, in line {self._line(first[identity])}{advice}")
            first.setdefault(identity, path)

    def keys(self) -> None:
        """See that people and accounts have keys of their own."""
        for noun, one in (("people", "person"), ("accounts", "account")):
            self._twice((path, key, f"the {one} {key!r}") for path, key in self._texts(noun, "*", "key"))

    def targets(self) -> None:
        """See that whoever is named as manager, backup or on duty exists."""
        for pattern in (
            ("duty",),
            ("accounts", "*", "manager"),
            ("accounts", "*", "backup"),
            ("people", "*", "cover"),
        ):
            for path, word in self._texts(*pattern):
                self._target(path, word)

    def _target(self, path: Path, word: str) -> None:
        kind, _, name = target(word).partition(":")
        if kind == "person":
            self._person(path, name)
        elif kind == "schedule":
            if name not in self.schedule_names:
                self._wrong(path, f"no schedule {name!r}{nearest(name, self.schedule_names)}")
        elif kind == "team":
            if name not in self.team_names:
                self._wrong(path, f"no team {name!r}{nearest(name, self.team_names)}")
        else:
            advice = "write a person's key, person:KEY, team:NAME or schedule:NAME"
            self._wrong(path, f"{word!r} names nobody; {advice}")

    def teams(self) -> None:
        """See that whoever is in a team exists."""
        for path, word in self._texts("teams", "*", "*"):
            self._person(path, word)

    def covers(self) -> None:
        """See that a cover is somebody else, and that covers lead to an end."""
        covers: dict[str, str] = {}
        places: dict[str, Path] = {}
        for path, word in self._texts("people", "*", "cover"):
            kind, _, name = target(word).partition(":")
            key = next((w for _, w in self._texts(*path[:-1], "key")), "")
            if key and kind == "person":
                covers[key], places[key] = name, path
        told: set[str] = set()
        for key, path in places.items():
            chain = [key]
            while (following := covers.get(chain[-1])) is not None and following not in chain:
                chain.append(following)
            if following == key:
                # Told once for each circle, at its first person in the file.
                if told.isdisjoint(chain):
                    self._wrong(path, f"covers go in a circle: {' -> '.join([*chain, key])}")
                told.update(chain)
            elif following is None and len(chain) > MOST_COVERS + 1:
                self._wrong(path, f"{len(chain) - 1} covers in a row; at most {MOST_COVERS}")

    def _person(self, path: Path, name: str) -> None:
        if name in self.people:
            return
        if name in self.schedule_names:
            hint = f"; did you mean 'schedule:{name}'?"
        elif name in self.team_names:
            hint = f"; did you mean 'team:{name}'?"
        else:
            hint = nearest(name, self.people)
        self._wrong(path, f"no person {name!r}{hint}")

    def schedules(self) -> None:
        """See that schedules are well-formed and that whoever has a turn exists."""
        for path, schedule in self.document.find("schedules", "*"):
            if isinstance(schedule, dict):
                self._schedule(path, schedule)
        for pattern in (
            ("layers", "*", "people", "*"),
            ("layers", "*", "people", "*", "*"),
            ("overrides", "*", "in"),
        ):
            for path, word in self._texts("schedules", "*", *pattern):
                self._person(path, word)
        for path, word in self._texts("schedules", "*", "overrides", "*", "out"):
            if word != "*":
                self._person(path, word)

    def _schedule(self, path: Path, schedule: dict[str, Any]) -> None:
        # Layers and overrides one at a time: the parser stops at the first error, and all are wanted.
        parts = {
            name: schedule[name] for name in ("layers", "overrides") if isinstance(schedule.get(name), list)
        }
        self._part(path, schedule | dict.fromkeys(parts, ()), {})
        # A wrong zone was reported just now, and must not hide what else is wrong.
        zone = schedule.get("timezone")
        rest: dict[str, Any] = {"timezone": zone if is_zone(zone) else "UTC", "layers": []}
        for name, entries in parts.items():
            for index, entry in enumerate(entries):
                self._part(path, rest | {name: [entry]}, {name: index})
        if not any(parts.values()):
            self._wrong(path, "nobody is ever on call here; give it a layer")

    def _part(self, path: Path, schedule: dict[str, Any], place: dict[str, int]) -> None:
        try:
            parse_schedule(schedule, where="")
        except ScheduleError as error:
            found = _WHERE.match(str(error))
            where, message = (found[1], found[2]) if found else ("", str(error))
            steps = [int(s) if s.isdigit() else s for s in re.findall(r"\w+", where)]
            if len(steps) > 1 and steps[0] in place:
                steps[1] = place[str(steps[0])]
            key = _UNKNOWN.match(message)
            self._wrong((*path, *steps, *((key[1],) if key else ())), message)

    def coverage(self) -> None:
        """See that coverage speaks of people, regions and trades that exist."""
        regions = {" ".join(word.split()) for word in self._words("accounts", "*", "sites", "*", "region")}
        for path, word in self._texts("coverage", "*", "person"):
            self._person(path, word)
        for path, word in self._texts("coverage", "*", "regions", "*"):
            if word not in regions:
                self._wrong(path, f"no site is in the region {word!r}{nearest(word, regions)}")
        for path, word in self._texts("coverage", "*", "trades", "*"):
            if self.trades and word not in self.trades:
                self._wrong(path, f"the rulebook has no trade {word!r}{nearest(word, self.trades)}")

    def contract(self, path: Path, contract: Any) -> None:  # noqa: ANN401 - what YAML held
        """See that a contract does not end before it starts."""
        if not isinstance(contract, dict):
            return
        start, end = contract.get("start"), contract.get("end")
        try:
            backwards = date.fromisoformat(str(end)) < date.fromisoformat(str(start))
        except ValueError:
            return  # the model says which of them is no date
        if backwards:
            self._wrong((*path, "end"), f"the contract ends on {end}, before it starts on {start}")

    def sites_and_contacts(self, path: Path, account: dict[str, Any]) -> None:
        """See that codes and contacts are unique in an account, and contacts of sites that it has."""
        index = path[-1]
        name = account.get("name") or account.get("key")
        codes = {normal_code(code): code for _, code in self._texts("accounts", index, "sites", "*", "code")}
        self._twice(
            (place, normal_code(code), f"site {code} of {name}")
            for place, code in self._texts("accounts", index, "sites", "*", "code")
        )
        for place, code in self._texts("accounts", index, "contacts", "*", "sites", "*"):
            if normal_code(code) not in codes:
                self._wrong(place, f"{name} has no site {code!r}{nearest(code, codes.values())}")
        contacts = self._contact_keys(("accounts", index, "contacts", "*"))
        self._twice(contacts, "; give one of them a key of its own")
        for place, contact in self.document.find("accounts", index, "contacts", "*"):
            if isinstance(contact, dict) and not contact.get("phones") and not contact.get("emails"):
                self._wrong(place, "a contact needs a phone or an email address")

    def _contact_keys(self, pattern: tuple[str | int, ...]) -> Iterator[tuple[Path, str, str]]:
        for place, contact in self.document.find(*pattern):
            if not isinstance(contact, dict):
                continue
            key, name = _text(contact.get("key")), _text(contact.get("name"))
            if key is not None:
                yield (*place, "key"), key, f"the contact {key!r}"
            elif name is not None and slug(name):
                yield (*place, "name"), slug(name), f"the contact {name!r}"
            elif name is not None:
                self._wrong((*place, "name"), f"no key can be made of {name!r}; give this contact a key")

    def addresses(self) -> None:
        """See that a phone or mailbox is of one person, or of contacts of one account."""
        seen: dict[str, list[_Holder]] = {}
        for address, holder in self._holders():
            before = seen.setdefault(address, [])
            # The first thing that is wrong is enough, and a note only where nothing is.
            if not any(self._clash(address, other, holder) for other in before) and before:
                self._remark(address, before[0], holder)
            before.append(holder)

    def _clash(self, address: str, other: _Holder, holder: _Holder) -> bool:
        """Complain if both cannot have the address; return whether they cannot."""
        if other.owner == holder.owner:
            # A person's phone may take both texts and calls: the same number under another kind of method.
            if not holder.account and other.path[-1] != holder.path[-1]:
                return False
            message = f"{holder.who} has {address} twice, first in line {self._line(other.path)}"
        else:
            one_account = bool(holder.account) and other.account == holder.account
            customer_and_one_of_us = bool(holder.account) != bool(other.account)
            if one_account or customer_and_one_of_us:
                return False
            message = (
                f"{address} is of {holder.who}, but also of {other.who} in line {self._line(other.path)}"
            )
        self._wrong(holder.path, message)
        return True

    def _remark(self, address: str, other: _Holder, holder: _Holder) -> None:
        if other.owner == holder.owner:
            return
        how = "they share it" if other.account == holder.account else "a customer and one of us"
        where = f"{other.who} in line {self._line(other.path)}"
        self.notes.append(
            self.document.problem(holder.path, f"note: {address} is of {holder.who} and of {where}: {how}")
        )

    def _holders(self) -> Iterator[tuple[str, _Holder]]:
        for path, person in self.document.find("people", "*"):
            for kind, read in (("sms", phone_number), ("voice", phone_number), ("email", email_address)):
                found = self._addresses((*path, "methods", "*", kind), read)
                for place, address in found:
                    yield address, _Holder(place, path, _named(person), "")
        for path, contact in self.document.find("accounts", "*", "contacts", "*"):
            account = next((found for _, found in self.document.find(*path[:2])), None)
            label = f"{_named(contact)} ({_named(account)})"
            for kind, read in (("phones", phone_number), ("emails", email_address)):
                for place, address in self._addresses((*path, kind, "*"), read):
                    yield address, _Holder(place, path, label, f"#{path[1]}")

    def _addresses(self, pattern: Path, read: Callable[[str], str]) -> Iterator[tuple[Path, str]]:
        for path, word in self._texts(*pattern):
            try:
                yield path, read(word)
            except ValueError:
                continue  # the model says what is wrong with it

    def demo(self) -> None:
        """See that somebody in this file has the addresses of the demo's cast."""
        known = {address for address, _ in self._holders()}
        for kind, read in (("phones", phone_number), ("mailboxes", email_address)):
            for path, address in self._addresses(("demo", kind, "*"), read):
                if address not in known:
                    self._wrong(path, f"nobody in this file has {address}")


def _text(value: object) -> str | None:
    """Return the text that a model would read from `value`, or None: that is the model's to complain of."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)


def _named(entry: object) -> str:
    if not isinstance(entry, dict):
        return "?"
    return str(entry.get("name") or entry.get("key") or "?")
