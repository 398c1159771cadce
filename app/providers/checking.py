"""Questions to the providers and to our own public address: do credentials and signatures work.

Each raises GatewayError with the reason. What must not live here: what to do about it (app/doctor.py).
"""

from __future__ import annotations

import http.client
from urllib.error import HTTPError as UrlHTTPError
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from python_http_client.exceptions import HTTPError
from requests.exceptions import RequestException
from sendgrid import SendGridAPIClient
from twilio.base.exceptions import TwilioException
from twilio.request_validator import RequestValidator

from app.ports import GatewayError, Trouble
from app.providers.sendgrid import SendGridConfig
from app.providers.twilio import TwilioConfig, broken_connection, connect, refusal_of

_SID = "SM" + "0" * 32  # of a message that we never sent: its receipt is stored and changes nothing
_TIMEOUT = 10.0


def twilio_account(config: TwilioConfig) -> str:
    """Return the account's status, such as `active`. Raises GatewayError."""
    client, session = connect(config)
    try:
        return str(client.api.accounts(config.account_sid).fetch().status)
    except TwilioException as error:
        raise refusal_of(error) from error
    except RequestException as error:
        raise broken_connection(error) from error
    finally:
        session.close()


def sendgrid_scopes(config: SendGridConfig) -> frozenset[str]:
    """Return what the key may do. Raises GatewayError."""
    options = {"host": config.api_base.rstrip("/")} if config.api_base else {}
    client = SendGridAPIClient(config.api_key, **options)
    client.client.timeout = config.timeout
    try:
        return frozenset(client.client.scopes.get().to_dict["scopes"])
    except HTTPError as error:
        raise GatewayError(f"SendGrid answers {error.status_code}", trouble=Trouble.CONFIG) from error
    except (OSError, http.client.HTTPException) as error:
        raise GatewayError(f"SendGrid cannot be reached: {error}", trouble=Trouble.TRANSIENT) from error
    except (ValueError, KeyError, TypeError) as error:
        raise GatewayError("SendGrid's answer cannot be read", trouble=Trouble.CONFIG) from error


def webhook(config: TwilioConfig, *, signed: bool) -> int:
    """Return the HTTP status with which our public address answers a receipt, signed as Twilio does or not.

    The receipt is of a message that does not exist. Raises GatewayError when nobody answers.
    """
    url = f"{config.public_base_url.rstrip('/')}/inbound/twilio/status?o=0"
    fields = {"AccountSid": config.account_sid, "MessageSid": _SID, "MessageStatus": "queued"}
    signature = RequestValidator(config.auth_token).compute_signature(url, fields) if signed else "none"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    request = Request(url, urlencode(fields).encode(), headers)  # noqa: S310 - http(s) by settings
    try:
        with urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except UrlHTTPError as error:
        return error.code
    except (URLError, OSError, http.client.HTTPException) as error:
        raise GatewayError(f"{config.public_base_url}: {error}", trouble=Trouble.TRANSIENT) from error
