"""Calls out by Twilio. One `place` is one call: nothing here repeats a POST, because that is a second call.

What is spoken stands in no request: Twilio asks our webhooks when somebody picks up, so that a page that has
become moot by then says so.
"""

from __future__ import annotations

import re
from datetime import datetime

from app.domain.delivery import call_status
from app.domain.message import Channel, Inbound, InboundKind
from app.ports import CallOut, Found, GatewayError, Sent, Trouble
from app.providers.twilio import CALL_OVER, NEWEST, TwilioConfig, asked, connect, made_since

# Short: most voicemails answer after 25 to 30 seconds, and the next person is better than a voicemail.
_RING_SECONDS = 20
_TALK_SECONDS = 1200  # with a talk to the store that a key asked for
_PATIENCE = "#rc=2&rp=all&ct=2000&rt=5000"
_PHONE_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_EVENTS = ["initiated", "ringing", "answered", "completed"]


class TwilioCalls:
    """Places calls by the official SDK. Threads may share one."""

    def __init__(self, config: TwilioConfig) -> None:
        """Prepare the client; nothing is called or checked yet."""
        self._config = config
        self._client, self._session = connect(config)

    def place(self, call: CallOut) -> Sent:
        """Let the phone ring; see ports.CallGateway."""
        number = self._config.from_number
        if not _PHONE_NUMBER.fullmatch(number):
            raise GatewayError("there is no number to call from", trouble=Trouble.CONFIG, code="no_number")
        created = asked(
            lambda: self._client.calls.create(
                to=call.to,
                from_=number,
                url=self._url("answer", call.token) + _PATIENCE,
                timeout=_RING_SECONDS,
                time_limit=_TALK_SECONDS,
                status_callback=self._url("status", call.token),
                status_callback_event=_EVENTS,
                machine_detection="Enable",
                async_amd="true",
                async_amd_status_callback=self._url("machine", call.token),
            )
        )
        return Sent(provider_id=str(created.sid or ""), status=call_status(str(created.status or ""))[0])

    def recent(self, to: str, since: datetime) -> list[Found]:
        """Return what Twilio lists of calls to a number; see ports.CallGateway."""
        listed = asked(
            lambda: self._client.calls.list(
                to=to, from_=self._config.from_number, limit=NEWEST, page_size=NEWEST
            )
        )
        return [
            Found(provider_id=str(call.sid), over=str(call.status) in CALL_OVER)
            for call in made_since(since, listed)
        ]

    def look_up(self, provider_id: str, outbox_id: int, now: datetime) -> Inbound:
        """Return the receipt that Twilio would post now for its call. Raises GatewayError."""
        status = str(asked(lambda: self._client.calls(provider_id).fetch()).status or "")
        return Inbound(
            provider="twilio",
            kind=InboundKind.RECEIPT,
            channel=Channel.VOICE,
            key=f"asked:{provider_id}:{status}",
            sender=f"receipt:{outbox_id}",  # in line with those that are posted
            recipient="",
            received_at=now,
            payload={"CallSid": provider_id, "CallStatus": status, "o": str(outbox_id)},
            raw=b"",
        )

    def end(self, provider_id: str) -> None:
        """Hang up; see ports.CallGateway."""
        asked(lambda: self._client.calls(provider_id).update(status="completed"))

    def ask_again(self, provider_id: str, token: str, *, machine: bool) -> None:
        """Send the call to our webhook once more; see ports.CallGateway."""
        url = self._url("answer", token) + ("&m=1" if machine else "") + _PATIENCE
        asked(lambda: self._client.calls(provider_id).update(url=url))

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _url(self, step: str, token: str) -> str:
        return f"{self._config.public_base_url.rstrip('/')}/inbound/twilio/call/{step}?s={token}"
