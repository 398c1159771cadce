"""The ways out, one for each channel, as bootstrap puts them together."""

from __future__ import annotations

from dataclasses import dataclass

from app.ports import CallGateway, MailGateway, SmsGateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateways:
    """The ways out, one for each channel, and the one of our test texts, if there are any."""

    sms: SmsGateway
    mail: MailGateway
    calls: CallGateway
    probe: SmsGateway | None = None
