"""What all of Twilio's webhooks share: is it really Twilio, for our account; and the form's fields as stored.

What must not live here: what a request means (the other twilio_*.py, domain/reading.py).
"""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app.domain.phone_numbers import phone_of
from app.inbound.config import InboundConfig
from app.inbound.door import read_body, storable_json, turn_away
from app.inbound.forms import FormError, parse_urlencoded
from app.inbound.signatures import TwilioSignature
from app.ports import Acceptor

Fields = dict[str, list[str]]


class TwilioDoor:
    """Verifies requests."""

    def __init__(self, config: InboundConfig, acceptor: Acceptor) -> None:
        """Check with this configuration's tokens, numbers and account."""
        self._config = config
        self._acceptor = acceptor
        self._signature = TwilioSignature(config.twilio_auth_tokens)
        self._numbers = frozenset(map(phone_of, config.twilio_numbers))

    async def verified(self, request: Request) -> tuple[bytes, Fields | Response]:
        """Return the body and its fields, or the refusal when it is not from our Twilio account."""
        refuse = partial(turn_away, self._acceptor, request)
        signature = request.headers.get("x-twilio-signature", "")
        if not signature:
            return b"", await refuse("no_signature")
        body = await read_body(request, self._config.max_twilio_bytes)
        try:
            fields = parse_urlencoded(body)
        except FormError:
            return b"", await refuse("not_a_form")
        settings = request.headers.get("x-twilio-webhooks-signature-settings", "")
        if not self._signature.is_valid(self._signed_url(request), fields, signature, settings):
            return b"", await refuse("bad_signature", account=first(fields, "AccountSid"))
        if first(fields, "AccountSid") != self._config.twilio_account_sid:
            return b"", await refuse("foreign_account", account=first(fields, "AccountSid"))
        return body, fields

    async def verified_to_us(self, request: Request) -> tuple[bytes, Fields | Response]:
        """Do the same for what was sent to a number: it must be one of ours."""
        body, fields = await self.verified(request)
        if isinstance(fields, Response):
            return body, fields
        to = first(fields, "To")
        if self._numbers and phone_of(to) not in self._numbers:
            return b"", await turn_away(self._acceptor, request, "foreign_number", to=to)
        return body, fields

    def _signed_url(self, request: Request) -> str:
        # What Twilio called, not what a proxy made of it: Host and scheme of the request are not trusted.
        path: bytes = request.scope.get("raw_path") or request.url.path.encode()
        query: bytes = request.scope["query_string"]
        url = self._config.public_base_url.rstrip("/") + path.decode("latin-1")
        return f"{url}?{query.decode('latin-1')}" if query else url


def first(fields: Fields, name: str) -> str:
    """Return the first value of a field, empty if there is none."""
    values = fields.get(name)
    return values[0] if values else ""


def payload_of(fields: Fields) -> dict[str, object]:
    """Return the fields as the inbox keeps them."""
    plain = {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
    storable = storable_json(plain)
    return storable if isinstance(storable, dict) else {}
