"""Builds the multipart request with which SendGrid's Inbound Parse hands over a mail, byte for byte."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default
from typing import cast

from simulator.records import Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the SMTP conversation said, and what SendGrid found out. None means: as the mail says."""

    sender: str | None = None
    to: tuple[str, ...] = ()
    dkim: str | None = None
    spf: str | None = None

    def filled(self, mail: Mail) -> Envelope:
        """Return the envelope with what the mail says in the places left open."""
        domain = mail.mailbox.rpartition("@")[2]
        return replace(
            self,
            sender=mail.mailbox if self.sender is None else self.sender,
            to=self.to or (mail.peer,),
            dkim=f"{{@{domain} : pass}}" if self.dkim is None else self.dkim,
            spf="pass" if self.spf is None else self.spf,
        )


Part = tuple[str, bytes, str]  # header parameters, content, content type or empty


def parse_post(raw: bytes, envelope: Envelope, mode: str) -> tuple[bytes, str]:
    """Return the body and the content type of the POST for these MIME bytes; `mode` is raw or parsed."""
    message = message_from_bytes(raw, policy=default)
    fields: dict[str, bytes] = {
        "from": _header(message, "from"),
        "to": _header(message, "to"),
        "subject": _header(message, "subject"),
        "envelope": json.dumps({"to": list(envelope.to), "from": envelope.sender}).encode(),
        "dkim": (envelope.dkim or "").encode(),
        "SPF": (envelope.spf or "").encode(),
        "sender_ip": b"192.0.2.10",
        "spam_score": b"0.1",
        "spam_report": b"Spam detection software has found nothing.",
    }
    charsets = {"from": "UTF-8", "to": "UTF-8", "subject": "UTF-8"}
    files: list[Part] = []
    if mode == "parsed":
        files = _take_apart(message, raw, fields, charsets)
    else:
        fields["email"] = raw
    fields["charsets"] = json.dumps(charsets).encode()
    parts: list[Part] = [(f'name="{name}"', value, "") for name, value in fields.items()]
    return _multipart(parts + files)


def _header(message: EmailMessage, name: str) -> bytes:
    try:
        value = str(message.get(name, ""))
    except (ValueError, IndexError, AttributeError, TypeError):  # the parser gives up on some hostile headers
        value = ""
    return value.encode("utf-8", "replace")


def _take_apart(
    message: EmailMessage, raw: bytes, fields: dict[str, bytes], charsets: dict[str, str]
) -> list[Part]:
    """Fill in the fields of the parsed mode, texts in their own charset, and return the attachments."""
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    fields["headers"] = head + b"\n"
    if message["cc"]:
        fields["cc"] = _header(message, "cc")
    files: list[Part] = []
    info: dict[str, dict[str, str]] = {}
    for part in cast("list[MIMEPart]", list(message.walk())):
        if part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        kind = part.get_content_type()
        name = {"text/plain": "text", "text/html": "html"}.get(kind, "")
        if name and name not in fields and not part.is_attachment():
            fields[name] = content
            charsets[name] = part.get_content_charset("us-ascii")
            continue
        key = f"attachment{len(files) + 1}"
        filename = (part.get_filename() or "unnamed").replace('"', "'").replace("\r", " ").replace("\n", " ")
        info[key] = {"filename": filename, "name": filename, "type": kind}
        files.append((f'name="{key}"; filename="{filename}"', content, kind))
    fields["attachments"] = str(len(files)).encode()
    if files:
        fields["attachment-info"] = json.dumps(info).encode()
    return files


def _multipart(parts: list[Part]) -> tuple[bytes, str]:
    boundary = "xYzZY" + secrets.token_hex(12)
    pieces: list[bytes] = []
    for parameters, content, content_type in parts:
        head = f"--{boundary}\r\nContent-Disposition: form-data; {parameters}\r\n"
        if content_type:
            head += f"Content-Type: {content_type}\r\n"
        pieces += [head.encode(), b"\r\n", content, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces), f"multipart/form-data; boundary={boundary}"
