"""Rulebook revisions: which is in force, applying another, going back. All nodes follow the database.

What must not live here: what a change would do to messages (replay.py), reading files, printing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Engine

from app.domain.errors import CloseloopError
from app.rulebook.differences import differences
from app.rulebook.revision import Rulebook, from_document
from app.store import applied as applied_store
from app.store import records
from app.store.applied import Applied
from app.usecases.house import House
from app.usecases.rule_names import unfilled

log = structlog.get_logger()

SHORTEST_PREFIX = 6


class NoSuchRevisionError(CloseloopError):
    """There is no such revision; `closeloop rules revisions` lists them."""


class RulesRaceError(CloseloopError):
    """Somebody else applied a revision meanwhile. Nothing was applied; look at the difference again."""


class RulesRefusedError(CloseloopError):
    """The rulebook names people or schedules that the directory does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What applying `new` would change: `number` is the application that is in force now (0: none yet).

    `sentences` say in words what is different; none when it is in force already.
    """

    number: int
    old: Rulebook
    new: Rulebook
    sentences: tuple[str, ...]


def in_force(engine: Engine, folder: Rulebook | None = None) -> tuple[int, Rulebook | None]:
    """Return the number and rulebook that was applied last; 0 and `folder` when none ever was.

    Raises DocumentError when the stored one cannot be read.
    """
    with engine.begin() as connection:
        newest = applied_store.newest(connection)
        document = records.revision(connection, newest.hash) if newest else None
    if newest is None or document is None:
        return 0, folder
    return newest.number, from_document(document)


def compared(house: House, new: Rulebook) -> Change:
    """Return what applying `new` would change, whether it may be applied or not."""
    with house.begin() as connection:
        house.keep_up(connection)
        number, old = house.applied, house.rulebook
    return Change(number=number, old=old, new=new, sentences=tuple(differences(old, new)))


def planned(house: House, new: Rulebook) -> Change:
    """Return what applying `new` would change. Raises RulesRefusedError for people that nobody knows."""
    wrong = unfilled(house, new)
    if wrong:
        raise RulesRefusedError("\n".join(map(str, wrong)))
    return compared(house, new)


def apply(house: House, change: Change, by: str, note: str = "") -> Applied:
    """Make `change.new` the revision in force for every node, and commit.

    Raises RulesRaceError when something else was applied since `change` was planned.
    """
    now = house.clock.now()
    words = (*((note,) if note else ()), *change.sentences)
    applied = Applied(number=change.number + 1, hash=change.new.hash, at=now, by=by, changes=words)
    with house.begin() as connection:
        if change.number == 0:
            # What was in force by the folder can be shown and gone back to like any other.
            records.keep_revision(connection, change.old.hash, change.old.document, now)
        records.keep_revision(connection, change.new.hash, change.new.document, now)
        if not applied_store.append(connection, applied):
            newest = applied_store.newest(connection)
            who = f"{newest.by} applied revision {newest.hash[:12]}" if newest else "somebody applied another"
            raise RulesRaceError(f"{who} meanwhile. Nothing was applied; look at the difference again.")
        records.add_audit(
            connection,
            [
                records.AuditEntry(
                    id=house.ids.next(),
                    at=now,
                    kind="rules_applied",
                    subject=applied.hash,
                    detail={"by": by, "number": str(applied.number), "before": change.old.hash},
                )
            ],
        )
    with house.begin() as connection:
        house.keep_up(connection)
    return applied


def kept(engine: Engine, prefix: str) -> Rulebook:
    """Return the kept revision whose hash begins so. Raises NoSuchRevisionError, DocumentError."""
    if len(prefix) < SHORTEST_PREFIX:
        raise NoSuchRevisionError(f"give at least {SHORTEST_PREFIX} characters of the revision's hash")
    with engine.begin() as connection:
        found = applied_store.beginning_with(connection, prefix.lower())
        if len(found) > 1:
            raise NoSuchRevisionError(f"more than one revision begins with {prefix}; give more of it")
        document = records.revision(connection, found[0]) if found else None
    if document is None:
        raise NoSuchRevisionError(f"no revision begins with {prefix}; `closeloop rules revisions` lists them")
    return from_document(document)


def history(engine: Engine) -> Sequence[Applied]:
    """Return what was applied, newest first."""
    with engine.begin() as connection:
        return applied_store.history(connection)
