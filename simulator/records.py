"""What the simulator remembers: phones, texts, mailboxes, mails, providers and webhooks still to be posted.

Plain mutable records, changed on the event loop's thread only. `to_json`/`from_json` are for the state file.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

TO_PHONE = "to_phone"
FROM_PHONE = "from_phone"
TO_MAILBOX = "to_mailbox"
FROM_MAILBOX = "from_mailbox"


@dataclass(slots=True, kw_only=True)
class Record:
    """Something with a kind, an id of its own among them, and a JSON form."""

    KIND: ClassVar[str] = ""
    id: str

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary of all fields, not a deep copy: `asdict` takes ten times as long."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "KIND"}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Build from what `to_json` gave; keys of another version are left out."""
        known = {f.name for f in fields(cls)}
        return cls(**{key: item for key, item in value.items() if key in known})


@dataclass(slots=True, kw_only=True)
class Media(Record):
    """A picture in an MMS. `content` is base64."""

    KIND: ClassVar[str] = "media"
    text: str
    content_type: str
    content: str


@dataclass(slots=True, kw_only=True)
class Text(Record):
    """One SMS or MMS. Times are seconds since 1970.

    `source` is app, person or carrier (the network's own answer to STOP); `answer` is what became of the
    webhook for a text from a phone.
    """

    KIND: ClassVar[str] = "text"
    phone: str
    number: str
    direction: str
    source: str
    body: str
    at: float
    status: str
    segments: int
    updated: float = 0.0
    sent_at: float | None = None
    delivered_at: float | None = None
    error_code: int | None = None
    callback: str = ""
    validity: int = 36000
    service: str = ""
    media: list[str] = field(default_factory=list)
    answer: str = ""


@dataclass(slots=True, kw_only=True)
class Call(Record):
    """One voice call between a phone and one of our numbers. Times are seconds since 1970.

    `heard` is what was spoken to the phone, line by line; `said` the keys and words that came from it. `asks`
    is what the call waits for: nothing, `pick_up`, `keys`, `words` or `talk` (with another phone). `parent`
    is the call that dialled this one. `error` is Twilio's debugger's word.
    """

    KIND: ClassVar[str] = "call"
    phone: str
    number: str
    direction: str
    at: float
    status: str = "queued"
    url: str = ""
    twiml: str = ""
    fallback: str = ""
    callback: str = ""
    events: list[str] = field(default_factory=list)
    timeout: int = 60
    machine_detection: bool = False
    async_amd: bool = False
    amd_callback: str = ""
    answered_by: str = ""
    machine: bool = False
    answered_at: float | None = None
    ended_at: float | None = None
    updated: float = 0.0
    sequence: int = 0
    heard: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    asks: str = ""
    error: str = ""
    parent: str = ""

    @property
    def over(self) -> bool:
        """Tell whether the call has ended."""
        return self.status not in {"queued", "ringing", "in-progress"}


@dataclass(slots=True, kw_only=True)
class Mail(Record):
    """One mail, as its mailbox shows it. `peer` is the other side's address."""

    KIND: ClassVar[str] = "mail"
    mailbox: str
    peer: str
    direction: str
    subject: str
    text: str
    at: float
    status: str
    html: str = ""
    from_header: str = ""
    message_id: str = ""
    reply_to: str = ""
    in_reply_to: str = ""
    references: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    delivered_at: float | None = None
    reason: str = ""
    answer: str = ""


@dataclass(slots=True, kw_only=True)
class Phone(Record):
    """A phone's switches. `blocked` lists the numbers of ours that it has answered with STOP.

    `calls` says what a call to it meets: it rings, is busy, nobody answers, or a voicemail does.
    """

    KIND: ClassVar[str] = "phone"
    name: str = ""
    off: bool = False
    undeliverable: bool = False
    refuse: int | None = None
    calls: str = "ring"
    blocked: list[str] = field(default_factory=list)
    version: int = 0


@dataclass(slots=True, kw_only=True)
class Mailbox(Record):
    """A mailbox's switches. `suppressed` is set by a bounce: later mails to it are dropped."""

    KIND: ClassVar[str] = "mailbox"
    name: str = ""
    off: bool = False
    undeliverable: bool = False
    refuse: int | None = None
    suppressed: bool = False
    version: int = 0


@dataclass(slots=True, kw_only=True)
class Provider(Record):
    """A provider's troubles. `down` is empty or one of trouble.DOWN; `slow` is seconds before each answer.

    `mute`: what comes in is kept and listed, and not posted. `ahead`: seconds by which its clock, as its
    interface shows it, is ahead of this machine's.
    """

    KIND: ClassVar[str] = "provider"
    down: str = ""
    slow: float = 0.0
    receipts: str = "auto"
    duplicate: bool = False
    reorder: bool = False
    mute: bool = False
    ahead: float = 0.0
    parse_mode: str = ""


@dataclass(slots=True, kw_only=True)
class Event(Record):
    """One SendGrid event that waits for its batch."""

    KIND: ClassVar[str] = "event"
    body: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Post(Record):
    """A webhook request still to be posted: sms, status, call, parse or events. `about`: what it is about."""

    KIND: ClassVar[str] = "post"
    kind: str
    lane: str
    url: str
    body: bytes
    content_type: str
    created: float
    about: str = ""
    held: bool = False
    params: list[tuple[str, str]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; the body in base64."""
        return Record.to_json(self) | {"body": base64.b64encode(self.body).decode()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Build from what `to_json` gave."""
        pairs = [(key, item) for key, item in value["params"]]
        return cls(**(value | {"body": base64.b64decode(value["body"]), "params": pairs}))
