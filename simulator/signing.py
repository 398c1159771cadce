"""Signatures as the providers make them, written from their documentation and not with their SDKs.

Twilio: base64 of HMAC-SHA1, keyed with the auth token, over the URL and the sorted form fields.
SendGrid: base64 of a DER ECDSA signature on P-256 with SHA-256, over the timestamp header and the raw body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from itertools import chain

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def twilio_signature(token: str, url: str, params: Iterable[tuple[str, str]]) -> str:
    """Return the value of `X-Twilio-Signature`; a repeated field counts once for each different value."""
    signed = url.partition("#")[0] + "".join(chain.from_iterable(sorted(set(params))))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


class SendGridKey:
    """The key pair of one simulated SendGrid account."""

    def __init__(self, pem: str = "") -> None:
        if pem:
            key = serialization.load_pem_private_key(pem.encode(), password=None)
            if not isinstance(key, ec.EllipticCurvePrivateKey):
                raise TypeError("the SendGrid signing key must be a P-256 private key in PEM")
            self._key = key
        else:
            self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def pem(self) -> str:
        """Return the private key, for the state file."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    @property
    def public(self) -> str:
        """Return the public key as SendGrid's settings page shows it: base64 of the DER form."""
        return base64.b64encode(
            self._key.public_key().public_bytes(
                serialization.Encoding.DER,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
        ).decode()

    def sign(self, timestamp: str, body: bytes) -> str:
        """Return the signature header's value."""
        return base64.b64encode(self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
