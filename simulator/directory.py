"""Names for phones and mailboxes, from the company's directory file: labels on cards, nothing that decides.

The file is somebody else's; whatever in it has another shape than expected is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# Both are safe; the compiled one is six times as fast, but not every build of PyYAML has it.
try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]  # the same to us

COMPANY = "Us"
NATIONAL_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose phone or mailbox it is. `group` is our own company (`staff`) or the customer's name."""

    name: str
    title: str
    group: str
    staff: bool


@dataclass(frozen=True, slots=True)
class Labels:
    """Owners by phone number and by address, in the order of the file, and the phones to show first."""

    phones: dict[str, Owner]
    mailboxes: dict[str, Owner]
    cast: tuple[str, ...]
    company: str = ""


def read(path: Path | None, cast: tuple[str, ...] = ()) -> Labels:
    """Return the labels in a directory file. Raises OSError or ValueError when it cannot be read as YAML."""
    labels = Labels({}, {}, cast)
    if path is None:
        return labels
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not YAML: {error}") from error
    if not isinstance(document, dict):
        return labels
    accounts = {
        str(a.get("key", a.get("name"))): str(a.get("name", "")) for a in _items(document, "accounts")
    }
    company = document.get("company")
    own = (
        str(company.get("short_name") or company.get("name") or COMPANY)
        if isinstance(company, dict)
        else COMPANY
    )
    for person in _items(document, "people"):
        owner = Owner(name=_name(person), title=_title(person), group=own, staff=True)
        for kind, address in _methods(person):
            (labels.mailboxes if kind == "email" else labels.phones).setdefault(_key(kind, address), owner)
    for account in _items(document, "accounts"):
        for contact in _items(account, "contacts"):
            _take_contact(labels, contact, str(account.get("name", "")))
    for contact in _items(document, "contacts"):
        key = str(contact.get("account", ""))
        _take_contact(labels, contact, accounts.get(key, key))
    demo = document.get("demo")
    first: tuple[str, ...] = ()
    if isinstance(demo, dict):
        mailboxes = (address.lower() for address in _strings(demo.get("mailboxes")))
        first = (*map(_number, _strings(demo.get("phones"))), *mailboxes)
    return Labels(labels.phones, labels.mailboxes, cast or first, own if own != COMPANY else "")


def _take_contact(labels: Labels, contact: dict[str, Any], account: str) -> None:
    owner = Owner(name=_name(contact), title=str(contact.get("title") or ""), group=account, staff=False)
    for number in _strings(contact.get("phones")):
        labels.phones.setdefault(_number(number), owner)
    for address in _strings(contact.get("emails")):
        labels.mailboxes.setdefault(address.lower(), owner)


def _items(document: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    found = document.get(name)
    if isinstance(found, dict):  # key: {...} instead of a list
        found = [{"key": key} | value for key, value in found.items() if isinstance(value, dict)]
    for item in found if isinstance(found, list) else []:
        if isinstance(item, dict):
            yield item


def _methods(person: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for method in person.get("methods") or []:
        if isinstance(method, dict):
            kind, address = method.get("kind"), method.get("address")
            pairs = [(kind, address)] if kind and address else list(method.items())
            yield from ((str(k), str(a)) for k, a in pairs if k in {"sms", "email", "voice"})
    yield from (("sms", number) for number in _strings(person.get("phones")))
    yield from (("email", address) for address in _strings(person.get("emails")))


def _key(kind: str, address: str) -> str:
    return address.lower() if kind == "email" else _number(address)


def _number(written: str) -> str:
    """Return a phone number as the networks write it; ten digits without + are North America's."""
    digits = re.sub(r"\D", "", written)
    if written.lstrip().startswith("+"):
        return f"+{digits}"
    return f"+1{digits}" if len(digits) == NATIONAL_DIGITS else f"+{digits}"


def _name(item: dict[str, Any]) -> str:
    return str(item.get("name") or item.get("key") or "")


def _title(person: dict[str, Any]) -> str:
    title = person.get("title")
    roles = ", ".join(_strings(person.get("roles") or person.get("role"))).replace("_", " ")
    return str(title or roles)


def _strings(found: object) -> list[str]:
    if isinstance(found, str | int):
        return [str(found)]
    if not isinstance(found, list):
        return []
    return [str(item) for item in found if isinstance(item, str | int)]  # an unquoted +1617... is an int
