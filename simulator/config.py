"""What a simulator is started with. Values only; reading the command line is `__main__`'s work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The accounts, addresses and habits of the simulated providers.

    `app_url` is where the application listens; `public_url` is what it believes to be called from outside
    (webhooks to it are signed for that and connected to `app_url`). Paths may carry Twilio's connection
    overrides as a fragment (`#rc=3&rp=all`). Delays are seconds;
    a voicemail records for `machine_seconds` where a person would be waited for. An empty `sender_domains`
    accepts any.
    """

    app_url: str = "http://127.0.0.1:8000"
    public_url: str = ""
    account_sid: str = "AC" + "0" * 32
    auth_token: str = "0123456789abcdef0123456789abcdef"  # noqa: S105 - a made-up account's token
    numbers: tuple[str, ...] = ("+15005550006",)
    messaging_services: tuple[str, ...] = ("MG" + "0" * 32,)
    sms_path: str = "/inbound/twilio/sms#rc=3&rp=all&ct=2000&rt=4000"
    voice_path: str = "/inbound/twilio/voice#rc=3&rp=all&ct=2000&rt=4000"
    rings_after: float = 0.0
    machine_seconds: float = 0.0
    words_a_second: float = 2.5
    sendgrid_key: str = "SG.simulated.key"
    sender_domains: tuple[str, ...] = ()
    mail_to: str = "help@inbound.example.com"
    parse_path: str = "/inbound/sendgrid/parse"
    parse_mode: str = "raw"
    parse_user: str = ""
    parse_password: str = ""
    parse_signed: bool = False
    events_path: str = "/inbound/sendgrid/events"
    signing_key_pem: str = ""
    state: Path | None = None
    directory: Path | None = None
    cast: tuple[str, ...] = ()
    receipts: str = "auto"
    sent_after: float = 0.0
    delivered_after: float = 0.0
    retry_first: float = 0.5
    suggestion: str = "water coming through ceiling aisle 7, store 114"
    quick_staff: tuple[str, ...] = ("ACK", "ETA 45", "ONSITE", "DONE replaced valve")
    quick_customer: tuple[str, ...] = ("YES", "NO")

    def __post_init__(self) -> None:
        parts = urlsplit(self.app_url)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK:
            raise ValueError(f"app_url must be http:// on this machine (127.0.0.1), not {self.app_url!r}")
        if self.parse_mode not in {"raw", "parsed"}:
            raise ValueError(f"parse_mode is raw or parsed, not {self.parse_mode!r}")
        if self.receipts not in {"auto", "manual"}:
            raise ValueError(f"receipts is auto or manual, not {self.receipts!r}")

    def signed_url(self, path: str) -> str:
        """Return the address of an application path as the providers know it."""
        return (self.public_url or self.app_url).rstrip("/") + path
