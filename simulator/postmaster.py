"""The mail world: what becomes of a mail, to a mailbox and from one, and which events it causes.

processed -> delivered; a mailbox that is off defers, an undeliverable one bounces, and mails to an address
that has bounced are dropped until the mailbox is mended or the sender bypasses the suppression.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from simulator.parse_form import Envelope, parse_post
from simulator.raw_mail import Draft, compose, shown
from simulator.records import FROM_MAILBOX, TO_MAILBOX, Mail, Mailbox, Post
from simulator.sendgrid_check import Letter
from simulator.webhooks import Webhooks
from simulator.world import World, now


class Postmaster:
    """Moves mails. One per simulator, on its event loop."""

    def __init__(self, world: World, webhooks: Webhooks) -> None:
        self._world = world
        self._webhooks = webhooks
        self._config = world.config
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def moving(self) -> bool:
        """Tell whether a mail is on its way (deferred ones apart)."""
        return bool(self._timers)

    def resume(self) -> None:
        """Go on with the mails that were on their way when a former process ended."""
        for mail in self._world.mails.values():
            if mail.direction == TO_MAILBOX and mail.status == "processed":
                self._later(mail.id, self._arrive)

    def close(self) -> None:
        """Stop all movement."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def accept(self, order: dict[str, Any], letter: Letter, request_id: str) -> None:
        """Take over one accepted letter: a mail for each of its recipients."""
        content = {part["type"]: part["value"] for part in order.get("content", [])}
        given = {name.lower(): value for name, value in letter.headers.items()}
        reply_to = order.get("reply_to") or (order.get("reply_to_list") or [{}])[0]
        sender = letter.sender
        settings = order.get("mail_settings", {})
        bypass = any(
            settings.get(name, {}).get("enable")
            for name in ("bypass_list_management", "bypass_bounce_management")
        )
        for index, address in enumerate(letter.recipients):
            mail = Mail(
                id=secrets.token_hex(12),
                mailbox=address,
                peer=sender["email"],
                direction=TO_MAILBOX,
                subject=letter.subject,
                text=content.get("text/plain", ""),
                html=content.get("text/html", ""),
                at=now(),
                status="processed",
                from_header=f"{sender['name']} <{sender['email']}>"
                if sender.get("name")
                else sender["email"],
                message_id=given.get("message-id", f"<{request_id}@geopod-ismtpd-0>"),
                reply_to=reply_to.get("email", ""),
                in_reply_to=given.get("in-reply-to", ""),
                references=given.get("references", ""),
                headers=letter.headers,
                extra={
                    "args": letter.custom_args,
                    "categories": order.get("categories", []),
                    "sg_message_id": f"{request_id}.recvd-{secrets.token_hex(5)}-1-{index}.0",
                    "smtp_id": f"<{request_id}@geopod-ismtpd-0>",
                    "bypass": bypass,
                },
            )
            self._world.save(mail)
            if self._world.mailbox(address).suppressed and not bypass:
                self._end(mail, "dropped", reason="Bounced Address")
            else:
                self._event(mail, "processed")
                self._later(mail.id, self._arrive)

    def _later(self, key: str, step: Callable[[Mail], None]) -> None:
        def run() -> None:
            self._timers.pop(key, None)
            mail = self._world.mails.get(key)
            if mail is not None:
                step(mail)

        seconds = self._config.sent_after + self._config.delivered_after
        self._timers[key] = asyncio.get_running_loop().call_later(seconds, run)

    def _arrive(self, mail: Mail) -> None:
        box = self._world.mailbox(mail.mailbox)
        if box.undeliverable:
            if not box.suppressed:
                box.suppressed = True
                self._world.save(box)
            reason = "550 5.1.1 The email account that you tried to reach does not exist"
            self._end(mail, "bounce", reason=reason, status="5.1.1", type="bounce", tls=1,
                      bounce_classification="Invalid Address")  # fmt: skip
        elif box.off:
            self._end(
                mail, "deferred", response="451 4.3.0 Mailbox not available, try again later", attempt="1"
            )
        else:
            mail.delivered_at = now()
            self._end(mail, "delivered", response="250 OK", tls=1)

    def _end(self, mail: Mail, event: str, /, **facts: object) -> None:
        mail.status = event
        mail.reason = str(facts.get("reason", ""))
        self._world.save(mail)
        self._event(mail, event, **facts)

    def mailbox_changed(self, box: Mailbox) -> None:
        """Let the deferred mails feel the new switches; a mended address is suppressed no longer."""
        if box.suppressed and not box.undeliverable:
            box.suppressed = False
            self._world.save(box)
        if box.off and not box.undeliverable:
            return
        for mail in self._world.mails_of[box.id]:
            if mail.direction == TO_MAILBOX and mail.status == "deferred":
                self._arrive(mail)

    def _event(self, mail: Mail, event: str, /, **facts: object) -> None:
        body: dict[str, object] = dict(mail.extra["args"])
        body |= {
            "email": mail.mailbox,
            "timestamp": int(now()),
            "event": event,
            "sg_event_id": secrets.token_urlsafe(16),
            "sg_message_id": mail.extra["sg_message_id"],
            "smtp-id": mail.extra["smtp_id"],
        }
        if mail.extra["categories"]:
            body["category"] = mail.extra["categories"]
        if event == "delivered":
            body["ip"] = "192.0.2.25"
        self._webhooks.event(body | facts)

    def write(self, draft: Draft, envelope: Envelope, raw: bytes | None = None) -> Mail:
        """Send a mail from a mailbox to the application: composed from the draft, or these very bytes."""
        answered = self._world.mails.get(draft.answers)
        composed = compose(draft, answered, now())
        mail = composed.mail
        mail.id = secrets.token_hex(12)
        if raw is not None:
            mail.subject, mail.text, mail.message_id = shown(raw)
        self._world.save(mail)
        mode = self._world.providers["sendgrid"].parse_mode
        url = self._config.signed_url(self._config.parse_path)
        body, content_type = parse_post(raw if raw is not None else composed.raw, envelope.filled(mail), mode)
        self._webhooks.send(
            Post(
                id=secrets.token_hex(12),
                kind="parse",
                lane=f"mailbox {mail.mailbox}",
                url=url,
                body=body,
                content_type=content_type,
                created=now(),
                about=mail.id,
            )
        )
        return mail

    def answered(self, post: Post, words: str) -> None:
        """Write down on a mail from a mailbox what the application answered to it."""
        mail = self._world.mails.get(post.about)
        if post.kind == "parse" and mail is not None and mail.direction == FROM_MAILBOX:
            mail.answer = words
            self._world.save(mail)
