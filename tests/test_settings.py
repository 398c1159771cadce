"""The environment as one checked object; each wrong variable is named, with what would be right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from app import DEMO_HOME
from app.settings import PREFIX, Settings, SettingsError, demo_home, read_settings
from app.usecases.roles import Role

SID = "AC" + "0123456789abcdef" * 2
TWILIO = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": "hush", "TWILIO_FROM": "+15035550100"}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


def loaded(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(PREFIX + name, value)
    return read_settings()


def refused(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(monkeypatch, **variables)
    return str(caught.value)


def test_nothing_has_to_be_set() -> None:
    settings = read_settings()
    assert settings.home == (Path("/var/lib/closeloop") if os.geteuid() == 0 else Path.home() / ".closeloop")
    assert not settings.database_url
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    (rules,) = settings.rules
    assert list(rules.glob("*.yaml"))
    assert settings.role is Role.BOTH


def test_everything_can_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    settings = loaded(
        monkeypatch,
        **TWILIO,
        HOME=str(tmp_path),
        DATABASE_URL="postgres://joe:hunter2@db/desk",
        PORT="9000",
        PUBLIC_URL="https://desk.example.com/closeloop/",
        RULES=f"{tmp_path / 'a'}{os.pathsep}{tmp_path / 'b'}",
        TWILIO_AUTH_TOKEN_SECONDARY="older",
        TWILIO_API_BASE="http://127.0.0.1:8001",
        SENDGRID_API_KEY="SG.x",
        SENDGRID_PARSE_USER="parse",
        SENDGRID_PARSE_PASSWORD="word",
        SENDGRID_EVENT_KEY="MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD",
        MAIL_FROM="desk@example.com",
        MAIL_DOMAIN="In.Example.com",
        SECRET="s" * 32,
        LOG_LEVEL="WARNING",
        ROLE="web",
    )
    assert settings.database_url == "postgres://joe:hunter2@db/desk"
    assert settings.public_url == "https://desk.example.com/closeloop"
    assert settings.rules == (tmp_path / "a", tmp_path / "b")
    assert settings.mail_domain == "in.example.com"
    assert settings.log_level == "warning"
    assert settings.role is Role.WEB


def test_the_default_public_address_follows_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, PORT="9000").public_url == "http://127.0.0.1:9000"


def test_an_empty_variable_means_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, PORT="", RULES="", SECRET="", DATABASE_URL="").port == 8000


def test_a_value_from_a_file_may_end_with_a_newline(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        loaded(monkeypatch, **TWILIO | {"TWILIO_AUTH_TOKEN": "hush\n"}).twilio_auth_token.get_secret_value()
        == "hush"
    )


def test_the_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        read_settings().port = 1


def test_no_secret_is_ever_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(
        monkeypatch,
        **TWILIO,
        DATABASE_URL="postgresql://joe:hunter2@db/desk",
        SECRET="very-" * 8,
        SENDGRID_API_KEY="SG.x",
        MAIL_FROM="a@example.com",
    )
    shown = f"{settings!r} {settings}"
    for secret in ("hush", "hunter2", "very-", "SG.x"):
        assert secret not in shown


JUNK = [
    ("PORT", "lots", "a port to listen on, from 1 to 65535"),
    ("PORT", "99999", "a port to listen on, from 1 to 65535"),
    ("PORT", "0", "a port to listen on, from 1 to 65535"),
    ("PUBLIC_URL", "desk.example.com", "such as https://desk.example.com"),
    ("PUBLIC_URL", "https://desk.example.com?x=1", "without query"),
    ("PUBLIC_URL", "https://desk.example.com:x", "such as https://desk.example.com"),
    ("PUBLIC_URL", "https://[::1", "such as https://desk.example.com"),
    ("RULES", "/no/such/folder", "folders that exist"),
    ("TWILIO_ACCOUNT_SID", "AC12", "AC and 32 digits"),
    ("TWILIO_FROM", "503-555-0100", "such as +15035550100"),
    ("TWILIO_MESSAGING_SERVICE_SID", SID, "MG and 32 digits"),
    ("SENDGRID_EVENT_KEY", "not base64!", "in base64"),
    ("SENDGRID_PARSE_USER", "a:b", "without : @ /"),
    ("MAIL_FROM", "desk", "such as desk@example.com"),
    ("MAIL_DOMAIN", "desk@example.com", "such as in.example.com"),
    ("LOG_LEVEL", "loud", "debug, info, warning or error"),
    ("ROLE", "perhaps", "what this node does: both, web, worker"),
]


@pytest.mark.parametrize(("name", "value", "right"), JUNK)
def test_junk_is_named_with_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, right: str
) -> None:
    (line,) = refused(monkeypatch, **{name: value}).splitlines()
    assert line.startswith(f"CLOSELOOP_{name} is {value!r}; it has to be ")
    assert right in line


def test_a_junk_secret_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, SECRET="short", DATABASE_URL="mysql://joe:hunter2@db/desk")
    assert "short" not in said
    assert "hunter2" not in said
    lines = said.splitlines()
    assert lines[0].startswith(
        "CLOSELOOP_DATABASE_URL has a value that cannot be; it has to be postgresql://"
    )
    assert lines[1].startswith("CLOSELOOP_SECRET has a value that cannot be; it has to be 32 characters")


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, PORT="x", LOG_LEVEL="y", PROT="1")
    assert [line.split()[0] for line in said.splitlines()] == [
        "CLOSELOOP_PROT",
        "CLOSELOOP_PORT",
        "CLOSELOOP_LOG_LEVEL",
    ]
    assert "did you mean 'CLOSELOOP_PORT'?" in said


def test_what_belongs_together_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refused(monkeypatch, TWILIO_ACCOUNT_SID=SID, SENDGRID_API_KEY="SG.x", SENDGRID_PARSE_USER="u")
    assert said.splitlines() == [
        "CLOSELOOP_TWILIO_AUTH_TOKEN is missing, which CLOSELOOP_TWILIO_ACCOUNT_SID needs",
        "CLOSELOOP_MAIL_FROM is missing, which CLOSELOOP_SENDGRID_API_KEY needs",
        "CLOSELOOP_SENDGRID_PARSE_PASSWORD is missing, which CLOSELOOP_SENDGRID_PARSE_USER needs",
        "CLOSELOOP_TWILIO_FROM or CLOSELOOP_TWILIO_MESSAGING_SERVICE_SID is missing, which CLOSELOOP_TWILIO_ACCOUNT_SID needs",
    ]


def test_what_a_number_carries_is_its_limit_unless_another_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch).limits == {}
    assert loaded(monkeypatch, **TWILIO).limits == {"sms": 1, "voice": 1}
    mine = loaded(monkeypatch, TEXTS_PER_SECOND="12", CALLS_PER_SECOND="0", MAILS_PER_SECOND="2.5")
    assert mine.limits == {"sms": 12, "email": 2.5}
    assert "CLOSELOOP_TEXTS_PER_SECOND is '-1'" in refused(monkeypatch, TEXTS_PER_SECOND="-1")


def test_a_pool_and_a_simulator_have_no_limit_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = loaded(monkeypatch, **TWILIO, TWILIO_MESSAGING_SERVICE_SID="MG" + "0" * 32)
    assert pool.limits == {"voice": 1}
    assert loaded(monkeypatch, TWILIO_API_BASE="http://127.0.0.1:8001").limits == {}


def test_the_demo_that_was_run_here_is_named_unless_a_home_was_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert demo_home(read_settings()) is None
    (tmp_path / DEMO_HOME / "postgres").mkdir(parents=True)
    assert demo_home(read_settings()) == Path(DEMO_HOME)
    assert demo_home(loaded(monkeypatch, HOME=str(tmp_path))) is None
