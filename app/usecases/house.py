"""What every use case needs at hand: database, clock, ids, the rulebook in force, the directory's snapshot.

One per process, made by bootstrap. What must not live here: decisions, SQL, reading of files.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from base64 import b32encode
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import structlog
from sqlalchemy import Connection, Engine

from app.domain.errors import CloseloopError
from app.domain.escalation import Ladder
from app.domain.roster import Roster
from app.domain.sla import Policy, parse_policy
from app.domain.sla_actions import Actions, stamped_actions
from app.domain.ticket import Ticket
from app.ports import Clock, Ids, Tracer
from app.rulebook.revision import Rulebook, UnknownNameError, from_document
from app.store import applied as applied_store
from app.store import directory as directory_store
from app.store import records
from app.store.claims import Turns

log = structlog.get_logger()

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LONGEST_ID = 19  # digits of a 64-bit number
_LINK_LENGTH = 14  # 83 bits: unguessable, and short enough for a text


Point = Literal[
    "inbox.received",
    "inbox.stored",
    "intake.decided",
    "intake.saved",
    "outbox.claimed",
    "outbox.sent",
    "outbox.recorded",
    "receipts.decided",
    "receipts.saved",
    "timers.decided",
    "timers.saved",
]
"""The points between two steps at which a crash must not lose anything: `decided` is before the commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How this installation calls itself. `secret` signs page links and reply addresses.

    Customers text to `number`; what comes there from `probe_number` are our own tests. Empty: there is none.
    """

    public_url: str
    mail_domain: str
    secret: bytes
    node: str
    number: str = ""
    probe_number: str = ""


class House:
    """The process's shared values and caches. Safe to use from several threads."""

    def __init__(
        self,
        *,
        engine: Engine,
        clock: Clock,
        ids: Ids,
        rulebook: Rulebook,
        identity: Identity,
        wake: Callable[[str], None] = lambda _what: None,
        reach: Callable[[Point], None] = lambda _point: None,
        follows: bool = True,
    ) -> None:
        """Hold what bootstrap made. `wake` tells the worker that there is something to do.

        `reach` hears of each point between two steps by its name; a test ends the process there.
        A house that `follows` takes over each rulebook that is applied; any other keeps its own.
        """
        self.engine = engine
        self.clock = clock
        self.ids = ids
        self.rulebook = rulebook
        self.identity = identity
        self.wake = wake
        self.reach = reach
        self.turns = Turns()
        self.applied = 0  # the number of the application that `rulebook` is from; 0: from the folder
        self.tracer: Tracer | None = None  # serving puts one here, if spans are wanted
        self._follows = follows
        self._taking_over = threading.Lock()
        self._roster: Roster | None = None
        self._policies: dict[tuple[str, str], Policy] = {}
        self._actions: dict[str, Actions] = {}
        self._kept: set[tuple[str, str]] = set()
        self._digests: dict[tuple[str, str], str] = {}
        self._numbers: list[int] = []
        self._number_lock = threading.Lock()

    def begin(self) -> AbstractContextManager[Connection]:
        """Return a transaction: committed when the block ends, rolled back when it raises."""
        return self.engine.begin()

    def roster(self, connection: Connection) -> Roster:
        """Return the roster of the directory's present version, read anew only when that moved on.

        Whoever needs the roster decides something: the rulebook in force is looked for, too.
        """
        self.keep_up(connection)
        version = directory_store.read_version(connection)
        known = self._roster
        if known is None or known.directory.version != version:
            known = Roster(directory_store.read_directory(connection))
            self._roster = known
        return known

    def keep_up(self, connection: Connection) -> None:
        """Take over the rulebook that was applied last, if this one is older.

        One that cannot be read (a newer version's) changes nothing: the old one goes on deciding.
        """
        if not self._follows or applied_store.newest_number(connection) == self.applied:
            return
        with self._taking_over:
            newest = applied_store.newest(connection)
            if newest is None or newest.number == self.applied:
                return
            document = records.revision(connection, newest.hash)
            try:
                if document is not None and newest.hash != self.rulebook.hash:
                    self.rulebook = from_document(document)
            except CloseloopError as error:
                why = str(error)[:500]
                log.error("rulebook_unreadable", revision=newest.hash, error=why)  # noqa: TRY400 - the rules', not ours
            self.applied = newest.number

    @property
    def last_roster(self) -> Roster | None:
        """Return the roster as it was last read, for when the database is away."""
        return self._roster

    def policy_hash(self, connection: Connection, name: str) -> str:
        """Return the hash of the named SLA policy of the rulebook in force; it and the revision are kept."""
        rulebook = self.rulebook
        document = rulebook.sla_document(name)
        digest = self._digests.get((rulebook.hash, name)) or policy_digest(document)
        self._digests[rulebook.hash, name] = digest
        if (rulebook.hash, digest) not in self._kept:
            now = self.clock.now()
            records.keep_revision(connection, rulebook.hash, rulebook.document, now)
            records.keep_policies(connection, {digest: document}, now)
            # Only remembered once it is surely committed; keeping it twice is harmless.
            if records.policy(connection, digest) is not None:
                self._kept.add((rulebook.hash, digest))
        return digest

    def forget_kept(self) -> None:
        """Forget which policies were kept: the transaction that kept them may have been rolled back."""
        self._kept.clear()

    def policy(self, connection: Connection, digest: str, zone: str) -> Policy:
        """Return the policy that a ticket was stamped with, its `site` calendars in `zone`."""
        known = self._policies.get((digest, zone))
        if known is None:
            document = _stamped(connection, digest)
            known = parse_policy(document["policy"], document["calendars"], zone)
            self._policies[digest, zone] = known
        return known

    def actions(self, connection: Connection, digest: str) -> Actions:
        """Return what a warning and a breach set off under the policy that a ticket was stamped with."""
        known = self._actions.get(digest)
        if known is None:
            known = stamped_actions(_stamped(connection, digest).get("actions"))
            self._actions[digest] = known
        return known

    def ladder(self, connection: Connection, ticket_ladder: str, ticket: Ticket | None = None) -> Ladder:
        """Return a ladder as the rulebook in force has it, else as the ticket's own revision had it."""
        try:
            return self.rulebook.ladder(ticket_ladder)
        except UnknownNameError:
            document = records.revision(connection, ticket.revision) if ticket else None
            if document is None:
                raise
            return _old_rulebook(json.dumps(document, sort_keys=True)).ladder(ticket_ladder)

    def link_token(self, ticket_id: int, person: str) -> str:
        """Return the page link's token for a person and a ticket; always the same, known to nobody else."""
        number = int.from_bytes(self._mac(f"link:{ticket_id}:{person}"), "big")
        letters = []
        for _ in range(_LINK_LENGTH):
            number, index = divmod(number, len(_BASE62))
            letters.append(_BASE62[index])
        return "".join(letters)

    def reply_token(self, number: int, address: str) -> str:
        """Return the token of a mail's reply address: it proves that the writer got our mail."""
        return f"{number}.{b32encode(self._mac(f'reply:{number}:{address}')[:10]).decode().lower()}"

    def replied_to(self, token: str, address: str) -> int | None:
        """Return the ticket number that a reply token stands for, if it was given to this address."""
        head, _, _ = token.partition(".")
        if not (head.isascii() and head.isdigit() and len(head) <= 18):  # noqa: PLR2004 - a 64-bit number
            return None
        number = int(head)
        same = hmac.compare_digest(self.reply_token(number, address).encode(), token.lower().encode())
        return number if same else None

    def call_token(self, outbox_id: int, attempt: int) -> str:
        """Return what names one call of ours in its webhooks' addresses; nobody can guess it."""
        return f"{outbox_id}-{attempt}-{self._mac(f'call:{outbox_id}:{attempt}').hex()[:32]}"

    def call_of(self, token: str) -> tuple[int, int] | None:
        """Return the outbox row and the attempt that a call's token stands for, None if it is not ours."""
        outbox_id, _, rest = token[:80].partition("-")
        attempt = rest.partition("-")[0]
        if not all(n.isascii() and n.isdigit() and len(n) <= _LONGEST_ID for n in (outbox_id, attempt)):
            return None
        ours = self.call_token(int(outbox_id), int(attempt))
        same = hmac.compare_digest(ours.encode(), token.encode("utf-8", "replace"))
        return (int(outbox_id), int(attempt)) if same else None

    def code(self, person: str, address: str, salt: str) -> str:
        """Return the six digits that prove an address; whoever has only the database cannot tell them."""
        number = int.from_bytes(self._mac(f"code:{person}:{address}:{salt}"), "big")
        return f"{number % 1_000_000:06}"

    def code_hash(self, person: str, address: str, code: str) -> bytes:
        """Return what is kept of such a code."""
        return self._mac(f"code hash:{person}:{address}:{code}")

    def _mac(self, what: str) -> bytes:
        return hmac.new(self.identity.secret, what.encode(), hashlib.sha256).digest()

    def number(self, draw: Callable[[int], list[int]], wanted: int) -> int:
        """Return the next ticket number; `draw(wanted)` fetches more when the drawn ones are used up."""
        with self._number_lock:
            if not self._numbers:
                self._numbers = draw(max(1, wanted))[::-1]
            return self._numbers.pop()


def token_hash(token: str) -> bytes:
    """Return what is kept of a page link's token."""
    return hashlib.sha256(token.encode()).digest()


def _stamped(connection: Connection, digest: str) -> Mapping[str, Any]:
    document = records.policy(connection, digest)
    if document is None:
        raise LookupError(f"the SLA policy {digest[:12]} of a ticket is not in the database")
    return document


def policy_digest(document: Mapping[str, Any]) -> str:
    """Return the hash by which a ticket is stamped with a policy's document."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@lru_cache(maxsize=16)
def _old_rulebook(document: str) -> Rulebook:
    return from_document(json.loads(document))
