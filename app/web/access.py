"""Who is asking, and what they may do: the one place that decides it, for every page and every form.

Two kinds of visitors: a user with a session cookie, and whoever holds the link of a page's text, who is this
person on this ticket only. What must not live here: what a page shows, what an action does (acting.py).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from starlette.requests import Request

from app.domain.errors import CloseloopError
from app.store.records import User
from app.usecases import sessions
from app.usecases.house import House

SESSION = "closeloop_session"
CSRF = "csrf"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """Settings of the pages. `secret` signs cookies; `demo_phones_url` is the simulator's page, or empty.

    `rules` are the folders from which a manager may apply a changed rulebook.
    """

    secret: bytes
    secure_cookies: bool
    demo_phones_url: str = ""
    rules: tuple[Path, ...] = ()


class SignInNeededError(CloseloopError):
    """Please sign in."""


class ForbiddenError(CloseloopError):
    """This is not yours to do."""


class FormTooOldError(ForbiddenError):
    """This form is no longer good. Go back, load the page again and repeat."""


class NoSuchPageError(CloseloopError):
    """There is no such page."""


class Action(StrEnum):
    """What a form asks for; its last word in the address."""

    ACK = "ack"
    CANT = "cant"
    TAKE = "take"
    ETA = "eta"
    ONSITE = "onsite"
    DONE = "done"
    ESCALATE = "escalate"
    NOTE = "note"
    UPDATE = "update"
    HOLD = "hold"
    RESUME = "resume"
    REOPEN = "reopen"
    CANCEL = "cancel"
    PRIORITY = "priority"
    MERGE = "merge"


LINK = "link"
_BY_LINK = frozenset(
    {Action.ACK, Action.CANT, Action.ETA, Action.ONSITE, Action.DONE, Action.ESCALATE, Action.NOTE},
)
_MAY: Mapping[str, frozenset[Action]] = {
    "owner": frozenset(Action),
    "manager": frozenset(Action),
    "account_manager": frozenset(Action),
    LINK: _BY_LINK,
}
_AUDITORS = frozenset({"owner", "manager"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody at a page. `person` is the key under which they act, `actor` what events call them.

    `base` begins the addresses of what they may see; `only_ticket` is the one ticket of a link, else None.
    """

    role: str
    name: str
    person: str
    actor: str
    csrf: str
    base: str = ""
    only_ticket: int | None = None

    def may(self, action: Action, ticket_id: int) -> bool:
        """Return whether they may do this to this ticket."""
        return self.sees(ticket_id) and action in _MAY.get(self.role, frozenset())

    @property
    def audits(self) -> bool:
        """Return whether they may look into breaches, explain and excuse them."""
        return self.role in _AUDITORS

    def sees(self, ticket_id: int) -> bool:
        """Return whether they may look at this ticket."""
        return self.role in _MAY and self.only_ticket in (None, ticket_id)


class Guard:
    """Recognises visitors and checks what they ask for."""

    def __init__(self, house: House, config: WebConfig) -> None:
        """Recognise the users and links of this house."""
        self._house = house
        self._secret = config.secret

    def user(self, request: Request) -> Visitor:
        """Return the signed-in visitor of a request. Raises SignInNeededError."""
        key = request.cookies.get(SESSION, "")
        found = sessions.session_user(self._house, self._secret, key) if key else None
        if found is None:
            raise SignInNeededError
        return Visitor(
            role=found.role,
            name=found.name or found.email,
            person=found.person or found.email,
            actor=f"person:{found.person}" if found.person else f"user:{found.email}",
            csrf=self.form_key(key),
        )

    def auditor(self, request: Request) -> Visitor:
        """Return the signed-in visitor who may audit. Raises SignInNeededError, ForbiddenError."""
        visitor = self.user(request)
        if not visitor.audits:
            raise ForbiddenError
        return visitor

    def link(self, request: Request) -> Visitor:
        """Return the visitor of a page link. Raises NoSuchPageError, sessions.LinkOverError."""
        token = str(request.path_params["token"])
        holder = sessions.link_holder(self._house, token)
        if holder is None:
            raise NoSuchPageError
        return Visitor(
            role=LINK,
            name=holder.name,
            person=holder.person,
            actor=f"person:{holder.person}",
            csrf=self.form_key(token),
            base=f"/t/{token}",
            only_ticket=holder.ticket_id,
        )

    def form_key(self, bound_to: str) -> str:
        """Return the key that every form of a session or link carries, so that no other site can post it."""
        return hmac.new(self._secret, f"form {bound_to}".encode(), hashlib.sha256).hexdigest()

    def check_form(self, form: Mapping[str, str], expected: str) -> None:
        """See that a form came from a page of ours. Raises FormTooOldError."""
        if not hmac.compare_digest(form.get(CSRF, "").encode(), expected.encode()):
            raise FormTooOldError

    def check(self, visitor: Visitor, action: Action, ticket_id: int, form: Mapping[str, str]) -> None:
        """See that a visitor may do this, by a form of ours. Raises ForbiddenError, FormTooOldError."""
        self.check_form(form, visitor.csrf)
        if not visitor.may(action, ticket_id):
            raise ForbiddenError

    def enters(self, key: str) -> User | None:
        """Return the user that a magic key signs in, or None."""
        email = sessions.read_magic_key(self._secret, key, self._house.clock.now())
        return sessions.active_user(self._house, email) if email else None
