"""Is this really the provider? Each check answers yes or no; junk of any kind is a no, never an error."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from twilio.request_validator import (
    RequestValidator,
    get_signature_algorithm,
)

from app.domain.errors import CloseloopError


class PublicKeyError(CloseloopError):
    """A SendGrid public key is the base64 text that its webhook settings show."""


class _Fields:
    """Form fields as the SDK's validator wants them: names by iteration, a name's values by getlist."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields

    def __iter__(self) -> object:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def getlist(self, name: str) -> list[str]:
        return list(self._fields[name])


class TwilioSignature:
    """Checks X-Twilio-Signature with each of our tokens, so that tokens can be rotated."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """Take the Auth Tokens, primary first."""
        self._validators = [RequestValidator(token) for token in tokens if token]

    def is_valid(self, url: str, fields: Mapping[str, Sequence[str]], signature: str, settings: str) -> bool:
        """Return whether a token signed `url` with `fields`; `settings` is the signature settings header."""
        for validator in self._validators:
            try:
                algorithm = get_signature_algorithm(settings)
                if validator.validate(url, _Fields(fields), signature, algorithm):
                    return True
            except Exception:  # noqa: BLE001, S112 - the SDK raises half a dozen types on junk; junk is a no
                continue
        return False


class SendGridSignature:
    """Checks SendGrid's ECDSA signature over timestamp and raw body with each of the public keys."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take public keys, base64 DER or PEM. Raises PublicKeyError."""
        self._keys = [_load_key(key) for key in keys if key.strip()]

    def __bool__(self) -> bool:
        return bool(self._keys)

    def is_valid(self, body: bytes, signature: str, timestamp: str) -> bool:
        """Return whether one key made `signature` (base64) over `timestamp` followed by `body`."""
        try:
            der = base64.b64decode(signature, validate=True)
            signed = timestamp.encode("latin-1") + body
        except ValueError:
            return False
        return any(_verifies(key, der, signed) for key in self._keys)


class BasicCredentials:
    """Checks an Authorization header against one user and password, in constant time."""

    def __init__(self, user: str, password: str) -> None:
        """Take what the provider is told to send."""
        self._expected = f"{user}:{password}".encode()
        self._is_set = bool(user and password)

    def is_valid(self, header: str) -> bool:
        """Return whether `header` is `Basic` with our user and password."""
        scheme, _, encoded = header.partition(" ")
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except ValueError:
            return False
        return self._is_set and scheme.lower() == "basic" and hmac.compare_digest(given, self._expected)


def _load_key(text: str) -> ec.EllipticCurvePublicKey:
    try:
        if "BEGIN" in text:
            key = load_pem_public_key(text.encode())
        else:
            key = load_der_public_key(base64.b64decode("".join(text.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PublicKeyError from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise PublicKeyError
    return key


def _verifies(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True
