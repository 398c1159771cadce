"""Whether a person can be reached: which phones and mailboxes are proven to be theirs, and which fail.

A page goes to an unproven address too, for some page is better than none; but nobody counts on it.
What must not live here: sending, codes (usecases/verifying.py), who is on call (roster.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.directory import ContactMethod, Person
from app.domain.roster import PAGED_BY


class Standing(StrEnum):
    """How far a contact method can be counted on."""

    WORKS = "works"
    UNVERIFIED = "unverified"
    FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What is known of addresses: `proven` are (person, address), `failing` are (kind of method, address).

    An address fails from a refusal for good, or the owner's STOP, until something arrives there again.
    """

    proven: frozenset[tuple[str, str]] = frozenset()
    failing: frozenset[tuple[str, str]] = frozenset()

    def standing(self, person: str, method: ContactMethod) -> Standing:
        """Return how far this method of that person can be counted on."""
        if (str(method.kind), method.address) in self.failing:
            return Standing.FAILING
        verified = method.verified or (person, method.address) in self.proven
        return Standing.WORKS if verified else Standing.UNVERIFIED

    def of(self, person: Person) -> Standing:
        """Return the best standing of the person's methods that we can page by; UNVERIFIED without any."""
        found = {self.standing(person.key, method) for method in person.methods if method.kind in PAGED_BY}
        if Standing.WORKS in found:
            return Standing.WORKS
        return Standing.FAILING if found == {Standing.FAILING} else Standing.UNVERIFIED
