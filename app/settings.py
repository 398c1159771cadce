"""Settings: the environment's CLOSELOOP_* variables as one frozen object, checked when it is made.

Read by bootstrap and serving only, which hand on to each part what it needs. Nothing else looks at the
environment.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app import DEMO_HOME
from app.documents import nearest
from app.domain.errors import CloseloopError
from app.domain.message import Channel
from app.domain.pacing import KNOWN_CALLS, known_limit
from app.store.carried import carried
from app.usecases.roles import Role

PREFIX = "CLOSELOOP_"


class SettingsError(CloseloopError):
    """A CLOSELOOP_ variable has a value that cannot be."""


def _matching(pattern: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value and re.fullmatch(pattern, value) is None:
            raise ValueError(value)
        return value

    return check


def _url(value: str) -> str:
    parts = urlsplit(value)
    if value and (
        parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment
    ):
        raise ValueError(value)
    _ = parts.port  # raises ValueError unless it is a number
    return value.rstrip("/")


def _key(value: str) -> str:
    base64.b64decode(value, validate=True)
    return value


def _folders(value: object) -> object:
    return tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value


def _present(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    if not all(folder.is_dir() for folder in folders):
        raise ValueError(folders)
    return folders


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _default_home() -> Path:
    # The embedded database of root runs as `nobody` (store/programs.py), who should not pass through /root.
    root = os.name == "posix" and os.geteuid() == 0
    return Path("/var/lib/closeloop") if root else Path.home() / ".closeloop"


def _default_rules() -> tuple[Path, ...]:
    return (carried("rules"),)


def _default_public_url(known: dict[str, Any]) -> str:
    return f"http://127.0.0.1:{known.get('port', 8000)}"


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Url = Annotated[str, AfterValidator(_url)]
PublicKey = Annotated[str, AfterValidator(_key)]


class Settings(BaseSettings):
    """All settings; an empty variable means its default.

    Each field's description completes the sentence "it has to be ...".
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_default=False,
    )

    home: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=_default_home,
        description="the directory of the embedded database and the secret;"
        " default ~/.closeloop, for root /var/lib/closeloop",
    )
    database_url: Annotated[str, AfterValidator(_matching(r"postgres(ql(\+psycopg)?)?://.*"))] = Field(
        default="",
        repr=False,  # it may carry a password
        description="postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or empty for the embedded database",
    )
    host: str = Field(
        default="127.0.0.1", description="the address to listen on, such as 127.0.0.1 or 0.0.0.0"
    )
    port: int = Field(default=8000, ge=1, le=65535, description="a port to listen on, from 1 to 65535")
    public_url: Url = Field(
        default_factory=_default_public_url,
        min_length=1,
        description="the address by which providers and people reach this server, without query,"
        " such as https://desk.example.com; signatures are checked against it",
    )
    rules: Annotated[
        tuple[Path, ...],
        NoDecode,
        BeforeValidator(_folders),
        AfterValidator(_present),
    ] = Field(
        default_factory=_default_rules,
        description=f"folders that exist, with {os.pathsep} between them; default the carried ones",
    )
    twilio_account_sid: Annotated[str, AfterValidator(_matching(r"AC[0-9a-f]{32}"))] = Field(
        default="",
        description="AC and 32 digits of 0-9 a-f, from Twilio's console",
    )
    twilio_auth_token: SecretStr = Field(
        default=SecretStr(""),
        description="the account's auth token: it signs the webhooks",
    )
    twilio_auth_token_secondary: SecretStr = Field(
        default=SecretStr(""),
        description="the token before or after it, while it is being changed",
    )
    twilio_from: Annotated[str, AfterValidator(_matching(r"\+[1-9]\d{6,14}|\d{5,6}"))] = Field(
        default="",
        description="the number to send from, such as +15035550100, or a short code",
    )
    twilio_messaging_service_sid: Annotated[str, AfterValidator(_matching(r"MG[0-9a-f]{32}"))] = Field(
        default="",
        description="MG and 32 digits of 0-9 a-f, when a messaging service sends",
    )
    twilio_api_base: Url = Field(
        default="",
        description="the address of the simulator, such as http://127.0.0.1:8001, or empty for Twilio",
    )
    sendgrid_api_key: SecretStr = Field(default=SecretStr(""), description="a key that may send mail")
    sendgrid_api_base: Url = Field(
        default="",
        description="the address of the simulator, such as http://127.0.0.1:8001, or empty for SendGrid",
    )
    sendgrid_event_key: PublicKey = Field(
        default="",
        description="the verification key of the signed event webhook, in base64",
    )
    sendgrid_parse_key: PublicKey = Field(
        default="",
        description="the verification key of the signed inbound parse webhook, in base64",
    )
    sendgrid_parse_user: Annotated[str, AfterValidator(_matching(r"[^:@/\s]+"))] = Field(
        default="",
        description="the user in the inbound parse webhook's address, without : @ /",
    )
    sendgrid_parse_password: SecretStr = Field(
        default=SecretStr(""),
        description="the password in the inbound parse webhook's address",
    )
    mail_from: Annotated[str, AfterValidator(_matching(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+"))] = Field(
        default="",
        description="the mailbox that mails come from, such as desk@example.com",
    )
    mail_domain: Annotated[
        str,
        BeforeValidator(_lower),
        AfterValidator(_matching(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+")),
    ] = Field(default="", description="the domain whose mail comes in here, such as in.example.com")
    secret: SecretStr = Field(
        default=SecretStr(""),
        min_length=32,
        description="32 characters or more, the same on all nodes, or empty: then one is made in the home",
    )
    demo_phones_url: Url = Field(
        default="",
        description="the address of the simulator's phones page, for a link to it, such as http://127.0.0.1:8001",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        default="info",
        description="debug, info, warning or error",
    )
    keep_messages_days: int = Field(
        default=1095,
        ge=30,
        le=36_500,
        description="the days for which the bodies of messages are kept as they came, from 30; default 1095",
    )
    heartbeat_url: Url = Field(
        default="",
        description="the address of a dead-man's switch that is called each minute while all promises hold",
    )
    probe_from: Annotated[str, AfterValidator(_matching(r"\+[1-9]\d{6,14}"))] = Field(
        default="",
        description="a second number of the Twilio account, such as +15035550199, which texts the first"
        " one to test the whole way, or empty",
    )
    otlp_endpoint: Url = Field(
        default="",
        description="the address of an OpenTelemetry receiver for OTLP over HTTP, such as"
        " http://127.0.0.1:4318, or empty; it needs the packages of closeloop[otel]",
    )
    otlp_standard: str = Field(
        default="",
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="the same by the name that other programs know",
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""),
        description="the bearer token for /metrics; without one only this machine may read it",
    )
    texts_per_second: float | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="how many segments of texts a second the number or the messaging service may send, such"
        " as 12 or 0.5; 0 for any number; default by the kind of number",
    )
    calls_per_second: float | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="how many calls a second Twilio may be asked to place, such as 1; 0 for any number;"
        " default 1",
    )
    mails_per_second: float = Field(
        default=0,
        ge=0,
        le=10_000,
        description="how many mails a second SendGrid may be handed, such as 10; 0, the default, for any"
        " number",
    )
    crash_at: str = Field(
        default="",
        description="empty but in tests: the name of a point at which this process kills itself",
    )
    role: Role = Field(
        default=Role.BOTH,
        description="what this node does: both, web, worker (tickets and sending), tickets or sender",
    )

    @property
    def limits(self) -> Mapping[Channel, float]:
        """How many a second each sender may send: as it is set, else what Twilio itself would let through.

        A simulator has no such limit; nor has a channel that is not named.
        """
        texts, calls = self.texts_per_second, self.calls_per_second
        if self.twilio_account_sid and not self.twilio_api_base:
            pooled = bool(self.twilio_messaging_service_sid)
            texts = texts if texts is not None or pooled else known_limit(self.twilio_from)
            calls = KNOWN_CALLS if calls is None else calls
        wanted = {Channel.SMS: texts, Channel.VOICE: calls, Channel.EMAIL: self.mails_per_second}
        return {channel: limit for channel, limit in wanted.items() if limit}

    @model_validator(mode="before")
    @classmethod
    def _strip(cls, values: dict[str, Any]) -> dict[str, Any]:
        # A token that was read from a file ends with a newline, and no value here may have one.
        return {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """See that what only works together is there together."""
        wrong = [
            f"{PREFIX}{missing.upper()} is missing, which {PREFIX}{given.upper()} needs"
            for given, missing in (
                ("twilio_account_sid", "twilio_auth_token"),
                ("twilio_auth_token", "twilio_account_sid"),
                ("twilio_auth_token_secondary", "twilio_auth_token"),
                ("twilio_from", "twilio_account_sid"),
                ("twilio_messaging_service_sid", "twilio_account_sid"),
                ("probe_from", "twilio_from"),
                ("sendgrid_api_key", "mail_from"),
                ("sendgrid_parse_user", "sendgrid_parse_password"),
                ("sendgrid_parse_password", "sendgrid_parse_user"),
            )
            if getattr(self, given) and not getattr(self, missing)
        ]
        if self.twilio_account_sid and not (self.twilio_from or self.twilio_messaging_service_sid):
            wrong.append(
                f"{PREFIX}TWILIO_FROM or {PREFIX}TWILIO_MESSAGING_SERVICE_SID is missing,"
                f" which {PREFIX}TWILIO_ACCOUNT_SID needs",
            )
        if wrong:
            raise ValueError("\n".join(wrong))
        return self


def read_settings() -> Settings:
    """Return the environment's settings. Raises SettingsError: a line for each variable that is wrong."""
    problems = _unknown(os.environ)
    try:
        settings = Settings()
    except ValidationError as error:
        problems += [
            _problem(dict(each), os.environ)
            for each in error.errors()
            if each["type"] != "default_factory_not_called"  # only follows from another's error
        ]
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def demo_home(settings: Settings) -> Path | None:
    """Return where the demo that was run here keeps its data, None if there is none or a home was chosen."""
    chosen, here = settings.model_fields_set & {"home", "database_url"}, Path(DEMO_HOME)
    return here if not chosen and (here / "postgres").is_dir() else None


def _unknown(environ: Mapping[str, str]) -> list[str]:
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    return [
        f"{name} is no setting{nearest(name, known)}"
        for name in sorted(environ)
        if name.upper().startswith(PREFIX) and name.upper() not in known
    ]


def _problem(error: dict[str, Any], environ: Mapping[str, str]) -> str:
    if not error["loc"]:
        return str(error["ctx"]["error"])
    field = str(error["loc"][0])
    about = Settings.model_fields[field]
    name = PREFIX + field.upper()
    value = next((value for key, value in environ.items() if key.upper() == name), "")
    secret = about.annotation is SecretStr or not about.repr
    shown = "has a value that cannot be" if secret else f"is {value!r}"
    return f"{name} {shown}; it has to be {about.description}"
