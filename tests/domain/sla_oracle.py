"""The naive truth about SLA clocks: live through every minute of a ticket, one by one, for one metric.

Shares nothing with app/. Exact where every instant and every opening time falls on a whole minute.
"""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

from calendar_oracle import Oracle

MINUTE = timedelta(minutes=1)
AHEAD = timedelta(days=8)
STOPS = {
    "acknowledge": {"acknowledged", "eta_given", "arrived", "resolved"},
    "arrive": {"arrived", "resolved"},
    "resolve": {"resolved"},
    "update": {"resolved"},
    "confirm": {"confirmed", "declined", "reopened"},
}
TOLD = {"acknowledged", "eta_given", "arrived", "updated"}


def instant(text: Any) -> Any:
    return datetime.fromisoformat(text)


def minutes(text: Any) -> Any:
    return int(text.removesuffix("m"))


class Count:
    """What was counted towards one target since `begin`."""

    def __init__(self, begin: Any, goal: Any) -> None:
        self.begin, self.goal, self.goal_since = begin, goal, begin
        self.counted = 0
        self.ticks: list[Any] = []  # (instant, label)
        self.levels: list[Any] = [(begin, 0)]  # after each tick that counted
        self.out: Any = None
        self.find_out()

    def find_out(self) -> None:
        self.out = self.reached(self.goal)

    def reached(self, amount: Any) -> Any:
        return next((at for at, level in self.levels if level >= amount), None)

    def tick(self, at: Any, label: Any) -> None:
        self.ticks.append((at, label))
        if label == "running":
            self.counted += 1
            self.levels.append((at + MINUTE, self.counted))
            if self.out is None and self.counted >= self.goal:
                self.out = at + MINUTE

    def copy(self) -> Any:
        found = copy.copy(self)
        found.ticks, found.levels = list(self.ticks), list(self.levels)
        return found


