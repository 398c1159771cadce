from __future__ import annotations

import pytest
from signing_by_hand import ACCOUNT, TOKEN, twilio_signature

from app.inbound.signatures import BasicCredentials, SendGridSignature, TwilioSignature

FIELDS = {"AccountSid": [ACCOUNT], "Body": ["x"]}
PAIRS = [("AccountSid", ACCOUNT), ("Body", "x")]
URL = "https://hooks.acme.example/inbound/twilio/sms"


def test_with_and_without_the_usual_port() -> None:
    signature = TwilioSignature((TOKEN,))
    for url in (URL, URL.replace(".example/", ".example:443/")):
        assert signature.is_valid(URL, FIELDS, twilio_signature(url, PAIRS), "")
    assert not signature.is_valid(
        URL, FIELDS, twilio_signature(URL.replace(".example/", ".example:8443/"), PAIRS), ""
    )


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("https://hooks.acme.example:notaport/x", FIELDS),
        ("https://[::1/x", FIELDS),
        (URL, {"Body": ["\ud800"]}),
        (URL, {}),
    ],
)
def test_what_the_sdk_raises_on_is_a_no(url: str, fields: dict[str, list[str]]) -> None:
    assert not TwilioSignature((TOKEN,)).is_valid(url, fields, "x", "")


def test_no_token_proves_nothing() -> None:
    empty = twilio_signature(URL, PAIRS, token="")
    assert not TwilioSignature(()).is_valid(URL, FIELDS, empty, "")
    assert not TwilioSignature(("",)).is_valid(URL, FIELDS, empty, "")


def test_no_key_proves_nothing() -> None:
    assert not SendGridSignature(())
    assert not SendGridSignature(("", " "))
    assert not SendGridSignature(()).is_valid(b"", "", "")
    assert not BasicCredentials("", "").is_valid("Basic Og==")
    assert not BasicCredentials("user", "").is_valid("Basic dXNlcjo=")
    assert BasicCredentials("user", "p").is_valid("basic dXNlcjpw")
