"""The rules' addresses: the rules in words, the box to try a message, a change and its replay, applying it.

Everybody who signed in may look and try; only managers and owners apply. What must not live here: what the
pages show (rules_page.py), what applying does (usecases/rule_changes.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.documents import DocumentError
from app.domain.charsets import storable
from app.domain.errors import CloseloopError
from app.domain.message import Channel
from app.rulebook.revision import Rulebook, as_they_are
from app.store import history as history_store
from app.usecases import rule_changes
from app.usecases.house import House
from app.usecases.replay import replay
from app.usecases.rule_changes import Change, NoSuchRevisionError
from app.usecases.trial import channel_of, try_message
from app.web.access import ForbiddenError, Guard, NoSuchPageError, Visitor, WebConfig
from app.web.rules_page import replay_words, revision_rows, stage_rows, tried_words
from app.web.showing import go_to, show

_DAYS: Final = 30
_MOST_MESSAGES: Final = 10_000  # more would keep the reader waiting; the command has a progress bar
_LONGEST: Final = 5000
_LONGEST_SEARCH: Final = 100
_ASKED: Final = ("text", "from", "channel", "subject")
_STALE: Final = "The rules have changed since. Nothing was applied; look at it again."
_FOLDER: Final = "folder"
_NOTICES: Final[Mapping[str, str]] = {"applied": "Applied: every node decides by it from now on."}


class RulesDesk:
    """Answers the requests about the rules."""

    def __init__(self, house: House, guard: Guard, config: WebConfig) -> None:
        """Answer for this house."""
        self.house = house
        self.guard = guard
        self.config = config

    def page(self, request: Request) -> Response:
        """Show the rules, and what a message would lead to if one is asked about."""
        visitor = self.guard.user(request)
        with self.house.begin() as connection:
            self.house.keep_up(connection)
            hits = history_store.rule_hits(connection, self._since())
        book = self.house.rulebook
        words = storable(request.query_params.get("q", "")[:_LONGEST_SEARCH]).strip()
        unfolded = request.query_params.get("stage", "")
        return self._show(
            request,
            "rules.html",
            visitor,
            stages=stage_rows(book, hits, words=words, unfolded=unfolded),
            words=words,
            short=book.hash[:12],
            revisions=revision_rows(rule_changes.history(self.house.engine)),
            folder=self._folder_differs(book),
            days=_DAYS,
        )

    def try_it(self, request: Request, form: Mapping[str, str]) -> Response:
        """Show all that a message would lead to; nothing is stored, nothing is sent."""
        visitor = self.guard.user(request)
        self.guard.check_form(form, visitor.csrf)
        asked = {name: storable(form.get(name, "")[:_LONGEST]) for name in _ASKED}
        wrong, tried = "", None
        try:
            channel = channel_of(asked["channel"], asked["from"])
            sender = asked["from"] or ("nobody@example.com" if channel == Channel.EMAIL else "+15005550001")
            tried = try_message(
                self.house,
                self.house.rulebook,
                text=asked["text"],
                sender=sender,
                channel=channel,
                subject=asked["subject"],
                now=self.house.clock.now(),
            )
        except CloseloopError as error:
            wrong = str(error) or type(error).__doc__ or ""
        words = tried_words(tried) if tried else None
        return self._show(request, "rules_try.html", visitor, asked=asked, tried=words, wrong=wrong)

    def change(self, request: Request) -> Response:
        """Show what a revision (or the folder) has otherwise than what is in force; its effect if asked."""
        visitor = self.guard.user(request)
        return self._change(request, visitor, request.path_params["revision"])

    def apply(self, request: Request, form: Mapping[str, str]) -> Response:
        """Apply a revision, or what the folder has: what the form showed, nothing else."""
        visitor = self.guard.user(request)
        if not visitor.audits:
            raise ForbiddenError
        self.guard.check_form(form, visitor.csrf)
        name = request.path_params["revision"]
        try:
            self._apply(self._planned(name), form, visitor)
        except rule_changes.RulesRaceError as error:
            return self._change(request, visitor, name, str(error), 409)
        except DocumentError:
            return self._change(request, visitor, name, "Nothing was applied.", 409)
        except rule_changes.RulesRefusedError as error:
            return self._change(request, visitor, name, f"Nothing was applied: {error}", 409)
        return go_to("/rules?did=applied")

    def _apply(self, change: Change, form: Mapping[str, str], visitor: Visitor) -> None:
        if (change.new.hash, str(change.number)) != (form.get("hash", ""), form.get("number", "")):
            raise rule_changes.RulesRaceError(_STALE)
        rule_changes.apply(self.house, change, visitor.person)

    def _change(
        self, request: Request, visitor: Visitor, name: str, notice: str = "", status: int = 200
    ) -> Response:
        wrong = ""
        try:
            change = self._compared(name)
        except DocumentError as error:
            wrong = str(error)
            return self._show(
                request, "rules_change.html", visitor, status, change=None, wrong=wrong, name=name
            )
        result, too_many = None, 0
        if "replay" in request.query_params and change.sentences:
            with self.house.begin() as connection:
                too_many = history_store.count(connection, self._since())
            if too_many <= _MOST_MESSAGES:
                too_many = 0
                result = replay_words(replay(self.house, change.old, change.new, self._since()))
        return self._show(
            request,
            "rules_change.html",
            visitor,
            status,
            change=change,
            short=change.new.hash[:12],
            result=result,
            too_many=too_many,
            days=_DAYS,
            name=name,
            told=notice,
            wrong=wrong,
        )

    def _book(self, name: str) -> Rulebook:
        if name == _FOLDER:
            if not self.config.rules:
                raise NoSuchPageError
            return as_they_are(*self.config.rules)
        try:
            return rule_changes.kept(self.house.engine, name)
        except NoSuchRevisionError:
            raise NoSuchPageError from None

    def _planned(self, name: str) -> Change:
        return rule_changes.planned(self.house, self._book(name))

    def _compared(self, name: str) -> Change:
        return rule_changes.compared(self.house, self._book(name))

    def _folder_differs(self, book: Rulebook) -> bool:
        if not self.config.rules:
            return False
        try:
            return as_they_are(*self.config.rules) != book
        except DocumentError:
            return True

    def _since(self) -> datetime:
        return self.house.clock.now() - timedelta(days=_DAYS)

    def _show(
        self, request: Request, template: str, visitor: Visitor, status: int = 200, **page: object
    ) -> Response:
        notice = str(page.pop("told", "")) or _NOTICES.get(request.query_params.get("did", ""), "")
        phones = self.config.demo_phones_url
        return show(request, template, status, page=page, me=visitor, phones=phones, notice=notice)
