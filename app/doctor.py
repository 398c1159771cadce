"""`closeloop doctor`: looks at everything that an installation depends on; each line says what to do.

Changes nothing but one receipt for a message that does not exist. What must not live here: repairs.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from app import __version__, bootstrap
from app.domain.contact_checks import Standing
from app.domain.errors import CloseloopError
from app.domain.message import Channel
from app.ports import GatewayError
from app.providers import checking
from app.settings import Settings, demo_home
from app.store import contact_checks, schema
from app.store import nodes as node_store
from app.store.lanes import TOGETHER, HeldBack
from app.usecases.gaps import prove_coverage
from app.usecases.health import Health
from app.usecases.pulse import MOST_SKEW, SILENCE, Pulse

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.usecases.house import House

AnswerT = TypeVar("AnswerT")
_GAP_DAYS = 14
_SHOWN = 5
_ROOM = 2**30
_KINDS = {Channel.SMS: "texts", Channel.VOICE: "calls", Channel.EMAIL: "mails"}


class Verdict(StrEnum):
    """How a check ended; `note` is worth knowing and not wrong."""

    OK = "ok"
    NOTE = "note"
    BAD = "BAD"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at. `remedy` is empty when there is nothing to do."""

    verdict: Verdict
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return the line as it is printed."""
        return f"{self.verdict:<5} {self.what}" + (f"\n      -> {self.remedy}" if self.remedy else "")


def examine(settings: Settings) -> Iterator[Line]:
    """Yield one line after the other, each as soon as it is known."""
    try:
        with bootstrap.database(settings) as engine:
            yield _ok(f"database: {engine.url.render_as_string()}")
            yield from _inside(settings, engine)
    except CloseloopError as error:
        yield _bad(f"database: {error}", "nothing else of the database can be looked at before that works")
    yield from _providers(settings)
    yield pace(settings)
    yield from _machine(settings)


def _inside(settings: Settings, engine: Engine) -> Iterator[Line]:
    try:
        schema.ensure_current(engine)
        yield _ok(f"schema: {schema.current(engine)}")
    except CloseloopError as error:
        yield _bad("schema", str(error))
        demo = demo_home(settings)
        if demo:
            what = f"the demo's data is in {demo}"
            yield Line(Verdict.NOTE, what, f"look at it: CLOSELOOP_HOME={demo} closeloop doctor")
        return
    try:
        house = bootstrap.build_house(settings, engine, bootstrap.rulebook_in_force(settings, engine))
        yield _ok(f"rulebook: {house.rulebook.hash[:12]}")
    except CloseloopError as error:
        yield _bad("rulebook", f"{error}; see: closeloop rules check")
        return
    yield from _nodes(house)
    yield from _coverage(house)
    yield from _addresses(house)


def _nodes(house: House) -> Iterator[Line]:
    pulse = Pulse(house, role="doctor", version=__version__)
    pulse.compare()
    if pulse.trusted:
        yield _ok(f"clock: {pulse.skew:+.2f} s against the database's")
    else:
        remedy = f"set both by NTP; beyond {MOST_SKEW:.0f} s nothing starts"
        yield _bad(f"clock: {pulse.skew:+.1f} s against the database's", remedy)
    with house.begin() as connection:
        nodes = node_store.known(connection)
    alive = [node for node in nodes if node.silent_seconds < SILENCE.total_seconds()]
    for node in alive:
        yield _ok(f"node {node.node}: {node.role}, version {node.version}, clock {node.skew_seconds:+.2f} s")
    if len({node.version for node in alive}) > 1:
        yield Line(
            Verdict.NOTE, "nodes of different versions run", "finish the upgrade: restart the old ones"
        )
    look = Health(house, pulse).look()
    for problem in look.problems:
        yield _bad(problem.what, problem.remedy)
    if not look.problems:
        yield _ok("promises: all hold now")
    for held in look.held:
        yield Line(Verdict.NOTE, f"held back: {_held(held)}")
    if not look.held:
        yield _ok("held back: nothing")


def _held(held: HeldBack) -> str:
    if held.lane == TOGETHER:
        return f"{held.waiting} pages, told together with the next"
    what = f"{held.waiting} {_KINDS[Channel(held.lane)]}"
    if held.until is not None:
        return f"{what}: the provider says too fast ({held.code}), again from {held.until:%H:%M:%S} UTC"
    return (
        f"{what}: slower, the provider said too fast ({held.code})" if held.code else f"{what}, by their pace"
    )


def pace(settings: Settings) -> Line:
    """Say how fast it sends, and what is to be told if we do not know how fast it may."""
    limits = settings.limits
    paces = [
        f"{kind} {f'{limits[channel]:g} a second' if channel in limits else 'as many as there are'}"
        for channel, kind in _KINDS.items()
    ]
    what = f"pace: {', '.join(paces)}"
    real = settings.twilio_account_sid and not settings.twilio_api_base
    if not real or Channel.SMS in limits or settings.texts_per_second is not None:
        return _ok(what)
    who = "of a messaging service's numbers together" if settings.twilio_messaging_service_sid else "of it"
    remedy = f"set CLOSELOOP_TEXTS_PER_SECOND to the segments a second {who}, 0 if you want no limit"
    return Line(Verdict.NOTE, what, remedy)


def _coverage(house: House) -> Iterator[Line]:
    proof = prove_coverage(house, _GAP_DAYS)
    if not proof.directory.accounts:
        yield Line(
            Verdict.NOTE, "no accounts yet", "load your company: closeloop load FILE (docs/directory.md)"
        )
    elif proof.gaps:
        what = f"on-call: {len(proof.gaps)} gaps in the next {_GAP_DAYS} days, nobody could be paged"
        yield _bad(what, "see which: closeloop oncall gaps")
    else:
        yield _ok(f"on-call: somebody can always be paged, {_GAP_DAYS} days ahead")


def _addresses(house: House) -> Iterator[Line]:
    """Look whether everybody who may be paged has a phone or mailbox that is proven and works."""
    with house.begin() as connection:
        checks = contact_checks.read_checks(connection)
        directory = house.roster(connection).directory
    paged = [person for person in directory.people.values() if person.active and person.methods]
    for standing, verdict, what in (
        (Standing.FAILING, Verdict.BAD, "cannot be reached by any of their addresses"),
        (Standing.UNVERIFIED, Verdict.NOTE, "have no verified phone or mailbox"),
    ):
        names = [person.name for person in paged if checks.of(person) is standing]
        if names:
            shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if names[_SHOWN:] else "")
            remedy = (
                "each opens /me and types in the code that comes; or write verified: true in the directory"
            )
            yield Line(verdict, f"numbers: {len(names)} {what}: {shown}", remedy)
    if paged and all(checks.of(person) is Standing.WORKS for person in paged):
        yield _ok(f"numbers: {len(paged)} people, each with a verified phone or mailbox")


def _providers(settings: Settings) -> Iterator[Line]:
    twilio, sendgrid = bootstrap.twilio_config(settings), bootstrap.sendgrid_config(settings)
    if not twilio.account_sid:
        yield Line(
            Verdict.NOTE, "Twilio: not set up, no texts", "set CLOSELOOP_TWILIO_ACCOUNT_SID and the others"
        )
    else:
        yield _asked(
            "Twilio: account",
            lambda: checking.twilio_account(twilio),
            lambda status: status == "active",
            "check CLOSELOOP_TWILIO_ACCOUNT_SID and _AUTH_TOKEN in Twilio's console",
        )
        yield from _webhooks(settings)
    if not sendgrid.api_key:
        yield Line(
            Verdict.NOTE, "SendGrid: not set up, no mail", "set CLOSELOOP_SENDGRID_API_KEY and _MAIL_FROM"
        )
    else:
        yield _asked(
            "SendGrid: the key may send mail",
            lambda: "mail.send" in checking.sendgrid_scopes(sendgrid),
            bool,
            "make a key with the scope mail.send and set CLOSELOOP_SENDGRID_API_KEY",
        )


def _webhooks(settings: Settings) -> Iterator[Line]:
    config = bootstrap.twilio_config(settings)
    yield _asked(
        f"webhooks: {settings.public_url} takes what is signed",
        lambda: checking.webhook(config, signed=True),
        lambda status: status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT},
        "403: CLOSELOOP_PUBLIC_URL is not what the proxy passes on, or the token is another; 404 or no"
        " answer: the proxy does not lead here",
    )
    yield _asked(
        f"webhooks: {settings.public_url} refuses what is not",
        lambda: checking.webhook(config, signed=False),
        lambda status: status == HTTPStatus.FORBIDDEN,
        "something in front of Closeloop answers in its place",
    )
    if not settings.public_url.startswith("https:") and not settings.twilio_api_base:
        yield Line(Verdict.NOTE, "CLOSELOOP_PUBLIC_URL is not https", "put a proxy with TLS in front")


def _machine(settings: Settings) -> Iterator[Line]:
    folder = next(p for p in (settings.home, *settings.home.parents) if p.exists())
    free = shutil.disk_usage(folder).free
    what = f"disk: {free / _ROOM:.1f} GB free at {folder}"
    if not settings.database_url and free < _ROOM:
        yield _bad(what, "make room: the embedded database stops when it is full")
    else:
        yield _ok(what)
    if not settings.heartbeat_url:
        remedy = "set CLOSELOOP_HEARTBEAT_URL to a dead-man's switch outside"
        yield Line(Verdict.NOTE, "nobody outside notices if all of this stops", remedy)


def _asked(what: str, ask: Callable[[], AnswerT], fine: Callable[[AnswerT], bool], remedy: str) -> Line:
    try:
        answer = ask()
    except GatewayError as error:
        return _bad(f"{what}: {error}", remedy)
    return _ok(f"{what}: {answer}") if fine(answer) else _bad(f"{what}: {answer}", remedy)


def _ok(what: str) -> Line:
    return Line(Verdict.OK, what)


def _bad(what: str, remedy: str) -> Line:
    return Line(Verdict.BAD, what, remedy)
