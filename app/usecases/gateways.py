"""The ways out, one for each channel, as bootstrap puts them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.message import Channel
from app.ports import CallGateway, MailGateway, SmsGateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateways:
    """The ways out, one for each channel, and the one of our test texts, if there are any.

    `limits` says how many a second each takes, texts in segments; a channel that is not named has no limit.
    """

    sms: SmsGateway
    mail: MailGateway
    calls: CallGateway
    probe: SmsGateway | None = None
    limits: Mapping[Channel, float] = field(default_factory=dict)
