"""What is shown of the simulator's memory: the JSON forms of phones, mailboxes, texts and mails."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from simulator.directory import Labels
from simulator.records import TO_MAILBOX, TO_PHONE, Call, Mail, Mailbox, Phone, Text
from simulator.world import World

SHOWN = 200  # messages of one phone in the state; /api/phones has them all


class View:
    """Reads the world for tests and for the page."""

    def __init__(self, world: World, labels: Labels, public_key: str) -> None:
        self._world = world
        self._labels = labels
        self._public_key = public_key

    def name_of(self, address: str) -> str:
        """Return the name that belongs to a mailbox, or an empty string."""
        owner = self._labels.mailboxes.get(address)
        return owner.name if owner else ""

    def state(self, since: int) -> dict[str, Any]:
        """Return all that changed after version `since`, all of it for -1."""
        world = self._world
        numbers = {**dict.fromkeys(self._labels.phones), **dict.fromkeys(world.phones)}
        addresses = {**dict.fromkeys(self._labels.mailboxes), **dict.fromkeys(world.mailboxes)}
        phones = (world.phones.get(number) or Phone(id=number) for number in numbers)
        boxes = (world.mailboxes.get(address) or Mailbox(id=address) for address in addresses)
        config = world.config
        return {
            "boot": world.boot,
            "version": world.version,
            "phones": [self._phone(phone, SHOWN) for phone in phones if phone.version > since],
            "mailboxes": [self._mailbox(box, SHOWN) for box in boxes if box.version > since],
            "providers": {name: provider.to_json() for name, provider in world.providers.items()},
            "numbers": list(config.numbers),
            "mail_to": config.mail_to,
            "app_url": config.app_url,
            "account_sid": config.account_sid,
            "company": self._labels.company,
            "cast": list(self._labels.cast),
            "suggestion": config.suggestion,
            "quick": {"staff": list(config.quick_staff), "customer": list(config.quick_customer)},
            "sendgrid_public_key": self._public_key,
        }

    def phone(self, number: str) -> dict[str, Any]:
        """Return a phone with all its messages; one that nobody has met yet is a new phone."""
        return self._phone(self._world.phones.get(number) or Phone(id=number), None)

    def mailbox(self, address: str) -> dict[str, Any]:
        """Return a mailbox with all its mails."""
        key = address.lower()
        return self._mailbox(self._world.mailboxes.get(key) or Mailbox(id=key), None)

    def inbox(self, number: str) -> list[dict[str, Any]]:
        """Return the texts that have arrived on a phone, in the order of their arrival."""
        texts = self._world.texts_of.get(number, [])
        arrived = [text for text in texts if text.direction == TO_PHONE and text.delivered_at is not None]
        return [self.text(text) for text in sorted(arrived, key=lambda text: text.delivered_at or 0.0)]

    def mail_inbox(self, address: str) -> list[dict[str, Any]]:
        """Return the mails that have arrived in a mailbox, in the order of their arrival."""
        mails = self._world.mails_of.get(address.lower(), [])
        arrived = [mail for mail in mails if mail.direction == TO_MAILBOX and mail.delivered_at is not None]
        return [self.mail(mail) for mail in sorted(arrived, key=lambda mail: mail.delivered_at or 0.0)]

    def _phone(self, phone: Phone, most: int | None) -> dict[str, Any]:
        owner = self._labels.phones.get(phone.id)
        texts = self._world.texts_of.get(phone.id, [])
        return {
            "number": phone.id,
            "name": phone.name or (owner.name if owner else ""),
            "title": owner.title if owner else "",
            "group": owner.group if owner else "",
            "staff": bool(owner and owner.staff),
            "off": phone.off,
            "undeliverable": phone.undeliverable,
            "refuse": phone.refuse,
            "blocked": list(phone.blocked),
            "calls": phone.calls,
            "messages": [self.text(text) for text in (texts[-most:] if most else texts)],
            "talks": [self.call(call) for call in self._world.calls_of.get(phone.id, [])[-(most or 0) :]],
        }

    def _mailbox(self, box: Mailbox, most: int | None) -> dict[str, Any]:
        owner = self._labels.mailboxes.get(box.id)
        mails = self._world.mails_of.get(box.id, [])
        return {
            "address": box.id,
            "name": box.name or (owner.name if owner else ""),
            "title": owner.title if owner else "",
            "group": owner.group if owner else "",
            "staff": bool(owner and owner.staff),
            "off": box.off,
            "undeliverable": box.undeliverable,
            "refuse": box.refuse,
            "suppressed": box.suppressed,
            "messages": [self.mail(mail) for mail in (mails[-most:] if most else mails)],
        }

    def ringing(self, number: str) -> dict[str, Any] | None:
        """Return the call that rings on a phone, if one does."""
        calls = self._world.calls_of.get(number, [])
        return next((self.call(call) for call in calls if call.asks == "pick_up"), None)

    def call(self, call: Call) -> dict[str, Any]:
        """Return a call: `heard` on the phone, `said` from it, and what it `asks` for now."""
        return {
            "id": call.id,
            "direction": call.direction,
            "number": call.number,
            "at": _instant(call.at),
            "status": call.status,
            "over": call.over,
            "answered_by": call.answered_by,
            "machine": call.machine,
            "answered_at": _instant(call.answered_at),
            "ended_at": _instant(call.ended_at),
            "heard": list(call.heard),
            "said": list(call.said),
            "asks": call.asks,
            "error": call.error,
        }

    def text(self, text: Text) -> dict[str, Any]:
        """Return a text; `answer` is what the webhook for a text from the phone was answered."""
        pictures = [self._world.media.get(sid) for sid in text.media]
        return {
            "id": text.id,
            "direction": text.direction,
            "source": text.source,
            "number": text.number,
            "body": text.body,
            "at": _instant(text.at),
            "status": text.status,
            "segments": text.segments,
            "error_code": text.error_code,
            "delivered_at": _instant(text.delivered_at),
            "answer": text.answer,
            "media": [
                {"id": p.id, "content_type": p.content_type, "url": f"/api/media/{p.id}"}
                if p
                else {"url": url}
                for p, url in zip(pictures, text.media, strict=True)
            ],
        }

    def mail(self, mail: Mail) -> dict[str, Any]:
        """Return a mail."""
        return {
            "id": mail.id,
            "direction": mail.direction,
            "peer": mail.peer,
            "from": mail.from_header,
            "subject": mail.subject,
            "body": mail.text,
            "html": mail.html,
            "at": _instant(mail.at),
            "status": mail.status,
            "reason": mail.reason,
            "delivered_at": _instant(mail.delivered_at),
            "message_id": mail.message_id,
            "reply_to": mail.reply_to,
            "in_reply_to": mail.in_reply_to,
            "references": mail.references,
            "headers": mail.headers,
            "custom_args": mail.extra.get("args", {}),
            "answer": mail.answer,
        }


def _instant(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
