"""What is left of an event when somebody at a customer's is forgotten: what happened, when, by which role.

Their words, name and addresses go, wherever they stand; priorities, instants, places and what colleagues did
stay, so that the fold of the events gives the same figures. What must not live here: where else something
personal is kept (usecases/forgetting.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any, Final, TypeVar, cast

from app.domain import events as ev
from app.domain.event import Requester
from app.domain.events import AnyEvent
from app.domain.message import Channel

REMOVED: Final = "(removed)"
_LOCAL_DIGITS = 10  # of a phone number, as people write it: without the country
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """Somebody who is to be forgotten: `key` (empty for a stranger) becomes `new_key`, which says nothing.

    `addresses` are those that are theirs alone: E.164 and mailboxes in lower case.
    """

    key: str
    new_key: str
    name: str
    addresses: frozenset[str]

    @property
    def actors(self) -> Mapping[str, str]:
        """Return what stands in events for each way in which they acted."""
        known = {f"address:{address}": f"address:{REMOVED}" for address in self.addresses}
        return {f"contact:{self.key}": f"contact:{self.new_key}", **known} if self.key else known

    def event(self, event: AnyEvent) -> AnyEvent:
        """Return an event without anything of theirs."""
        cleared, actor = self.cleared(event), self.actors.get(event.actor, event.actor)
        own: dict[str, Any] = {}
        if self._said(event):
            own = {
                f.name: REMOVED for f in fields(event) if f.name == "text" and getattr(event, "text", None)
            }
        if isinstance(event, ev.Opened) and own:
            seen = event.trace and replace(event.trace, seen=dict.fromkeys(event.trace.seen, REMOVED))
            own |= {"facts": None, "trace": seen}
        return replace(cleared, actor=actor, **own)

    def cleared(self, value: _T) -> _T:
        """Return a value of any shape without their name and addresses."""
        return cast("_T", self._clear(value))

    def _said(self, event: AnyEvent) -> bool:
        if isinstance(event, ev.Opened | ev.MergedIn):
            return self._is(event.requester)
        if isinstance(event, ev.CustomerWrote) and event.address in self.addresses:
            return True
        return event.actor in self.actors

    def _is(self, who: Requester) -> bool:
        return who.address in self.addresses or (self.key != "" and who.contact == self.key)

    def _clear(self, value: object) -> object:
        if isinstance(value, str):
            return self._words.sub(REMOVED, value) if type(value) is str and self._words else value
        if isinstance(value, Requester) and self._is(value):
            # Nobody writes to the web: whatever happens to the ticket, they are not told.
            bare = replace(value, name="", thread="", subject="", address=REMOVED)
            return replace(bare, contact=self.new_key, channel=Channel.WEB)
        if isinstance(value, tuple) and not hasattr(value, "_fields"):
            return tuple(map(self._clear, value))
        if isinstance(value, Mapping):
            return {key: self._clear(item) for key, item in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{f.name: self._clear(getattr(value, f.name)) for f in fields(value)})
        return value

    @cached_property
    def _words(self) -> re.Pattern[str] | None:
        """Return what finds the name and the addresses, phone numbers also as people write them."""
        found = [rf"\b{re.escape(self.name)}\b"] if self.name else []
        for address in sorted(self.addresses):
            digits = address.removeprefix("+")
            if digits.isdigit():
                country, local = digits[:-_LOCAL_DIGITS], r"[\s().-]*".join(digits[-_LOCAL_DIGITS:])
                found.append(rf"(?<!\d)(?:\+?{country}[\s.-]*)?\(?{local}(?!\d)")
            else:
                found.append(rf"(?<![\w.+-]){re.escape(address)}(?![\w-])")
        return re.compile("|".join(found), re.IGNORECASE) if found else None
