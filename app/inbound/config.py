"""What the webhooks need to know to tell a provider from a stranger. Filled by serving, read here only."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundConfig:
    """Secrets and identities of the inward side; what is empty cannot be proven, so its requests are refused.

    `public_base_url` is how Twilio reaches us, without a trailing slash: signatures cover it.
    `twilio_auth_tokens` has the primary and, while rotating, the secondary token (or a SharedKey secret).
    `twilio_numbers` are ours in E.164; empty means that any number of our own Twilio account will do.
    SendGrid's public keys are as its settings show them (base64 DER) or PEM. With
    `sendgrid_parse_public_keys` a mail must be signed, else it must carry `sendgrid_parse_basic`, a user and
    a password. Mail to `inbound_domain` is ours; it is preferred when an envelope has several recipients.
    Sizes are in bytes of the request's body.
    """

    public_base_url: str
    twilio_account_sid: str = ""
    twilio_auth_tokens: tuple[str, ...] = field(default=(), repr=False)
    twilio_numbers: tuple[str, ...] = ()
    sendgrid_event_public_keys: tuple[str, ...] = ()
    sendgrid_parse_public_keys: tuple[str, ...] = ()
    sendgrid_parse_basic: tuple[str, str] | None = field(default=None, repr=False)
    inbound_domain: str = ""
    max_twilio_bytes: int = 256 * 1024
    max_events_bytes: int = 8 * 1024 * 1024
    max_mail_bytes: int = 32 * 1024 * 1024
