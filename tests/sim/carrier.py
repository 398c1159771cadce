"""The providers of a simulated world: they refuse, lose answers, deliver late, twice, never, and re-order receipts.

No HTTP and no waiting: what comes later stands on the agenda. What must not live here: what people answer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from app.domain.message import Channel, Inbound, InboundKind
from app.ports import CallOut, Found, GatewayError, MailOut, Sent, SmsOut, Trouble
from tests.sim.agenda import Agenda

NUMBER = "+15005550006"
LATER = datetime.max.replace(tzinfo=UTC)  # the node that accepts it says when
_REFUSALS = (
    (Trouble.ADDRESS, "21211"),
    (Trouble.CONTENT, "21612"),
    (Trouble.CONFIG, "21606"),
    (Trouble.ADDRESS, "21614"),
)


@dataclass
class Troubles:
    """How likely each trouble is, as shares of one."""

    refuse: float = 0.02
    again: float = 0.03
    lost_taken: float = 0.02
    lost_untaken: float = 0.01
    undelivered: float = 0.05
    unheard: float = 0.04
    twice: float = 0.05
    untold: float = 0.0  # what is not yet the end


CALM = Troubles(*[0] * 8)


@dataclass
class Carrier:
    """Implements the three gateways. `arrived` hears of each message that reached a phone or mailbox."""

    agenda: Agenda
    chance: Random
    post: Callable[[list[Inbound]], None]
    arrived: Callable[[int, str], None]
    rings: Callable[[CallOut, str], None]
    about_to_send: Callable[[int], None]
    outbox_of: Callable[[str], int]
    trouble: Troubles = field(default_factory=Troubles)
    together: int = 20  # seconds: the receipts of so long come in one request
    good_news: int = 20  # the same of those that say that all went well
    down: dict[str, Trouble] = field(default_factory=dict)
    takes: Counter[int] = field(default_factory=Counter)
    excused: Counter[int] = field(default_factory=Counter)
    ends: dict[str, tuple[str, str]] = field(default_factory=dict)
    calls: dict[str, bool] = field(default_factory=dict)  # whether they ring, by the provider's id
    _names: int = 0
    _texts: dict[str, list[tuple[datetime, Found]]] = field(default_factory=dict)
    _lines: list[tuple[str, str, datetime]] = field(default_factory=list)
    _slots: dict[int, list[Inbound]] = field(default_factory=dict)

    def send(self, message: SmsOut | MailOut) -> Sent:
        self.about_to_send(message.outbox_id)
        by_text = isinstance(message, SmsOut)
        self._may_refuse("twilio" if by_text else "sendgrid", message.outbox_id)
        sid = self._name("SM" if by_text else "MX")
        self.takes[message.outbox_id] += 1
        if isinstance(message, SmsOut):
            self._texts.setdefault(message.to, []).append(
                (self.agenda.now, Found(provider_id=sid, text=message.body))
            )
            self._carry_text(sid, message.outbox_id)
        else:
            self._carry_mail(sid, message.outbox_id)
        if self.chance.random() < self.trouble.lost_taken:
            self.excused[message.outbox_id] += 1
            raise GatewayError("the answer was lost", trouble=Trouble.AMBIGUOUS)
        return Sent(provider_id=sid, status="queued")

    def place(self, call: CallOut) -> Sent:
        outbox_id = self.outbox_of(call.token)
        self.about_to_send(outbox_id)
        self._may_refuse("twilio", outbox_id)
        sid = self._name("CA")
        self.takes[outbox_id] += 1
        self.calls[sid] = True
        self._lines.append((sid, call.to, self.agenda.now))
        self.rings(call, sid)
        if self.chance.random() < self.trouble.lost_taken:
            self.excused[outbox_id] += 1
            raise GatewayError("the answer was lost", trouble=Trouble.AMBIGUOUS)
        return Sent(provider_id=sid, status="queued")

    def recent(self, to: str, since: datetime) -> list[Found]:
        """Return the newest texts to a number."""
        self._may_refuse("twilio", 0)
        return [found for at, found in self._texts.get(to, ())[-100:] if at >= since]

    def recent_calls(self, to: str, since: datetime) -> list[Found]:
        """Return the newest calls to a number, also those that have ended."""
        self._may_refuse("twilio", 0)
        mine = [sid for sid, called, at in self._lines if called == to and at >= since]
        return [Found(provider_id=sid, over=not self.calls[sid]) for sid in mine[-100:]]

    def end(self, provider_id: str) -> None:
        self._may_refuse("twilio", 0)
        self.calls[provider_id] = False

    def ask_again(self, provider_id: str, token: str, *, machine: bool) -> None:
        assert token, f"{provider_id} has a token, machine or not: {machine}"
        self._may_refuse("twilio", 0)
        self.calls[provider_id] = False

    def look_up(self, provider_id: str, outbox_id: int, now: datetime) -> Inbound:
        self._may_refuse("twilio", 0)
        status, code = self.ends.get(provider_id, ("sent", ""))
        return _receipt(
            provider_id, outbox_id, status, code, key=f"asked:{provider_id}:{status}:{code}", now=now
        )

    def look_up_call(self, provider_id: str, outbox_id: int, now: datetime) -> Inbound:
        self._may_refuse("twilio", 0)
        status, _ = self.ends.get(provider_id, ("ringing", ""))
        payload: dict[str, object] = {"CallSid": provider_id, "CallStatus": status, "o": str(outbox_id)}
        key = f"asked:{provider_id}:{status}"
        return _inbound("twilio", Channel.VOICE, key, outbox_id, payload, now=now)

    def call_status(self, sid: str, outbox_id: int, words: list[str]) -> None:
        """Report how a call goes, in order or not."""
        self.ends[sid] = (words[-1], "")
        for place, word in enumerate(words):
            if self.chance.random() < self.trouble.unheard:
                continue
            late = timedelta(seconds=self.chance.uniform(0, 3) + place)
            payload: dict[str, object] = {"CallSid": sid, "CallStatus": word, "o": str(outbox_id)}
            item = _inbound("twilio", Channel.VOICE, f"{sid}:{place}:{word}", outbox_id, payload)
            self._post_later(late, item)

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}{self._names:032x}"

    def _may_refuse(self, provider: str, outbox_id: int) -> None:
        if provider in self.down:
            if self.down[provider] is Trouble.AMBIGUOUS:
                self.excused[outbox_id] += 1
            raise GatewayError("the provider is down", trouble=self.down[provider])
        trouble, roll = self.trouble, self.chance.random()
        if roll < trouble.refuse:
            kind, code = self.chance.choice(_REFUSALS)
            raise GatewayError("refused", trouble=kind, code=code)
        roll -= trouble.refuse
        if roll < trouble.again:
            raise GatewayError("too many requests", trouble=Trouble.TRANSIENT, code="20429")
        if roll - trouble.again < trouble.lost_untaken:
            self.excused[outbox_id] += 1
            raise GatewayError("timed out", trouble=Trouble.AMBIGUOUS)

    def _carry_text(self, sid: str, outbox_id: int) -> None:
        fails = self.chance.random() < self.trouble.undelivered
        code = self.chance.choice(("30003", "30005", "30006", "30007", "30008")) if fails else ""
        end = "undelivered" if fails else "delivered"
        self._tell_text(sid, outbox_id, [("sent", ""), (end, code)])
        if not fails:
            self._arrive(outbox_id, sid)

    def _tell_text(self, sid: str, outbox_id: int, told: list[tuple[str, str]]) -> None:
        self.ends[sid] = told[-1]
        for status, code in told:
            if self._is_untold(last=(status, code) == told[-1]):
                continue
            late = self.chance.choice((0.2, 1, 4, 20)) if self.trouble.unheard else 1
            item = _receipt(sid, outbox_id, status, code, key=f"{sid}:{status}", now=self.agenda.now)
            for _ in range(2 if self.chance.random() < self.trouble.twice else 1):
                delay = timedelta(seconds=self.chance.uniform(0.1, 10) * late)
                self._post_later(delay, item, good=told[-1][0] == "delivered")

    def _carry_mail(self, sid: str, outbox_id: int) -> None:
        fails = self.chance.random() < self.trouble.undelivered
        told = ["processed", self.chance.choice(("bounce", "dropped")) if fails else "delivered"]
        for event in told:
            if self._is_untold(last=event == told[-1]):
                continue
            payload: dict[str, object] = {
                "event": event,
                "sg_message_id": f"{sid}.x",
                "cl_outbox": str(outbox_id),
                "reason": "mailbox full" if event == "bounce" else "",
            }
            item = _inbound("sendgrid", Channel.EMAIL, f"{sid}:{event}", outbox_id, payload)
            delay = timedelta(seconds=self.chance.uniform(0.1, 30))
            self._post_later(delay, item, good=not fails)
        if not fails:
            self._arrive(outbox_id, sid)

    def _is_untold(self, *, last: bool) -> bool:
        roll = self.chance.random()
        return roll < (self.trouble.unheard if last else max(self.trouble.unheard, self.trouble.untold))

    def _post_later(self, delay: timedelta, item: Inbound, *, good: bool = False) -> None:
        """Post a receipt then, in one request with the others of that time: less to play, more to mix up."""
        width = self.good_news if good else self.together
        slot = math.ceil((self.agenda.now + delay).timestamp() / width) * width
        waiting = self._slots.setdefault(slot, [])
        waiting.append(item)
        if len(waiting) == 1:
            self.agenda.at(datetime.fromtimestamp(slot, UTC), lambda: self._post_slot(slot))

    def _post_slot(self, slot: int) -> None:
        waiting = self._slots.pop(slot)
        self.chance.shuffle(waiting)
        self.post(waiting)

    def _arrive(self, outbox_id: int, sid: str) -> None:
        delay = timedelta(seconds=self.chance.uniform(0.5, 12))
        self.agenda.after(delay, lambda: self.arrived(outbox_id, sid))


@dataclass
class Switchboard:
    """The gateway of calls, apart from that of texts only because both say what is `recent`."""

    carrier: Carrier

    def place(self, call: CallOut) -> Sent:
        return self.carrier.place(call)

    def recent(self, to: str, since: datetime) -> list[Found]:
        return self.carrier.recent_calls(to, since)

    def look_up(self, provider_id: str, outbox_id: int, now: datetime) -> Inbound:
        return self.carrier.look_up_call(provider_id, outbox_id, now)

    def end(self, provider_id: str) -> None:
        self.carrier.end(provider_id)

    def ask_again(self, provider_id: str, token: str, *, machine: bool) -> None:
        self.carrier.ask_again(provider_id, token, machine=machine)


def _receipt(sid: str, outbox_id: int, status: str, code: str, *, key: str, now: datetime) -> Inbound:
    payload: dict[str, object] = {
        "MessageSid": sid,
        "MessageStatus": status,
        "ErrorCode": code,
        "o": str(outbox_id),
    }
    return _inbound("twilio", Channel.SMS, key, outbox_id, payload, now=now)


def _inbound(
    provider: str,
    channel: Channel,
    key: str,
    outbox_id: int,
    payload: dict[str, object],
    *,
    now: datetime = LATER,
) -> Inbound:
    return Inbound(
        provider=provider,
        kind=InboundKind.RECEIPT,
        channel=channel,
        key=key,
        sender=f"receipt:{outbox_id}",
        recipient="",
        received_at=now,
        payload=payload,
        raw=b"",
    )
