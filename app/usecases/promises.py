"""The policies that tickets were stamped with and the zones they count in, as one transaction sees them.

For whatever recomputes many tickets: the audit, its projection, the explanation of one. What must not live
here: which policy a new ticket gets (rulebook), arithmetic of a clock (domain/sla.py).
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from app.domain.clocks import zone_of
from app.domain.sla import Policy, parse_policy
from app.domain.ticket import Ticket
from app.store import directory as directory_store
from app.store import records


class Promises:
    """What was promised, by the hashes and zones that tickets carry; each policy is read once."""

    def __init__(self, connection: Connection) -> None:
        """Read the directory."""
        self._connection = connection
        self._policies: dict[tuple[str, str], Policy] = {}
        self._warnings: dict[tuple[str, str], Policy] = {}
        self.directory = directory_store.read_directory(connection)

    def zone(self, ticket: Ticket) -> str:
        """Return the IANA zone that a ticket's clocks go by."""
        return zone_of(ticket, self.directory)

    def document(self, digest: str) -> dict[str, object]:
        """Return the policy and the calendars that it names as they were written. Raises LookupError."""
        found = records.policy(self._connection, digest)
        if found is None:
            raise LookupError(f"its SLA policy {digest[:12]} is not in the database")
        return found

    def policy(self, digest: str, zone: str) -> Policy:
        """Return a policy, its `site` calendars in `zone`. Raises LookupError."""
        known = self._policies.get((digest, zone))
        if known is None:
            document = self.document(digest)
            calendars = document["calendars"]
            known = parse_policy(document["policy"], calendars if isinstance(calendars, dict) else {}, zone)
            self._policies[digest, zone] = known
        return known

    def warnings(self, digest: str, zone: str) -> Policy:
        """Return a policy with only those targets that warn of anything. Raises LookupError."""
        known = self._warnings.get((digest, zone))
        if known is None:
            policy = self.policy(digest, zone)
            targets = {metric: target for metric, target in policy.targets.items() if target.warn_at}
            known = self._warnings[digest, zone] = replace(policy, targets=targets)
        return known
