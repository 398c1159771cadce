"""Mail out by SendGrid. One call is one mail to one recipient; the same mail twice is a nuisance, no fault.

Settings come as a value; nothing here reads the environment or decides whether and when to try again.
"""

from __future__ import annotations

import http.client
import json
import logging
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.error import URLError

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from app.domain.delivery import DeliveryStatus
from app.ports import GatewayError, MailOut, Sent
from app.providers.refusals import refusal, unanswered, unreachable

# The one key of ours in SendGrid's events; domain/reading.py looks for it.
_OUTBOX_ARGUMENT = "cl_outbox"
_LONGEST_SUBJECT = 998


@dataclass(frozen=True, slots=True, kw_only=True)
class SendGridConfig:
    """The key, and from whom mails come. `api_base` is another host, the EU's or a simulator's."""

    api_key: str = field(repr=False)
    from_address: str
    from_name: str = ""
    api_base: str = ""
    timeout: float = 10.0


class SendGridMail:
    """Sends mail by the official SDK. Threads may share one."""

    def __init__(self, config: SendGridConfig) -> None:
        """Take the settings; nothing is sent or checked yet."""
        # At DEBUG this logger writes the API key and the whole mail.
        logging.getLogger("python_http_client.client").setLevel(logging.INFO)
        self._config = config

    def send(self, message: MailOut) -> Sent:
        """Return SendGrid's id of `message`; its status is `queued`. Raises GatewayError."""
        # A client per mail: its headers are one mutable dict over all calls, and it costs microseconds.
        client = SendGridAPIClient(
            self._config.api_key,
            **({"host": self._config.api_base.rstrip("/")} if self._config.api_base else {}),
        )
        client.client.timeout = self._config.timeout
        try:
            answer = client.send(self._request(message))
        except HTTPError as error:
            raise _refusal_of(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise _broken_connection(error) from error
        return Sent(provider_id=str(answer.headers.get("X-Message-Id") or ""), status=DeliveryStatus.QUEUED)

    def _request(self, message: MailOut) -> dict[str, object]:
        sender = {"email": self._config.from_address}
        if self._config.from_name:
            sender["name"] = self._config.from_name
        request: dict[str, object] = {
            "personalizations": [{"to": [{"email": message.to}]}],
            "from": sender,
            "subject": _one_line(message.subject)[:_LONGEST_SUBJECT] or "(no subject)",
            "content": [{"type": "text/plain", "value": message.text or " "}],
            "headers": _headers(message),
            "custom_args": {_OUTBOX_ARGUMENT: str(message.outbox_id)},
            # Tracking rewrites links and counts machines as readers.
            "tracking_settings": {
                "click_tracking": {"enable": False, "enable_text": False},
                "open_tracking": {"enable": False},
            },
        }
        if message.reply_to:
            request["reply_to"] = {"email": message.reply_to}
        return request


def _headers(message: MailOut) -> dict[str, str]:
    """Return the headers that keep a thread together and keep machines from answering."""
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if message.message_id:
        headers["Message-ID"] = _one_line(message.message_id)
    references = _one_line(message.references)
    if references:
        headers["References"] = references
        headers["In-Reply-To"] = references.split()[-1]
    return headers


def _one_line(text: str) -> str:
    return re.sub(r"[\s\0]+", " ", text).strip()


def _refusal_of(error: HTTPError) -> GatewayError:
    try:
        told = json.loads(error.body)
        message = "; ".join(str(item["message"]) for item in told["errors"])
    except (ValueError, TypeError, KeyError):
        message = str(error.reason)
    again = _again(error.headers)
    return refusal("SendGrid", status=int(error.status_code), code="", message=message, again=again)


def _again(headers: Mapping[str, str] | None) -> timedelta | None:
    """Return after how long SendGrid takes mails again, by its own clock, None if its headers do not say."""
    told = headers or {}
    try:
        if told.get("Retry-After"):
            return max(timedelta(seconds=int(told["Retry-After"])), timedelta(0))
        reset = datetime.fromtimestamp(int(told["X-RateLimit-Reset"]), UTC)
        return max(reset - parsedate_to_datetime(told["Date"]), timedelta(0))
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def _broken_connection(error: OSError | http.client.HTTPException) -> GatewayError:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError):
        return unreachable("SendGrid", error)
    return unanswered("SendGrid", error)
