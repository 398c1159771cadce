"""What must have a fake: clock, ids, gateways, the door to the inbox. Protocols and their values, no code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.domain.call_texts import SpokenId
from app.domain.errors import CloseloopError
from app.domain.message import Inbound


class Clock(Protocol):
    """Tells the time; read once per request or tick."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class Ids(Protocol):
    """Makes identities: time-ordered 64-bit integers and unguessable tokens."""

    def next(self) -> int:
        """Return a positive 63-bit id, greater than those before it in this process."""
        ...

    def chance(self) -> float:
        """Return a number in [0, 1), for spreading retries."""
        ...

    def token(self, length: int = 22) -> str:
        """Return an unguessable base62 string of `length` characters."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a message's way that was done. `ids` name what it was about, and have no personal text.

    `own` and `after` are this step and the one before it ("" for the first), such as `send:12:1`: what it is
    and of which row. `way` is the id with which the whole began.
    """

    own: str
    after: str
    way: int
    began: datetime
    ended: datetime
    ids: Mapping[str, int | str]


class Tracer(Protocol):
    """Is told each step."""

    def step(self, step: Step) -> None:
        """Note a step that was done. Never blocks, never raises."""
        ...


class Accepted(StrEnum):
    """What the inbox says of a stored webhook request."""

    NEW = "new"
    DUPLICATE = "duplicate"


class StorageUnavailableError(CloseloopError):
    """The database cannot store this now; the provider should try again."""

    permanent = False


class Acceptor(Protocol):
    """The door to the inbox: durable when it returns."""

    async def accept(self, items: list[Inbound]) -> list[Accepted]:
        """Store all items in one commit. Raises StorageUnavailableError when nothing was stored."""
        ...

    async def refuse(self, *, reason: str, path: str, remote: str, detail: dict[str, str]) -> None:
        """Record that a stranger's request was turned away. Never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsOut:
    """An SMS to hand to the provider. `outbox_id` comes back in its receipts."""

    outbox_id: int
    to: str
    body: str
    valid_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOut:
    """A mail to hand to the provider. `message_id` and `references` are full `<...>` forms or empty."""

    outbox_id: int
    to: str
    subject: str
    text: str
    reply_to: str
    message_id: str
    references: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOut:
    """A call to place. `token` comes back in all of its webhooks; nobody else can know it."""

    to: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The provider took it: its id for the message and its first status word."""

    provider_id: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A message or call of ours as the provider lists it; a call has no text. `over`: a call that ended."""

    provider_id: str
    text: str = ""
    over: bool = False


class Trouble(StrEnum):
    """Why a provider did not take a message, by what we do about it (PROVIDERS, section 5)."""

    ADDRESS = "address"  # this address never works: next contact method
    OPT_OUT = "opt_out"  # the recipient said STOP on this channel: next contact method
    CONTENT = "content"  # this text on this route is refused: next contact method
    CONFIG = "config"  # our own set-up is wrong: next contact method, tell the operator
    TRANSIENT = "transient"  # never processed: try again with growing gaps
    AMBIGUOUS = "ambiguous"  # the answer was lost: it may have been sent


class GatewayError(CloseloopError):
    """The provider did not take the message."""

    def __init__(
        self, message: str, *, trouble: Trouble, code: str = "", again: timedelta | None = None
    ) -> None:
        """Carry the provider's `code`, what kind of `trouble` it is, after how long it wants us `again`."""
        super().__init__(message)
        self.trouble = trouble
        self.code = code
        self.again = again

    @property
    def permanent(self) -> bool:  # type: ignore[override]
        """Return whether trying the same message on the same channel again cannot help."""
        return self.trouble not in (Trouble.TRANSIENT, Trouble.AMBIGUOUS)


class SmsGateway(Protocol):
    """Sends one SMS, or tells what became of it, blocking, with a timeout."""

    def send(self, message: SmsOut) -> Sent:
        """Return what the provider said. Raises GatewayError."""
        ...

    def look_up(self, provider_id: str, outbox_id: int, now: datetime) -> Inbound:
        """Return the receipt of a message as it stands now, in the form in which it would be posted.

        Raises GatewayError.
        """
        ...

    def recent(self, to: str, since: datetime) -> list[Found]:
        """Return the newest texts to a number, none from before `since`; a hundred at most.

        Raises GatewayError.
        """
        ...


class ReceivedLog(Protocol):
    """The provider's own record of what came in for us, blocking, with a timeout."""

    def since(self, start: datetime, most: int) -> list[Inbound]:
        """Return texts to us, and calls to us that are over, since `start`, oldest first, `most` of each.

        A text is as its webhook would have been, with the same key. A call is a message without words whose
        key is not that of any webhook; its `payload` has the `CallSid`. Raises GatewayError.
        """
        ...


class CallGateway(Protocol):
    """Places and ends calls, blocking, with a timeout. What is spoken, the provider asks our webhooks."""

    def place(self, call: CallOut) -> Sent:
        """Let the phone ring; return the provider's id of the call. Raises GatewayError."""
        ...

    def recent(self, to: str, since: datetime) -> list[Found]:
        """Return the newest calls to a number, none from before `since`; a hundred at most.

        Raises GatewayError.
        """
        ...

    def look_up(self, provider_id: str, outbox_id: int, now: datetime) -> Inbound:
        """Return the receipt of a call as it stands now; see SmsGateway."""
        ...

    def end(self, provider_id: str) -> None:
        """Hang up a call, ringing or answered; one that is over stays so. Raises GatewayError."""
        ...

    def ask_again(self, provider_id: str, token: str, *, machine: bool) -> None:
        """Let an answered call ask our webhook anew what to say. Raises GatewayError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What to say next on a call. `keys`: then wait for a key; `dial`: then that phone; else hang up."""

    words: str
    language: str
    keys: bool = False
    dial: str = ""


class CallDesk(Protocol):
    """Knows what our calls are about, for the webhooks of calls. Blocking; safe for several threads."""

    def outbox_id(self, token: str) -> int | None:
        """Return which message a call's token stands for, None for a token that is not ours."""
        ...

    def picked_up(self, token: str, call_id: str, *, machine: bool) -> Prompt | None:
        """Return what to say now that the call was answered, None for a call that is not ours."""
        ...

    def pressed(self, key: Inbound) -> Prompt | None:
        """Carry out a key and keep it, in one commit; return what to say. None: it could not be done now."""
        ...

    def talked(self, token: str, call_id: str, *, reached: bool) -> Prompt | None:
        """Return what to say after the phone that was dialled has hung up; None as of `picked_up`."""
        ...

    def say(self, text: SpokenId, caller: str = "") -> Prompt:
        """Return a text in the language of whoever has this number; never raises."""
        ...


class MailGateway(Protocol):
    """Sends one mail, blocking, with a timeout."""

    def send(self, message: MailOut) -> Sent:
        """Return what the provider said. Raises GatewayError."""
        ...


class FeedError(CloseloopError):
    """A calendar feed could not be read; the message says why, never where it is."""


class FeedReader(Protocol):
    """Reads a calendar feed, blocking, with a timeout and a bound."""

    def read(self, address: str) -> bytes:
        """Return what stands at an address or in a file. Raises FeedError."""
        ...
