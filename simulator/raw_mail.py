"""Composes the mails that people write here: MIME bytes, threading headers, the quoted original."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from simulator.records import FROM_MAILBOX, Mail

SHOWN_TEXT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file on a mail, `content` in base64."""

    filename: str
    content_type: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail as somebody writes it. `answers` is the id of the mail that it replies to."""

    sender: str
    name: str = ""
    to: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""
    answers: str = ""
    in_reply_to: str = ""
    quote: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Composed:
    """The mail as its mailbox keeps it, and its bytes."""

    mail: Mail
    raw: bytes


def compose(draft: Draft, answered: Mail | None, at: float) -> Composed:
    """Return the mail. A reply goes to the Reply-To of what it answers, threads with it and quotes it."""
    to, subject, text = draft.to, draft.subject, draft.text
    in_reply_to, references = draft.in_reply_to, draft.in_reply_to
    if answered is not None:
        to = to or answered.reply_to or answered.peer
        re_subject = answered.subject if answered.subject[:3].lower() == "re:" else f"Re: {answered.subject}"
        subject = subject or re_subject
        in_reply_to = answered.message_id
        references = f"{answered.references} {answered.message_id}".strip()
        if draft.quote:
            text = f"{text}\n\n{_quoted(answered)}"
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(draft.name, addr_spec=draft.sender)
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.fromtimestamp(int(at), UTC))
    message["Message-ID"] = f"<{secrets.token_hex(10)}@{draft.sender.rpartition('@')[2]}>"
    if in_reply_to:
        message["In-Reply-To"] = in_reply_to
        message["References"] = references
    for name, value in draft.headers.items():
        del message[name]
        message[name] = value
    message.set_content(text)
    if draft.html:
        message.add_alternative(draft.html, subtype="html")
    for attachment in draft.attachments:
        main, _, sub = attachment.content_type.partition("/")
        content = base64.b64decode(attachment.content)
        message.add_attachment(content, maintype=main, subtype=sub, filename=attachment.filename)
    mail = Mail(
        id="",
        mailbox=draft.sender.lower(),
        peer=to,
        direction=FROM_MAILBOX,
        subject=subject,
        text=text,
        html=draft.html,
        at=at,
        status="sent",
        from_header=str(message["From"]),
        message_id=str(message["Message-ID"]),
        in_reply_to=in_reply_to,
        references=references,
        headers=draft.headers,
    )
    return Composed(mail, message.as_bytes())


def _quoted(mail: Mail) -> str:
    when = datetime.fromtimestamp(mail.at, UTC).strftime("%a, %d %b %Y at %H:%M")
    lines = "\n".join(f"> {line}" for line in mail.text.splitlines())
    return f"On {when}, {mail.from_header} wrote:\n{lines}"


def shown(raw: bytes) -> tuple[str, str, str]:
    """Return subject, text and Message-ID of arbitrary bytes as well as can be, for the mailbox to show."""
    message = message_from_bytes(raw)
    part = next((p for p in message.walk() if p.get_content_type() == "text/plain"), message)
    payload = part.get_payload(decode=True)
    text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return _plain(message["subject"]), text[:SHOWN_TEXT], _plain(message["message-id"])


def _plain(header: object) -> str:
    return str(header or "").encode("utf-8", "replace").decode()
