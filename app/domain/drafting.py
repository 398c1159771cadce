"""The draft of a decision: events and messages gathered while a command is decided, and the ladder's steps.

What must not live here: what each command means (decide.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from app.domain import events as ev
from app.domain.escalation import Ladder, Position, following, in_order
from app.domain.events import AnyEvent
from app.domain.evolve import evolve
from app.domain.notifying import URGENT, plan, trivial
from app.domain.roster import Roster, Scope
from app.domain.sla import Policy
from app.domain.sla_actions import Actions
from app.domain.texts import TextId
from app.domain.ticket import Ticket

Fact = str | datetime
EventT = TypeVar("EventT", bound=AnyEvent)

# Between two rounds of a ladder there is at least this, also when none of its levels waits: levels without a
# wait are asked at once, but nobody is paged round after round in one breath. The same after it ran out.
_SHORTEST_REST = timedelta(minutes=1)
_FIRST_WAIT = timedelta(minutes=5)
# Why the next of a level whose people are asked one by one is asked; anything else goes on to the next level.
_ONE_SAYS_NO = frozenset({"", "passed", "unreachable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a decision may know besides the ticket: the instant, the rules in force, who is who.

    `policy` and `actions` are those that the ticket is stamped with, or is to be stamped with by the command,
    `timezone` is that of its site. `heard_at` is when we got the words that the command stands for: that is
    when it happened, however long they waited for us; None for now.
    """

    now: datetime
    ladder: Ladder
    revision: str
    policy: Policy
    roster: Roster
    actions: Actions = field(default_factory=Actions)
    timezone: str = ""
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Tell somebody something. `person` is a staff key; empty means the ticket's requester.

    `facts` are what only the decision knows (instants are shown in the reader's zone); names, site and
    number are added when the text is written. `page` messages ask for an acknowledgement and go first.
    `method` counts from 0 in the person's contact methods; `every_method` uses all of them. `answer` marks
    the direct answer to a command: it goes to the address that the command came from, or nowhere when the
    command came from a page that shows its effect anyway; `also` lets
    the other requesters of merged duplicates hear such an answer too.
    """

    text: TextId
    person: str = ""
    page: bool = False
    facts: Mapping[str, Fact] = field(default_factory=dict)
    method: int = 0
    every_method: bool = False
    answer: bool = False
    also: bool = False


class Draft:
    """Gathers what a command leads to. `ticket` is always the state after the events so far."""

    def __init__(self, ticket: Ticket | None, setting: Setting, actor: str, ticket_id: int = 0) -> None:
        """Start from `ticket`, or from none with the id that the new ticket will have."""
        self._ticket = ticket
        self._ticket_id = ticket_id
        self.setting = setting
        self.actor = actor
        self.now = setting.now
        self.at = min(setting.heard_at or setting.now, setting.now)
        self.events: list[AnyEvent] = []
        self.says: list[Say] = []

    @property
    def ticket(self) -> Ticket:
        """Return the ticket as it stands now."""
        if self._ticket is None:
            raise ValueError("the ticket is not opened yet")
        return self._ticket

    def record(self, event: AnyEvent) -> None:
        """Add one event."""
        self.events.append(event)
        self._ticket = evolve(self._ticket, event, ticket_id=self._ticket_id)

    def head(self, at: datetime | None = None) -> ev.Head:
        """Return the head of an event that happened at `at`, else when the command was given.

        What a command does comes after all that is known to have happened before it: a breach that was
        noticed while the answer waited to be read is not undone.
        """
        latest = (self._ticket.latest_at or self._ticket.changed_at) if self._ticket else self.at
        return {"at": at or max(self.at, latest), "recorded_at": self.now, "actor": self.actor}

    def tell(self, person: str, text: TextId, *, page: bool = False, method: int = 0, **facts: Fact) -> None:
        """Tell a member of the staff something."""
        self.says.append(Say(text=text, person=person, page=page, method=method, facts=facts))

    def answer(self, text: TextId, person: str = "", **facts: Fact) -> None:
        """Answer whoever sent the command, where they sent it from."""
        self.says.append(Say(text=text, person=person, answer=True, facts=facts))

    def answer_all(self, text: TextId, **facts: Fact) -> None:
        """Answer the customer who wrote, and tell the requesters of merged duplicates the same."""
        self.says.append(Say(text=text, answer=True, also=True, facts=facts))

    def tell_customer(self, text: TextId, **facts: Fact) -> None:
        """Tell the requester something, in the channel that they used."""
        self.says.append(Say(text=text, facts=facts))

    def who(self, targets: Iterable[str]) -> tuple[str, ...]:
        """Return the people that `targets` name for this ticket, now."""
        return self.setting.roster.who(targets, self._scope(), self.now)

    def _scope(self) -> Scope:
        return Scope(self.ticket.account, self.ticket.site, self.ticket.trade)

    def holds_until(self) -> datetime | None:
        """Return how long an acknowledgement of now counts if nothing follows it; None: for good."""
        holds = self.setting.ladder.ack_holds
        return None if holds is None or self.ticket.eta is not None else self.now + holds

    def begin_ladder(self) -> None:
        """Start the first cycle: page the first level, or arm it when it waits."""
        first = following(self.setting.ladder, None, found=True)
        if first.wait > timedelta(0):
            self.record(ev.EscalationArmed(**self.head(self.now), cycle=1, next_at=self.now + first.wait))
        else:
            self.advance()

    def advance(
        self,
        reason: str = "",
        *,
        without: str = "",
        also: str = "",
        text: TextId | None = None,
    ) -> None:
        """Go to the next level that finds somebody, now; to the alarm and a new cycle when none does.

        `without` has just said no, asked for help or could not be reached: asking that person again in the
        same breath would be silence. Nor is whoever holds the ticket asked to help with it, unless it is
        `also`, who is asked whatever the level says. `text` is what their page says.
        """
        ladder, escalation = self.setting.ladder, self.ticket.escalation
        missed = next(iter(escalation.asked), "")
        position = Position(escalation.round, escalation.level) if escalation.round else None
        out = {without, self.ticket.assignee if escalation.joining else ""}
        if escalation.waiting and reason in _ONE_SAYS_NO and self._ask_waiting(reason, out):
            return
        for _ in ladder.levels:  # a whole round that finds nobody at this instant is enough to know
            step = following(ladder, position, found=True)
            if step.position is None:
                break
            position = step.position
            level = ladder.levels[position.level - 1]
            named = in_order((self.who([t]) for t in level.notify), one_by_one=level.one_by_one is not None)
            wanted = dict.fromkeys(p for p in (*named, also) if p == also or p not in out)
            people = tuple(p for p in wanted if self.setting.roster.reachable(p))
            if level.one_by_one is None:
                people = tuple(sorted(people))
            waiting: tuple[str, ...] = ()
            next_at = self.now + _wait_after(ladder, position, found=bool(people))
            if level.one_by_one is not None and len(people) > 1:
                people, waiting, next_at = people[:1], people[1:], self.now + level.one_by_one
            self.record(
                ev.LevelReached(
                    **self.head(self.now),
                    cycle=escalation.cycle,
                    round=position.round,
                    level=position.level,
                    people=people,
                    revision=self.setting.revision,
                    next_at=next_at,
                    reason=reason,
                    waiting=waiting,
                    directory=self.setting.roster.directory.version,
                ),
            )
            if people:
                for person in people:
                    self.page(person, text=text, missed=missed if missed not in people else "")
                self._alarm_again(people)
                return
        self._exhausted()

    def ask_holder_first(self, reason: str, text: TextId) -> None:
        """Ask whoever has it, for as long as a first level is asked; the ladder goes on after that.

        Without a holder who can be reached the ladder begins anew.
        """
        holder, cycle = self.ticket.assignee, self.ticket.escalation.cycle
        if not self.setting.roster.reachable(holder):
            self.record(ev.AskedAnew(**self.head(), cycle=cycle + 1))
            self.advance(reason, text=text)
            return
        self.record(
            ev.LevelReached(
                **self.head(self.now),
                cycle=cycle,
                round=1,
                level=1,
                people=(holder,),
                revision=self.setting.revision,
                next_at=self.now + self.first_wait,
                reason=reason,
            ),
        )
        self.page(holder, text=text)

    @property
    def first_wait(self) -> timedelta:
        """Return for how long somebody who is asked before the ladder is waited for."""
        levels = self.setting.ladder.levels
        return levels[1 % len(levels)].after or _FIRST_WAIT

    def _ask_waiting(self, reason: str, out: Collection[str]) -> bool:
        """Ask the next of a level whose people are asked one by one; return whether there was one."""
        ladder, escalation = self.setting.ladder, self.ticket.escalation
        roster, at = self.setting.roster, Position(escalation.round, escalation.level)
        # Leave may have begun, and the ladder may have changed, since the level was reached.
        people = [
            p
            for p in escalation.waiting
            if p not in out and roster.reachable(p) and roster.away(p, self.now) is None
        ]
        gap = ladder.levels[at.level - 1].one_by_one if at.level <= len(ladder.levels) else None
        if not people or gap is None:
            return False
        wait = gap if people[1:] else _wait_after(ladder, at, found=True)
        self.record(
            ev.LevelReached(
                **self.head(self.now),
                cycle=escalation.cycle,
                round=at.round,
                level=at.level,
                people=(people[0],),
                revision=self.setting.revision,
                next_at=self.now + wait,
                reason=reason,
                waiting=tuple(people[1:]),
                continued=True,
                directory=roster.directory.version,
            ),
        )
        self.page(people[0], missed=next(reversed(escalation.asked), ""))
        return True

    def page(
        self,
        person: str,
        *,
        text: TextId | None = None,
        method: int | None = None,
        missed: str = "",
        **facts: Fact,
    ) -> None:
        """Ask a person to take the ticket; the text says until when, and who was asked before in vain.

        By their notification rules, or by the one `method` of theirs (an index).
        """
        next_at = self.ticket.escalation.next_at
        if next_at is not None:
            facts["ack_by"] = next_at
        if self.ticket.news:
            facts["quote"] = f"{self.ticket.news} / {self.ticket.text}"
        if text is None and missed:
            text = TextId.PAGE_NEXT
            facts["missed"] = missed
        if text is None:
            known = self.ticket.requester.contact or self.ticket.account
            text = TextId.PAGE if known else TextId.PAGE_UNKNOWN
        for index in self._planned(person, text) if method is None else (method,):
            self.tell(person, text, page=True, method=index, **facts)

    @property
    def being_paged(self) -> str:
        """Return the first of those asked whose page goes out now; empty: quiet hours hold all back."""
        held = {step.person for step in self.ticket.page_steps}
        tried = {step.person for step in self.ticket.page_steps if step.done}
        return next((p for p in self.ticket.escalation.asked if p in tried or p not in held), "")

    def _planned(self, person: str, text: TextId) -> list[int]:
        """Plan how a person is tried from now on; return by which methods at once."""
        known = self.setting.roster.directory.people.get(person) if self.ticket.escalating else None
        steps = plan(known, self.urgency, self.now, text) if known else ()
        if known is None or not steps or trivial(steps, known, self.now):
            return [0]
        steps = tuple(replace(step, done=step.at <= self.now) for step in steps)
        self.record(ev.PagesPlanned(**self.head(), person=person, steps=steps))
        ways = [(str(m.kind), m.address) for m in known.methods]
        return [ways.index((str(step.kind), step.address)) for step in steps if step.done]

    @property
    def urgency(self) -> str:
        """Return the priority by which people are paged: danger to people is always the most urgent."""
        return URGENT if self.ticket.life_safety else self.ticket.priority

    def _exhausted(self) -> None:
        ladder, cycle = self.setting.ladder, self.ticket.escalation.cycle
        people = self.setting.roster.alarmed(self.now)
        rest = max(ladder.levels[-1].after, _SHORTEST_REST)
        self.record(ev.Exhausted(**self.head(self.now), cycle=cycle, people=people, next_at=self.now + rest))
        self._alarm(people, cycle)

    def _alarm_again(self, asked: Collection[str]) -> None:
        """Repeat the alarm with each level, once the ladder ran out, until somebody has the ticket."""
        if self.ticket.escalation.alarmed:
            people = self.setting.roster.alarmed(self.now)
            self._alarm([p for p in people if p not in asked], self.ticket.escalation.cycle - 1)

    def _alarm(self, people: Iterable[str], cycle: int) -> None:
        facts: dict[str, Fact] = {"rounds": str(cycle * (self.setting.ladder.repeat + 1))}
        if self.ticket.escalation.next_at is not None:
            facts["ack_by"] = self.ticket.escalation.next_at
        for person in people:
            self.says.append(
                Say(text=TextId.EXHAUSTED, person=person, page=True, every_method=True, facts=facts),
            )


def _wait_after(ladder: Ladder, position: Position, *, found: bool) -> timedelta:
    """Return how long a level is waited for, before the next one is asked."""
    step = following(ladder, position, found=found)
    new_round = step.position is None or step.position.round > position.round
    return max(step.wait, _SHORTEST_REST) if found and new_round else step.wait
