"""An install without `rules apply` follows its folder: a changed file is in force a moment later.

A change that is broken keeps the old rules and tells the duty manager, once, however many nodes see it. What
must not live here: how files are read and checked (rulebook/), revisions that were applied (rule_changes.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import structlog
from sqlalchemy import Connection

from app.documents import DocumentError
from app.domain.directory import MethodKind, Role
from app.domain.roster import Scope
from app.domain.segments import to_gsm
from app.rulebook.revision import load
from app.rulebook.sources import signature
from app.store import oncall, records
from app.store import outbox as outbox_store
from app.store.directory import DirectoryEmptyError
from app.store.outbox import NOTICE, OutboxRow
from app.usecases.alarms import PATHS, row_to
from app.usecases.house import House

log = structlog.get_logger()

ALARM = "rules_not_taken"
_LONGEST = 200


class RuleFolder:
    """Watches the folders of a rulebook for a house. One thread calls `look`."""

    def __init__(self, house: House, folders: Sequence[Path], *, tells: bool = True) -> None:
        """Take the folders as they are now for what the house has; `tells` the duty manager what is wrong."""
        self._house = house
        self._tells = tells
        self._folders = tuple(folders)
        self._seen = signature(self._folders)

    def look(self) -> bool:
        """Take over what has changed in the folders; return whether a new rulebook is in force.

        Once a revision was applied, the folders are only what the next one is made of.
        """
        if self._house.applied:
            return False
        now = signature(self._folders)
        if now == self._seen:
            return False
        # Of a revision that was applied a node that decides nothing has not heard yet.
        with self._house.begin() as connection:
            self._house.keep_up(connection)
        self._seen = now
        if self._house.applied:
            return False
        try:
            book = load(*self._folders)
        except DocumentError as error:
            log.error("rules_not_taken", error=str(error)[:500])  # noqa: TRY400 - a person's mistake, not ours
            if self._tells:
                self._alarm(error)
            return False
        if self._tells:  # should it break like that again, it is told again
            with self._house.begin() as connection:
                oncall.forget(connection, ALARM)
        if book == self._house.rulebook:
            return False
        self._house.rulebook = book
        log.info("rules_taken", revision=book.hash)
        return True

    def _alarm(self, error: DocumentError) -> None:
        house, now = self._house, self._house.clock.now()
        first = error.problems[0] if error.problems else error
        more = f" (+{len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        body = f"RULES: a change was not taken over, the old rules stay. {first}"[:_LONGEST] + more
        with house.begin() as connection:
            # All nodes find the same to be wrong; whoever enters it first tells.
            if not oncall.first_time(
                connection, ALARM, [hashlib.sha256(str(error).encode()).hexdigest()], now
            ):
                return
            records.add_audit(
                connection,
                [
                    records.AuditEntry(
                        id=house.ids.next(),
                        at=now,
                        kind=ALARM,
                        subject=house.rulebook.hash,
                        detail={"error": str(error)[:4000]},
                    )
                ],
            )
            outbox_store.put(connection, self._rows(connection, to_gsm(body), str(error)))
        house.wake("saved")

    def _rows(self, connection: Connection, short: str, whole: str) -> list[OutboxRow]:
        house, now = self._house, self._house.clock.now()
        try:
            roster = house.roster(connection)
        except DirectoryEmptyError:
            return []  # the log has it
        return [
            row_to(
                house,
                person,
                method,
                rank=NOTICE,
                kind=ALARM,
                subject="RULES: a change was not taken over",
                body=f"{short}\n\n{whole}\n" if method.kind == MethodKind.EMAIL else short,
            )
            for person in roster.who([Role.DUTY_MANAGER], Scope(), now)
            for method in [m for m in roster.methods(person) if m.kind in PATHS][:1]
        ]
