"""The phone network: what becomes of a text, to a phone and from one, and which receipts it causes.

queued -> sent -> delivered; a phone that is off holds it at sent until it is on again or the validity is
over. The opt-out words are the network's business too: it blocks, it answers on the phone, and the
application hears of it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import secrets
import time
from collections.abc import Callable
from urllib.parse import urlencode

from simulator import segments
from simulator.records import FROM_PHONE, TO_PHONE, Media, Phone, Post, Text
from simulator.webhooks import Webhooks
from simulator.world import World, now

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "UNSTOP", "YES"})
HELP_WORDS = frozenset({"HELP", "INFO"})
AUTO_ANSWERS = {
    "STOP": "You are unsubscribed and get no more texts from this number. Reply START to get them again.",
    "START": "You are subscribed again and will get texts from this number. Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Msg & data rates may apply.",
}
API = "https://api.twilio.com"  # as the real one writes it into webhooks
EXPIRED, UNKNOWN_HANDSET = 30036, 30005


def new_sid(prefix: str) -> str:
    """Return an id of Twilio's form: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


class Carrier:
    """Moves texts. One per simulator, on its event loop."""

    def __init__(self, world: World, webhooks: Webhooks) -> None:
        self._world = world
        self._webhooks = webhooks
        self._config = world.config
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._late: dict[str, list[Post]] = {}

    @property
    def moving(self) -> bool:
        """Tell whether a text is on its way (those that wait for a phone to be switched on apart)."""
        return any(self._world.texts[sid].status == "queued" or not self._waits(sid) for sid in self._timers)

    def _waits(self, sid: str) -> bool:
        text = self._world.texts[sid]
        phone = self._world.phone(text.phone)
        return text.status == "sent" and phone.off and not phone.undeliverable

    def resume(self) -> None:
        """Go on with the texts that were on their way when a former process ended."""
        for text in list(self._world.texts.values()):
            if text.direction == TO_PHONE and text.status in {"accepted", "queued"}:
                self._later(text.id, self._config.sent_after, self._send)
            elif text.direction == TO_PHONE and text.status == "sent":
                self._settle(text)

    def close(self) -> None:
        """Stop all movement."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._late.clear()

    def accept(self, text: Text) -> None:
        """Take over a text that the API has accepted."""
        self._world.save(text)
        self._later(text.id, self._config.sent_after, self._send)

    def _later(self, sid: str, seconds: float, step: Callable[[Text], None]) -> None:
        def run() -> None:
            self._timers.pop(sid, None)
            text = self._world.texts.get(sid)
            if text is not None:
                step(text)

        if sid in self._timers:
            self._timers[sid].cancel()
        self._timers[sid] = asyncio.get_running_loop().call_later(max(0.0, seconds), run)

    def _send(self, text: Text) -> None:
        text.sent_at = now()
        self._move(text, "sent")
        self._settle(text)

    def _settle(self, text: Text) -> None:
        """Decide what a sent text waits for, as its phone's switches stand."""
        phone = self._world.phone(text.phone)
        if text.at + text.validity <= now() and phone.off:
            self._fail(text, EXPIRED)
        elif phone.undeliverable:
            self._later(text.id, self._config.delivered_after, lambda late: self._fail(late, UNKNOWN_HANDSET))
        elif phone.off:
            self._later(text.id, text.at + text.validity - now(), lambda late: self._fail(late, EXPIRED))
        else:
            self._later(text.id, self._config.delivered_after, self._deliver)

    def _deliver(self, text: Text) -> None:
        text.delivered_at = now()
        self._move(text, "delivered")

    def _fail(self, text: Text, code: int) -> None:
        text.error_code = code
        self._move(text, "undelivered")

    def phone_changed(self, phone: Phone) -> None:
        """Let the texts that wait for the phone feel its new switches."""
        for text in self._world.texts_of[phone.id]:
            if text.direction == TO_PHONE and text.status == "sent":
                self._settle(text)

    def _move(self, text: Text, status: str) -> None:
        text.status, text.updated = status, now()
        self._world.save(text)
        if not text.callback:
            return
        receipt = self._receipt(text)
        if not self._world.providers["twilio"].reorder:
            self._webhooks.receipt(receipt)
        elif status == "sent":
            self._late.setdefault(text.id, []).append(receipt)
        else:
            for late in (receipt, *self._late.pop(text.id, [])):
                self._webhooks.receipt(late)

    def _receipt(self, text: Text) -> Post:
        fields = {
            "AccountSid": self._config.account_sid,
            "ApiVersion": "2010-04-01",
            "From": text.number,
            "To": text.phone,
            "MessageSid": text.id,
            "SmsSid": text.id,
            "MessageStatus": text.status,
            "SmsStatus": text.status,
        }
        if text.service:
            fields["MessagingServiceSid"] = text.service
        if text.error_code is not None:
            fields["ErrorCode"] = str(text.error_code)
        if text.status != "sent":
            fields["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime(text.updated))
        return form_post("status", text.id, text.id, text.callback, list(fields.items()))

    def write(self, phone: str, body: str, number: str = "", media: list[Media] | None = None) -> Text:
        """Send a text from a phone to one of our numbers, and return it. Raises ValueError for bad media."""
        pictures = media or []
        text = Text(
            id=new_sid("MM" if pictures else "SM"),
            phone=phone,
            number=number or self._config.numbers[0],
            direction=FROM_PHONE,
            source="person",
            body=body,
            at=now(),
            updated=now(),
            status="received",
            segments=segments.count(body),
        )
        for picture in pictures:
            picture.text = text.id
            text.media.append(picture.id)
            self._world.save(picture)
        self._world.save(text)
        opt = self._opt_out(text)
        if self._world.providers["twilio"].mute:
            return text
        fields = self._inbound_fields(text, pictures) + ([("OptOutType", opt)] if opt else [])
        url = self._config.signed_url(self._config.sms_path)
        self._webhooks.send(form_post("sms", f"phone {phone}", text.id, url, fields))
        return text

    def _opt_out(self, text: Text) -> str:
        """Apply the opt-out words and return Twilio's OptOutType. YES counts only for the blocked."""
        phone = self._world.phone(text.phone)
        word = text.body.strip().upper()
        blocked = text.number in phone.blocked
        kind = ""
        if word in STOP_WORDS:
            kind = "STOP"
            if not blocked:
                phone.blocked.append(text.number)
        elif word in START_WORDS and (blocked or word != "YES"):
            kind = "START"
            if blocked:
                phone.blocked.remove(text.number)
        elif word in HELP_WORDS:
            kind = "HELP"
        if kind:
            self._world.save(phone)
        if kind == "HELP" or (kind == "STOP" and not blocked) or (kind == "START" and blocked):
            self._answer(text, AUTO_ANSWERS[kind])
        return kind

    def _answer(self, text: Text, body: str) -> None:
        at = now()
        self._world.save(
            Text(
                id=new_sid("SM"),
                phone=text.phone,
                number=text.number,
                direction=TO_PHONE,
                source="carrier",
                body=body,
                at=at,
                updated=at,
                sent_at=at,
                delivered_at=at,
                status="delivered",
                segments=segments.count(body),
            )
        )

    def _inbound_fields(self, text: Text, pictures: list[Media]) -> list[tuple[str, str]]:
        common = {
            "MessageSid": text.id,
            "SmsSid": text.id,
            "SmsMessageSid": text.id,
            "AccountSid": self._config.account_sid,
            "ApiVersion": "2010-04-01",
            "SmsStatus": "received",
            "From": text.phone,
            "To": text.number,
            "Body": text.body,
            "NumSegments": str(text.segments),
            "NumMedia": str(len(pictures)),
            "FromCountry": "US",
            "ToCountry": "US",
        }
        # Twilio says where it believes a number to be, or leaves these empty.
        places = {f"{end}{what}": "" for end in ("From", "To") for what in ("City", "State", "Zip")}
        fields = list((common | places).items())
        if self._config.messaging_services:
            fields.append(("MessagingServiceSid", self._config.messaging_services[0]))
        base = f"{API}/2010-04-01/Accounts/{self._config.account_sid}/Messages/{text.id}/Media"
        for index, picture in enumerate(pictures):
            fields.append((f"MediaContentType{index}", picture.content_type))
            fields.append((f"MediaUrl{index}", f"{base}/{picture.id}"))
        return fields

    def answered(self, post: Post, words: str) -> None:
        """Write down on a text from a phone what the application answered to it."""
        text = self._world.texts.get(post.about)
        if post.kind == "sms" and text is not None:
            text.answer = words
            self._world.save(text)


def picture_of(content_type: str, content: str) -> Media:
    """Return a picture from base64. Raises ValueError when it is not that, or of no such type."""
    if not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", content_type):
        raise ValueError(f"{content_type!r} is not a content type")
    try:
        base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise ValueError("media must be base64") from error
    return Media(id=new_sid("ME"), text="", content_type=content_type, content=content)


def form_post(kind: str, lane: str, about: str, url: str, fields: list[tuple[str, str]]) -> Post:
    """Return a webhook with a form."""
    return Post(
        id=secrets.token_hex(12),
        kind=kind,
        lane=lane,
        url=url,
        body=urlencode(fields).encode(),
        content_type="application/x-www-form-urlencoded; charset=utf-8",
        created=now(),
        about=about,
        params=fields,
    )
