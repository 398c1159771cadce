"""Who a target is, at an instant: the directory and the on-call schedules seen together.

A target is a role (`account_manager`, `service_manager`, `duty_manager`), `person:KEY` or `schedule:NAME`.
What must not live here: the arithmetic of schedules (oncall.py), the order of levels (escalation.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from app.domain.directory import ContactMethod, Directory, MethodKind, Role
from app.domain.oncall import Schedule, on_call, parse_schedule

PAGED_BY = (MethodKind.SMS, MethodKind.EMAIL)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a role depends on: whose ticket it is, where, and which trade. Empty means unknown."""

    account: str = ""
    site: str = ""
    trade: str = ""


@dataclass(frozen=True)
class Roster:
    """Answers who a target is. Built once for each version of the directory."""

    directory: Directory

    @cached_property
    def _schedules(self) -> dict[str, Schedule]:
        documents = self.directory.schedules.items()
        return {name: parse_schedule(doc, where=f"schedule {name}") for name, doc in documents}

    def who(self, targets: Iterable[str], scope: Scope, at: datetime) -> tuple[str, ...]:
        """Return the keys of all active people that `targets` name at the instant `at`, sorted, each once."""
        found = {person for target in targets for person in self._one(target, scope, at)}
        return tuple(sorted(person for person in found if self._active(person)))

    def methods(self, person: str) -> tuple[ContactMethod, ...]:
        """Return the person's contact methods in the order in which they are tried."""
        known = self.directory.people.get(person)
        return known.methods if known else ()

    def reachable(self, person: str) -> bool:
        """Return whether a page can be sent to this person: active, with a way that we can use."""
        return self._active(person) and any(m.kind in PAGED_BY for m in self.methods(person))

    def _active(self, key: str) -> bool:
        person = self.directory.people.get(key)
        return person is not None and person.active

    def _one(self, target: str, scope: Scope, at: datetime) -> Iterable[str]:
        kind, _, name = target.partition(":")
        if kind == "person":
            return (name,)
        if kind == "schedule":
            schedule = self._schedules.get(name)
            return on_call(schedule, at) if schedule else ()
        if target == Role.ACCOUNT_MANAGER:
            return self._account_manager(scope, at)
        if target == Role.SERVICE_MANAGER:
            return self._service_managers(scope)
        if target == Role.DUTY_MANAGER:
            return self._one(self.directory.duty, scope, at)
        return ()

    def _account_manager(self, scope: Scope, at: datetime) -> Iterable[str]:
        account = self.directory.accounts.get(scope.account)
        if account is None:  # a stranger's ticket: whoever is on duty triages it
            return self._one(self.directory.duty, scope, at)
        for target in (account.manager, account.backup):
            people = [p for p in self._one(target, scope, at) if self._active(p)] if target else []
            if people:
                return people
        return ()

    def _service_managers(self, scope: Scope) -> Iterable[str]:
        site = self.directory.sites.get(scope.site)
        region = site.region if site else ""
        fitting = [
            (bool(c.trades) + bool(c.regions), c.person)
            for c in self.directory.coverage
            if (not c.trades or scope.trade in c.trades) and (not c.regions or region in c.regions)
        ]
        # The narrower promise wins: who covers this trade in this region comes before who covers all.
        best = max((rank for rank, _ in fitting), default=0)
        return [person for rank, person in fitting if rank == best]
