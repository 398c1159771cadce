"""The page on which a colleague types in a ticket for a customer who called.

What must not live here: what opening it leads to and what is refused (usecases/typed.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from app.domain.charsets import storable
from app.domain.directory import Contact, Directory, Site
from app.domain.zones import local_instant
from app.store import directory as directory_store
from app.usecases.desk import Desk
from app.usecases.house import House
from app.usecases.typed import Typed, TypedError, named, open_typed, reporter
from app.web.access import Guard, Visitor
from app.web.acting import PRIORITIES
from app.web.showing import go_to, show

_LISTED = 20
_LONGEST = 2000
_MINUTE = "%Y-%m-%dT%H:%M"


class NewTicket:
    """Search the site, say what happened, open."""

    def __init__(self, house: House, guard: Guard) -> None:
        """Serve the signed-in users of this house."""
        self.house = house
        self.guard = guard

    def page(self, request: Request) -> Response:
        """Show the search, or the form when a site is chosen."""
        visitor = self.guard.user(request)
        return self._show(request, visitor, request.query_params, "")

    def open(self, request: Request, form: Mapping[str, str]) -> Response:
        """Open the ticket and go to it, or show the form again with what is wrong."""
        visitor = self.guard.user(request)
        self.guard.check_form(form, visitor.csrf)
        try:
            number = self._open(visitor, form)
        except TypedError as error:
            return self._show(request, visitor, form, str(error), status=422)
        self.house.wake("saved")
        return go_to(f"/tickets/{number}?did=opened")

    def _open(self, visitor: Visitor, form: Mapping[str, str]) -> int:
        now = self.house.clock.now()
        with self.house.begin() as connection:
            desk = Desk(self.house, connection, now)
            directory = desk.roster.directory
            site = _active(directory, form.get("site", ""))
            contacts = directory_store.contacts_of(connection, site.account)
            contact = next((c for c in contacts if c.key == form.get("contact")), None)
            requester = named(contact) if contact else None
            person = directory.people.get(visitor.person)
            priority = form.get("priority", "")
            typed = Typed(
                text=storable(form.get("text", "")[:_LONGEST]),
                account=site.account,
                site=site.key,
                contact_at=_instant(form.get("contact_at", ""), site, now),
                reason=storable(form.get("reason", "")[:200]),
                priority=priority if priority in PRIORITIES else "",
                mine="mine" in form,
            )
            decision = open_typed(
                desk,
                typed,
                actor=visitor.actor,
                person=visitor.person,
                requester=requester or reporter(person, visitor.person),
            )
            desk.flush()
        return decision.ticket.number

    def _show(
        self,
        request: Request,
        visitor: Visitor,
        form: Mapping[str, str],
        problem: str,
        status: int = 200,
    ) -> Response:
        words = form.get("q", "").strip()[:80]
        with self.house.begin() as connection:
            directory = self.house.roster(connection).directory
            site = directory.sites.get(form.get("site", ""))
            contacts = directory_store.contacts_of(connection, site.account) if site and site.active else ()
        here = [c for c in contacts if site and (not c.sites or site.key in c.sites)]
        return show(
            request,
            "new_ticket.html",
            status,
            me=visitor,
            notice=problem,
            phones="",
            q=words,
            form=form,
            site=site if site and site.active else None,
            account=directory.accounts[site.account].name if site else "",
            contacts=_with_a_way(here),
            found=[(s.key, _label(directory, s)) for s in _search(directory, words)] if words else [],
            priorities=PRIORITIES,
        )


def _with_a_way(contacts: list[Contact]) -> list[Contact]:
    return [contact for contact in contacts if contact.phones or contact.emails]


def _label(directory: Directory, site: Site) -> str:
    return f"{directory.accounts[site.account].name} #{site.code} {site.name}, {site.city}"


def _search(directory: Directory, words: str) -> list[Site]:
    """Return the active sites whose account, code, name or city has each of the words."""
    wanted = words.lower().replace("#", " ").split()
    active = (s for s in directory.sites.values() if s.active)
    found = [s for s in active if all(word in _label(directory, s).lower() for word in wanted)]
    return sorted(found, key=lambda s: (s.account, s.code))[:_LISTED]


def _active(directory: Directory, key: str) -> Site:
    site = directory.sites.get(key)
    if site is None or not site.active:
        raise TypedError("Nothing saved: choose the site from the list.")
    return site


def _instant(local: str, site: Site, now: datetime) -> datetime:
    """Return when the customer called: a wall time of the site, now if it is empty."""
    if not local.strip():
        return now
    try:
        wall = datetime.strptime(local.strip()[:16], _MINUTE)  # noqa: DTZ007 - the site's wall time
    except ValueError:
        raise TypedError("Nothing saved: write the time like 2026-06-09T02:10.") from None
    return local_instant(wall, ZoneInfo(site.timezone))
