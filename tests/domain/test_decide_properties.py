"""Whatever is asked of a ticket, in any order and at any time, the promises hold after each step.

Random walks over `decide`: every command, any actor, timers that come late, early, twice or for something
that is long over, pages that fail in any order, a directory and a rulebook that change under way, and a
clock that jumps, also a little backwards as the clocks of two nodes do.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain import commands as cmd
from app.domain.classification import Classification, ClosureTerms, Route
from app.domain.clocks import CLOCK, CLOSURE, ESCALATION, HOLD, Timer
from app.domain.decide import Decision, decide
from app.domain.directory import Account, Directory
from app.domain.drafting import Say, Setting
from app.domain.escalation import Ladder, Level
from app.domain.evolve import fold
from app.domain.message import Channel
from app.domain.roster import Roster
from app.domain.sla import Policy, explain, parse_policy
from app.domain.ticket import ENDED, State, Ticket
from tests.building import LADDER, MINUTE, NIGHT, POLICY_DOCUMENT, directory, open_command, person

HOUR = timedelta(hours=1)
MOST_EVENTS = 40  # of one decision: a ladder of 3 levels x 2 rounds that finds nobody, and all thresholds
MOST_FIRINGS = 60  # at one instant, until nothing is due any more

LADDERS = {
    "three": LADDER,
    "waits": Ladder((Level(("account_manager",), 5 * MINUTE), *LADDER.levels[1:]), 0),
    "single": Ladder((Level(("account_manager",), timedelta(0)),), 0),
    "night": Ladder(
        (
            Level(("account_manager",), timedelta(0)),
            Level(("account_manager", "service_manager"), 7 * MINUTE),
            Level(("duty_manager",), 10 * MINUTE),
        ),
        1,
    ),
}
BY_PRIORITY = {
    "targets": {
        "acknowledge": {"within": {"P1": "15m", "P2": "30m", "P3": "4h"}, "warn_at": ["80%"]},
        "arrive": {"within": {"P1": "4h", "P2": "8h", "P3": "2d"}, "warn_at": ["50%", "80%"]},
        "resolve": {"within": {"P1": "8h", "P2": "1d", "P3": "5d"}, "warn_at": ["50%"]},
        "update": {"within": {"P1": "1h", "P2": "4h", "P3": "2d"}},
        "confirm": {"within": "1d"},
    },
    "pause_on": {"resolve": ["waiting_parts"], "arrive": ["no_access"]},
}
POLICIES: dict[str, Any] = {
    "plain": POLICY_DOCUMENT,
    "priorities": {**BY_PRIORITY, "on_reopen": "exclude", "on_priority_change": "from_start"},
    "restart": {**BY_PRIORITY, "on_reopen": "restart", "on_priority_change": "from_change"},
    "count": {**BY_PRIORITY, "on_reopen": "count", "on_priority_change": "keep"},
    "freeze": {**BY_PRIORITY, "on_reopen": "freeze"},
}
TERMS = [
    ClosureTerms(remind_after=2 * HOUR, close_after=4 * HOUR),
    ClosureTerms(remind_after=4 * HOUR, close_after=4 * HOUR),
    ClosureTerms(remind_after=5 * HOUR, close_after=2 * HOUR),
]
STAFF = ("ana", "sam", "dora", "rex")
CUSTOMER = "contact:maria"
DIRECTORIES: list[Directory] = [
    directory(),
    directory(
        people={p.key: p for p in (person("ana", active=False), person("sam"), person("dora"), person("rex"))}
    ),
    directory(
        people={p.key: p for p in (person("ana", methods="sms"), person("sam", methods=""), person("dora"))}
    ),
    directory(people={}, coverage=()),
    directory(accounts={"qb": Account(key="qb", name="QuickBite", tier="gold", manager="")}, coverage=()),
]


@dataclass
class Walk:
    """One ticket on its way, with all that was ever armed and all pages that were ever sent."""

    policy: Policy
    terms: ClosureTerms
    ladder: Ladder
    who: Directory = field(default_factory=directory)
    now: datetime = NIGHT
    ticket: Ticket | None = None
    events: list[Any] = field(default_factory=list)
    timers: frozenset[Timer] = frozenset()
    ever_armed: list[Timer] = field(default_factory=list)
    pages: list[Say] = field(default_factory=list)
    lag: timedelta = timedelta(0)  # for how long what people say waits to be read

    def do(self, command: cmd.Command) -> Decision:
        setting = Setting(
            now=self.now,
            ladder=self.ladder,
            revision="rev",
            policy=self.policy,
            roster=Roster(self.who),
            heard_at=self.now - self.lag,
        )
        before = self.ticket
        decision = decide(before, command, setting)
        self.ticket, self.timers = decision.ticket, decision.timers
        self.events.extend(decision.events)
        self.ever_armed.extend(sorted(decision.timers - set(self.ever_armed)))
        self.pages.extend(say for say in decision.says if say.page)
        assert len(decision.events) <= MOST_EVENTS, [e.kind for e in decision.events]
        if isinstance(command, cmd.TimerFired) and decision.stale:
            assert [e.kind for e in decision.events if e.kind not in ("warned", "breached")] == []
        self.check()
        return decision

    def fire_all_due(self) -> None:
        """Let the engine catch up: fire whatever is due until nothing is."""
        for _ in range(MOST_FIRINGS):
            due = sorted(t for t in self.timers if t.due_at <= self.now)
            if not due:
                return
            first = min(due, key=lambda t: t.due_at)
            self.do(cmd.TimerFired(kind=first.kind, key=first.key, due_at=first.due_at))
        raise AssertionError(f"a tight loop at {self.now}: {[e.kind for e in self.events[-30:]]}")

    def check(self) -> None:
        ticket = self.ticket
        assert ticket is not None
        assert fold(ticket.id, self.events) == ticket
        assert ticket.version == len(self.events)
        told = [e.at for e in self.events if e.kind not in ("opened", "warned", "breached", "released")]
        assert told == sorted(told), "something happened before what it came after"
        kinds = [timer.kind for timer in self.timers]
        assert len({(t.kind, t.key) for t in self.timers}) == len(kinds)
        if ticket.state in ENDED:
            assert not self.timers
            if ticket.state == State.CLOSED and not ticket.confirmed:
                silent = self.terms.remind_after >= self.terms.close_after
                since = max(i for i, e in enumerate(self.events) if e.kind == "resolved")
                reminded = "closure_reminded" in [e.kind for e in self.events[since:]]
                assert reminded or silent, "closed without an answer and without a reminder"
                but = [e for e in self.events[since:] if getattr(e, "reserves", False)]
                assert not but, "closed although the customer had more to say"
            return
        has_it = bool(ticket.assignee) or ticket.state == State.RESOLVED
        assert has_it or kinds.count(ESCALATION) == 1, "nobody has it and nobody is asked"
        assert (CLOSURE in kinds) == (ticket.state == State.RESOLVED)
        assert (HOLD in kinds) == (ticket.state == State.ON_HOLD and ticket.hold_until is not None)
        self.check_clocks(ticket)

    def check_clocks(self, ticket: Ticket) -> None:
        seen = max(self.now, ticket.changed_at)
        reports = explain(self.policy, ticket.history, seen)
        for metric, report in reports.items():
            armed = [t.due_at for t in self.timers if (t.kind, t.key) == (CLOCK, metric)]
            if report.state != "running" or report.breached:
                assert armed == [], f"{metric} is {report.state} and has a timer"
                continue
            assert report.due_at is not None
            shares = zip(self.policy.targets[metric].warn_at, report.warnings, strict=True)
            ahead = [at for share, at in shares if at and f"{metric}:{share}" not in ticket.warned]
            assert armed == [min([*ahead, report.due_at + timedelta(microseconds=1)])], metric

    def check_end(self) -> None:
        """Each breach once, at the instant at which the pure function says it was."""
        assert self.ticket is not None
        reports = explain(self.policy, self.ticket.history, max(self.now, self.ticket.changed_at))
        recorded = [(e.metric, e.at) for e in self.events if e.kind == "breached"]
        expected = {(str(m), r.breached_at) for m, r in reports.items() if r.breached}
        assert len(recorded) == len(set(recorded))
        assert set(recorded) == expected
        warned = [(e.metric, e.share) for e in self.events if e.kind == "warned"]
        assert len(warned) == len(set(warned))


JUMPS = [
    timedelta(0),
    timedelta(seconds=1),
    MINUTE,
    7 * MINUTE,
    15 * MINUTE,
    HOUR,
    5 * HOUR,
    timedelta(days=2),
]
BACK = timedelta(seconds=2)


def staff_command(draw: Any) -> cmd.Command:
    who = draw(st.sampled_from(STAFF))
    base: dict[str, Any] = {"actor": f"person:{who}", "person": who}
    kind = draw(
        st.sampled_from(
            [
                cmd.Acknowledge,
                cmd.Acknowledge,
                cmd.Pass,
                cmd.Take,
                cmd.GiveEta,
                cmd.Arrive,
                cmd.Hold,
                cmd.Release,
                cmd.Resolve,
                cmd.Resolve,
                cmd.Reopen,
                cmd.Escalate,
                cmd.Note,
                cmd.Update,
                cmd.SetPriority,
                cmd.Cancel,
            ]
        )
    )
    if kind is cmd.GiveEta:
        base["eta"] = NIGHT + draw(st.sampled_from([10 * MINUTE, HOUR, 9 * HOUR]))
    elif kind is cmd.Hold:
        base["reason"] = draw(st.sampled_from(["waiting_parts", "no_access", "other"]))
        base["duration"] = draw(st.sampled_from([None, timedelta(0), 30 * MINUTE, 20 * HOUR]))
    elif kind is cmd.SetPriority:
        base["priority"] = draw(st.sampled_from(["P1", "P2", "P3"]))
    elif kind in (cmd.Resolve, cmd.Note, cmd.Update):
        base["text"] = draw(st.sampled_from(["", "replaced valve"])) if kind is cmd.Resolve else "words"
    return kind(**base)


def customer_command(draw: Any) -> cmd.Command:
    what = draw(st.sampled_from(["says", "chase", "thanks", "yes", "no", "no", "site", "worse"]))
    if what == "yes":
        return cmd.Confirm(actor=CUSTOMER, text="yes")
    if what == "no":
        return cmd.Decline(actor=CUSTOMER, text="no")
    if what == "worse":
        return cmd.WorseNews(
            actor=CUSTOMER,
            priority=draw(st.sampled_from(["P1", "P2"])),
            life_safety=draw(st.booleans()),
            ladder="urgent",
            text="it burns",
        )
    if what == "site":
        return cmd.SetSite(actor=CUSTOMER, account="qb", site="qb/412")
    return cmd.CustomerSays(
        actor=CUSTOMER,
        text="more words",
        address="+16175550142",
        channel=Channel.SMS,
        inbox_id=None,
        quiet=what == "thanks",
        chase=what == "chase",
    )


def failing_page(draw: Any, walk: Walk) -> cmd.Command:
    """The failure of a page that was really sent, of any age, or of a text to the customer."""
    customer = cmd.ReportFailure(
        outbox_id=1,
        person="",
        channel=Channel.SMS,
        address="+16175550142",
        page=False,
        code="30005",
        detail="x",
    )
    pages = [p for p in walk.pages if p.person in walk.who.people and walk.who.people[p.person].methods]
    if not pages or draw(st.integers(0, 5)) == 0:
        return customer
    page = draw(st.sampled_from(pages))
    methods = walk.who.people[page.person].methods
    method = methods[min(page.method, len(methods) - 1)]
    return replace(
        customer, person=page.person, channel=Channel(method.kind), address=method.address, page=True
    )


def any_timer(draw: Any, walk: Walk) -> cmd.Command:
    timer = draw(st.sampled_from(walk.ever_armed))
    return cmd.TimerFired(kind=timer.kind, key=timer.key, due_at=timer.due_at)


def step(draw: Any, walk: Walk) -> None:
    move = draw(
        st.sampled_from(
            [
                "jump",
                "jump",
                "due",
                "due",
                "back",
                "staff",
                "staff",
                "staff",
                "customer",
                "fail",
                "left",
                "lag",
                "timer",
                "catch up",
                "directory",
                "ladder",
            ]
        )
    )
    if move == "jump":
        walk.now += draw(st.sampled_from(JUMPS))
    elif move == "due" and walk.timers:
        walk.now = max(walk.now, min(t.due_at for t in walk.timers))
        walk.fire_all_due()
    elif move == "back":
        walk.now -= BACK
    elif move == "staff":
        walk.do(staff_command(draw))
    elif move == "customer":
        walk.do(customer_command(draw))
    elif move == "fail":
        walk.do(failing_page(draw, walk))
    elif move == "left" and walk.ticket is not None:
        walk.do(cmd.HolderLeft(person=walk.ticket.assignee))
    elif move == "timer" and walk.ever_armed:
        walk.do(any_timer(draw, walk))
    elif move == "catch up":
        walk.fire_all_due()
    elif move == "lag":
        walk.lag = draw(st.sampled_from([timedelta(0), MINUTE, 20 * MINUTE, -MINUTE]))
    elif move == "directory":
        walk.who = draw(st.sampled_from(DIRECTORIES))
    elif move == "ladder":
        walk.ladder = draw(st.sampled_from(list(LADDERS.values())))


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.data())
def test_the_promises_hold_after_any_walk(data: st.DataObject) -> None:
    draw = data.draw
    terms = draw(st.sampled_from(TERMS))
    walk = Walk(
        policy=parse_policy(POLICIES[draw(st.sampled_from(sorted(POLICIES)))], {}, "America/New_York"),
        terms=terms,
        ladder=LADDERS[draw(st.sampled_from(sorted(LADDERS)))],
    )
    safety = draw(st.booleans())
    walk.do(
        open_command(
            contact_at=NIGHT - draw(st.sampled_from([timedelta(0), MINUTE, 20 * MINUTE])),
            classification=Classification(priority=draw(st.sampled_from(["P1", "P3"])), life_safety=safety),
            route=Route(ladder="day", sla="standard", confirm=terms),
        )
    )
    for _ in range(draw(st.integers(1, 25))):
        step(draw, walk)
    walk.now = max(walk.now, walk.ticket.changed_at if walk.ticket else walk.now)
    walk.fire_all_due()
    walk.check_end()
    if safety:
        assert walk.ticket is not None
        assert walk.ticket.state != State.CLOSED or walk.ticket.confirmed
