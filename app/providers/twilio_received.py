"""Twilio's own lists of the texts and calls that came in, in the form in which its webhooks are stored.

What must not live here: which of them we have (usecases/missed.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.domain.charsets import storable
from app.domain.message import Channel, Inbound, InboundKind
from app.domain.phone_numbers import caller_of, phone_of
from app.providers.twilio import CALL_OVER, TwilioConfig, asked, connect

_PAGE = 1000
_MOST_MEDIA = 10


class TwilioReceived:
    """Reads the lists by the official SDK, page after page."""

    def __init__(self, config: TwilioConfig) -> None:
        """Prepare the client; nothing is asked yet."""
        self._config = config
        self._client, self._session = connect(config)

    def since(self, start: datetime, most: int) -> list[Inbound]:
        """Return what came in; see ports.ReceivedLog."""
        return asked(lambda: self._read(start, most))

    def _read(self, start: datetime, most: int) -> list[Inbound]:
        ours: dict[str, str] = {"to": self._config.from_number} if self._config.from_number else {}
        pages = {"limit": most, "page_size": min(most, _PAGE)}
        texts = self._client.messages.list(date_sent_after=start, **pages, **ours)
        calls = self._client.calls.list(start_time_after=start, **pages, **ours)
        # Newest first in the lists; two of one second stay in their order.
        found = [self._text(text) for text in texts[::-1] if text.direction == "inbound"]
        found += [
            _call(call) for call in calls[::-1] if call.direction == "inbound" and call.status in CALL_OVER
        ]
        # A filter that took only the day into account would let through more.
        return sorted((item for item in found if item.received_at >= start), key=lambda i: i.received_at)

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _text(self, text: Any) -> Inbound:  # noqa: ANN401 - the SDK's record
        return Inbound(
            provider="twilio",
            kind=InboundKind.MESSAGE,
            channel=Channel.SMS,
            key=str(text.sid),
            sender=phone_of(str(text.from_ or "")) or "unknown",
            recipient=phone_of(str(text.to or "")),
            received_at=text.date_sent or text.date_created,
            payload={
                "MessageSid": str(text.sid),
                "AccountSid": self._config.account_sid,
                "From": str(text.from_ or ""),
                "To": str(text.to or ""),
                "Body": storable(str(text.body or "")),
                "NumMedia": str(text.num_media or "0"),
                **self._media(text),
            },
            raw=b"",
        )

    def _media(self, text: Any) -> dict[str, object]:  # noqa: ANN401 - the SDK's record
        """Return the pictures of a text in the webhook's fields; another request, for few."""
        if str(text.num_media or "0") == "0":
            return {}
        listed = self._client.messages(text.sid).media.list(limit=_MOST_MEDIA)
        found: dict[str, object] = {}
        for index, media in enumerate(listed):
            found[f"MediaContentType{index}"] = str(media.content_type)
            found[f"MediaUrl{index}"] = str(media.uri).removesuffix(".json")
        return found


def _call(call: Any) -> Inbound:  # noqa: ANN401 - the SDK's record
    caller = str(call._from or "")  # noqa: SLF001 - the SDK has no other name for it
    return Inbound(
        provider="twilio",
        kind=InboundKind.MESSAGE,
        channel=Channel.VOICE,
        key=f"{call.sid}:missed",
        sender=caller_of(caller, str(call.sid)),
        recipient=phone_of(str(call.to or "")),
        received_at=call.start_time or call.date_created,
        payload={"CallSid": str(call.sid), "From": caller, "To": str(call.to or ""), "Missed": "1"},
        raw=b"",
    )
