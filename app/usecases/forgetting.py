"""Forgetting somebody at a customer's: their name, addresses and words go, everywhere, for good.

What happened and when stays, so that every figure stays (promise 7): the ticket is still the fold of its
events. The audit says who did it and when, and nothing of whom. What must not live here: what is left of an
event (domain/forgetting.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection

from app.domain.directory import Contact
from app.domain.errors import CloseloopError
from app.domain.evolve import fold
from app.domain.forgetting import REMOVED, Forgotten
from app.store import directory as directory_store
from app.store import forgetting as store
from app.store import records
from app.store import tickets as ticket_store
from app.store.forgetting import Traces
from app.store.records import AuditEntry
from app.usecases.house import House

_SEPARATORS = re.compile(r"[\s().-]")
_NEW_NAME = "Removed on request"
_MARK = ".forgotten-"
_BATCH = 200


class ForgetError(CloseloopError):
    """Nobody was forgotten; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Who would be forgotten, and what goes. `why_not` is empty, or says what is in the way.

    `who` is the contact's key, or the address of somebody whom the directory does not know. `addresses` are
    theirs alone; `shared` are also somebody else's, and what came from there stays.
    """

    who: str
    name: str
    account: str
    addresses: tuple[str, ...]
    shared: tuple[str, ...]
    tickets: tuple[int, ...]
    messages: int
    texts: int
    why_not: str


def preview(house: House, who: str) -> Preview:
    """Return what forgetting a contact (by key, phone or mailbox) would do. Raises ForgetError: unknown."""
    with house.begin() as connection:
        contact, address = _find(connection, who)
        return _preview(contact, address, _traces(connection, contact, address))


def forget(house: House, who: str, *, by: str) -> Preview:
    """Forget a contact, all or nothing; return what that was. There is no way back.

    `by` is who wants it, for the audit. Raises ForgetError: nobody known, or something is still going on.
    """
    now = house.clock.now()
    with house.begin() as connection:
        directory_store.lock(connection)
        contact, address = _find(connection, who)
        traces = _traces(connection, contact, address)
        found = _preview(contact, address, traces)
        if found.why_not:
            raise ForgetError(f"nothing was removed: {found.why_not}")
        entry_id = house.ids.next()
        whom = Forgotten(
            key=contact.key if contact else "",
            new_key=f"{contact.account}{_MARK}{entry_id}" if contact else "",
            name=contact.name if contact else "",
            addresses=traces.addresses,
        )
        _rewrite_tickets(connection, whom, sorted(traces.tickets))
        store.empty(connection, traces.addresses, traces.tickets, REMOVED)
        _rewrite_audit(connection, whom)
        if contact:
            store.forget_contact(connection, contact.key, whom.new_key, _NEW_NAME)
        detail = {
            "by": by,
            "tickets": len(traces.tickets),
            "messages": traces.messages,
            "texts": traces.texts,
        }
        entry = AuditEntry(
            id=entry_id,
            at=now,
            kind="contact_forgotten",
            subject=whom.new_key or "a stranger",
            detail=detail,
        )
        records.add_audit(connection, [entry])
    return found


def _find(connection: Connection, who: str) -> tuple[Contact | None, str]:
    """Return the contact, or None and the address of a stranger."""
    wanted = who.strip()
    known = directory_store.contacts_by_keys(connection, [wanted]).get(wanted)
    if known is not None:
        if _MARK in known.key:
            raise ForgetError(f"{wanted} was forgotten already")
        return known, ""
    address = wanted.lower() if "@" in wanted else _SEPARATORS.sub("", wanted)
    having = directory_store.contacts_by_addresses(connection, [address])[address]
    if len(having) > 1:
        keys = ", ".join(sorted(contact.key for contact in having))
        raise ForgetError(f"several contacts have {address}: say which of {keys}")
    if having:
        return having[0], ""
    if "@" not in address and not re.fullmatch(r"\+[1-9]\d{6,14}", address):
        raise ForgetError(
            f"there is no contact {wanted!r}; a phone number is written +16175550142, a mailbox with its @"
        )
    return None, address


def _traces(connection: Connection, contact: Contact | None, address: str) -> Traces:
    addresses = (*contact.phones, *contact.emails) if contact else (address,)
    found = store.traces(connection, contact.key if contact else "", addresses)
    if contact is None and not (found.addresses and (found.tickets or found.messages or found.texts)):
        raise ForgetError(f"nothing is kept of {address}, or it is a colleague's")
    return found


def _preview(contact: Contact | None, address: str, traces: Traces) -> Preview:
    own = (*contact.phones, *contact.emails) if contact else (address,)
    why_not = ""
    if traces.open:
        numbers = ", ".join(map(str, traces.open[:5]))
        why_not = f"tickets {numbers} are still open; close or cancel them first"
    elif traces.waiting:
        why_not = "a message from or to them is on its way; try again in a minute"
    return Preview(
        who=contact.key if contact else address,
        name=contact.name if contact else "",
        account=contact.account if contact else "",
        addresses=tuple(sorted(traces.addresses)),
        shared=tuple(sorted(set(own) - traces.addresses)),
        tickets=tuple(traces.tickets.values()),
        messages=traces.messages,
        texts=traces.texts,
        why_not=why_not,
    )


def _rewrite_tickets(connection: Connection, whom: Forgotten, ids: list[int]) -> None:
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        for ticket_id, events in ticket_store.events_of_many(connection, batch).items():
            happened = [whom.event(event) for event in events]
            if happened != events:
                store.rewrite(connection, fold(ticket_id, happened), happened)


def _rewrite_audit(connection: Connection, whom: Forgotten) -> None:
    words = {word for word in (whom.key, whom.name, *whom.addresses) if word}
    cleared = []
    for entry in store.audit_about(connection, whom.addresses, words):
        detail = whom.cleared(dict(entry["detail"]))
        if whom.key:
            detail = {
                name: value.replace(whom.key, whom.new_key) if isinstance(value, str) else value
                for name, value in detail.items()
            }
        cleared.append({"id": entry["id"], "subject": whom.cleared(entry["subject"]), "detail": detail})
    store.rewrite_audit(connection, cleared)