class Life:
    def __init__(self, question: Any, metric: Any, calendars: Any = None) -> None:
        policy = question["policy"]
        self.metric = metric
        self.target = policy["targets"][metric]
        self.reopen = policy.get("on_reopen", "exclude")
        self.change = policy.get("on_priority_change", "from_start")
        self.reasons = policy.get("pause_on", {}).get(metric, [])
        self.as_of = instant(question["as_of"])
        order = sorted(question["events"], key=lambda e: instant(e["at"]))
        self.events = [e for e in order if instant(e["at"]) <= self.as_of]
        contacts = [instant(e["at"]) for e in self.events if e["type"] == "opened"]
        contacts += [instant(e["first_contact_at"]) for e in self.events if e["type"] == "merged_in"]
        self.contact = min(contacts)
        self.priority = next(e.get("priority") for e in self.events if e["type"] == "opened")
        name = self.target.get("calendar", "24x7")
        doc = {"timezone": "UTC", "hours": "24x7"} if name == "24x7" else question["calendars"][name]
        key = (name, self.contact)
        if calendars is None or key not in calendars:
            found = Oracle(doc, self.contact - timedelta(days=3), self.as_of + AHEAD)
            calendars = {} if calendars is None else calendars
            calendars[key] = found
        self.calendar = calendars[key]
        self.holds = []
        self.count = None
        self.frozen = None  # what the report shows while stopped
        self.state = "none"
        self.breached_at = None
        self.dead = False

    def goal(self) -> Any:
        within = self.target["within"]
        return minutes(within if isinstance(within, str) else within[self.priority])

    def live(self) -> Any:
        if self.metric != "confirm":
            self.begin(self.contact)
        at, waiting = self.contact, list(self.events)
        while True:
            self.look(at)
            while waiting and max(instant(waiting[0]["at"]), self.contact) <= at:
                self.happen(at, waiting.pop(0))
                self.look(at)  # a change may set a target that had run out before it
            if at >= self.as_of:
                return self.report()
            self.pass_minute(at)
            at += MINUTE

    def begin(self, at: Any) -> None:
        self.count, self.state, self.frozen = Count(at, self.goal()), "running", None

    def is_open(self, at: Any) -> Any:
        return self.calendar.open[self.calendar.index(at)]

    def pass_minute(self, at: Any) -> None:
        if self.count is None or self.dead:
            return
        if not self.is_open(at):
            label = "closed_hours"
        elif self.holds:
            label = "paused:" + self.holds[0]
        else:
            label = "running"
        self.count.tick(at, label)

    def look(self, at: Any) -> None:
        if self.state == "running" and self.breached_at is None:
            ran_out = self.count.out
            if ran_out is not None and at > ran_out:
                self.breached_at = max(ran_out, self.count.goal_since)

    def happen(self, at: Any, event: Any) -> None:
        kind = event["type"]
        if self.dead:
            return
        if kind == "held":
            if event["reason"] in self.reasons and event["reason"] not in self.holds:
                self.holds.append(event["reason"])
        elif kind == "released":
            self.holds = [h for h in self.holds if event.get("reason") not in (None, h)]
        elif kind == "priority_changed":
            self.prioritise(at, event["priority"])
        elif kind == "cancelled":
            if self.state == "running":
                self.stop("cancelled")
            self.dead = True
        else:
            if kind == "resolved":
                self.holds = []
            self.move(at, kind)

    def move(self, at: Any, kind: Any) -> None:
        if self.state == "running":
            if kind in STOPS[self.metric]:
                self.stop("met" if self.breached_at is None else "missed")
                once = self.metric in ("acknowledge", "arrive")
                self.dead = once or (self.metric == "resolve" and self.reopen == "freeze")
            elif self.metric == "update" and kind in TOLD:
                self.begin(at)
            elif self.metric == "confirm" and kind == "closed":
                self.stop("cancelled")
        elif self.metric == "confirm":
            if kind == "resolved":
                self.begin(at)
        elif kind == "reopened" and self.state in ("met", "missed"):
            self.resume(at)

    def stop(self, state: Any) -> None:
        self.state = state
        self.frozen = self.count.copy()

    def resume(self, at: Any) -> None:
        if self.metric == "update" or self.reopen == "restart":
            self.begin(at)
            return
        if self.reopen == "exclude":
            count = self.count
            kept = [tick for tick in count.ticks if tick[0] < self.stopped_at()]
            gone = [(tick[0], "resolved") for tick in count.ticks if tick[0] >= self.stopped_at()]
            count.ticks = kept + gone
            count.counted = sum(label == "running" for _, label in kept)
            count.levels = count.levels[: count.counted + 1]
            count.find_out()
        self.state, self.frozen = "running", None

    def stopped_at(self) -> Any:
        return self.frozen.ticks[-1][0] + MINUTE if self.frozen.ticks else self.frozen.begin

    def prioritise(self, at: Any, priority: Any) -> None:
        if self.change == "keep" or priority == self.priority:
            return
        self.priority = priority
        if isinstance(self.target["within"], str) or self.count is None:
            return
        if self.change == "from_change":
            self.count = Count(at, self.goal())
        else:
            self.count.goal, self.count.goal_since = self.goal(), at
            self.count.find_out()

    def report(self) -> Any:
        if self.count is None:
            return {"state": "none", "due_at": None, "elapsed_seconds": 0, "breached": False}
        count = self.frozen or self.count
        state = "paused" if self.state == "running" and self.holds else self.state
        end = self.stopped_at() if self.frozen else self.as_of
        ahead = count.copy()
        at = end
        while at < self.as_of + AHEAD - MINUTE:
            ahead.tick(at, "running" if self.is_open(at) else "closed_hours")
            at += MINUTE
        due = count.out
        if due is None and state != "paused":
            due = ahead.out
        warnings = []
        for share in self.target.get("warn_at", []):
            view = ahead if state == "running" else count
            wanted = count.goal * int(share.removesuffix("%")) / 100
            warnings.append(view.reached(wanted))
        segments = []
        for at, label in count.ticks:
            if segments and segments[-1][2] == label:
                segments[-1][1] = at + MINUTE
            else:
                segments.append([at, at + MINUTE, label])
        return {
            "state": state,
            "due_at": due,
            "elapsed_seconds": count.counted * 60,
            "target_seconds": count.goal * 60,
            "breached": self.breached_at is not None,
            "breached_at": self.breached_at,
            "warnings": warnings,
            "segments": segments,
        }
