"""SMS out by Twilio. One call is one message: nothing here repeats a POST, because that is a second SMS.

Settings come as a value; nothing here reads the environment or decides whether and when to try again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from requests import Session
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout, InvalidURL, RequestException
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError

from app.domain.delivery import twilio_status
from app.domain.message import Channel, Inbound, InboundKind
from app.ports import Found, GatewayError, Sent, SmsOut
from app.providers.refusals import refusal, unanswered, unreachable

_SHORTEST_VALIDITY = 1
_LONGEST_VALIDITY = 36_000
NEWEST = 100
"""How many of the newest texts or calls to a number are looked through, in one request."""

CALL_OVER = ("completed", "busy", "no-answer", "canceled", "failed")
"""The statuses of a call that has ended, as Twilio's lists have them."""

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioConfig:
    """The account, and from whom messages come: a messaging service, else a number (E.164).

    `public_base_url` is where Twilio posts receipts to. `api_base`, if given, is another scheme and host than
    Twilio's, for a simulator; no proxy is used then. `timeout` is in seconds.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    from_number: str = ""
    messaging_service_sid: str = ""
    public_base_url: str
    api_base: str = ""
    timeout: float = 10.0


class TwilioSms:
    """Sends SMS by the official SDK. Threads may share one."""

    def __init__(self, config: TwilioConfig) -> None:
        """Prepare the client; nothing is sent or checked yet."""
        self._config = config
        self._client, self._session = connect(config)

    def send(self, message: SmsOut) -> Sent:
        """Return Twilio's id and first status of `message`. Raises GatewayError."""
        seconds = min(max(message.valid_seconds, _SHORTEST_VALIDITY), _LONGEST_VALIDITY)
        options: dict[str, object] = {
            "to": message.to,
            "body": message.body.encode("utf-8", "replace").decode(),
            "status_callback": self._callback(message.outbox_id),
            "validity_period": seconds,
            "smart_encoded": True,
        }
        if self._config.messaging_service_sid:
            options["messaging_service_sid"] = self._config.messaging_service_sid
        else:
            options["from_"] = self._config.from_number
        created = asked(lambda: self._client.messages.create(**options))
        return Sent(provider_id=str(created.sid or ""), status=twilio_status(str(created.status or "")))

    def look_up(self, provider_id: str, outbox_id: int, now: datetime) -> Inbound:
        """Return the receipt that Twilio would post now for its message. Raises GatewayError."""
        found = asked(lambda: self._client.messages(provider_id).fetch())
        status, code = str(found.status or ""), str(found.error_code or "")
        return Inbound(
            provider="twilio",
            kind=InboundKind.RECEIPT,
            channel=Channel.SMS,
            key=f"asked:{provider_id}:{status}:{code}",
            sender=f"receipt:{outbox_id}",  # in line with those that are posted
            recipient="",
            received_at=now,
            payload={
                "MessageSid": provider_id,
                "MessageStatus": status,
                "ErrorCode": code,
                "o": str(outbox_id),
            },
            raw=b"",
        )

    def recent(self, to: str, since: datetime) -> list[Found]:
        """Return what Twilio lists of texts to a number; see ports.SmsGateway."""
        # Not filtered by DateSent: what Twilio has taken and not sent yet has none.
        listed = asked(lambda: self._client.messages.list(to=to, limit=NEWEST, page_size=NEWEST))
        return [
            Found(provider_id=str(text.sid), text=str(text.body or "")) for text in made_since(since, listed)
        ]

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _callback(self, outbox_id: int) -> str:
        return f"{self._config.public_base_url.rstrip('/')}/inbound/twilio/status?o={outbox_id}"


def connect(config: TwilioConfig) -> tuple[Client, Session]:
    """Return a client of the account, and its HTTP session, which is to be closed in the end."""
    # At INFO the SDK writes each request's address and headers, with the account's id in them.
    logging.getLogger("twilio.http_client").setLevel(logging.WARNING)
    # The SDK waits for ever unless it is told; and its async client ignores what it is told.
    http = TwilioHttpClient(timeout=config.timeout)
    client = Client(config.account_sid, config.auth_token, http_client=http)
    if config.api_base:
        client.api.base_url = config.api_base.rstrip("/")
        http.session.trust_env = False
    return client, http.session


def asked(request: Callable[[], AnswerT]) -> AnswerT:
    """Return the answer to a request. Raises GatewayError."""
    try:
        return request()
    except TwilioException as error:
        raise refusal_of(error) from error
    except RequestException as error:
        raise broken_connection(error) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # The answer was a success that the SDK could not read.
        raise unanswered("Twilio", error) from error


def made_since(since: datetime, listed: list[Any]) -> list[Any]:
    """Return those of the SDK's records that may have been made since then: all but the older ones."""
    return [record for record in listed if record.date_created is None or record.date_created >= since]


def refusal_of(error: TwilioException) -> GatewayError:
    """Return what an answer of Twilio's that is no success means."""
    status = getattr(error, "status", None)
    if not isinstance(status, int):
        return unanswered("Twilio", error)
    message = getattr(error, "msg", None) or getattr(error, "detail", None) or getattr(error, "title", "")
    code = getattr(error, "code", None)
    # Without a code of its own the SDK repeats the HTTP status.
    return refusal(
        "Twilio", status=status, code="" if code in (None, status) else str(code), message=str(message)
    )


def broken_connection(error: RequestException) -> GatewayError:
    """Return what a request means that found no way there, or none back."""
    if isinstance(error, ConnectTimeout | InvalidURL):
        return unreachable("Twilio", error)
    if isinstance(error, RequestsConnectionError) and error.args:
        cause = error.args[0]
        reason = cause.reason if isinstance(cause, MaxRetryError) else cause
        if isinstance(reason, NewConnectionError | ConnectTimeoutError | SSLError):
            return unreachable("Twilio", error)
    return unanswered("Twilio", error)
