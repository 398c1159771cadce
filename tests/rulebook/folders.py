"""A small rulebook on disk that tests change one thing of."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"

WORDS = """\
negators: ["no", not]
breakers: [but]
lists:
  flood: [flood*, water everywhere]
  leak: [leak*]
  gas: [smell* .. gas]
  harmless: {disguise: true, negatable: false, phrases: [flooded with]}
"""
ROUTING = """\
trades: [plumbing, other]
life_safety:
  - name: gas
    when: words.gas
trade:
  - name: water
    when: words.flood || words.leak
    trade: plumbing
  - name: rest
    trade: other
priority:
  - name: flood
    when: words.flood
    priority: P1
    examples: [water everywhere]
  - name: rest
    priority: P3
tags:
  - {name: wet, when: words.leak || words.flood, add: [water]}
route:
  - name: by night
    when: priority == "P1" && local.hour >= 20
    ladder: night
    sla: standard
    also_notify: [duty_manager]
    confirm: {remind_after: 4h, close_after: 1d}
  - name: rest
    ladder: day
    sla: standard
    confirm: {remind_after: 4h, close_after: 1d}
"""
ESCALATION = """\
ladders:
  day:
    levels:
      - {notify: [account_manager], after: 0m}
      - {notify: [duty_manager], after: 10m}
    repeat: 2
  night:
    levels: [{notify: ["person:ana"], after: 0m}]
"""
SLA = """\
policies:
  standard:
    targets:
      acknowledge: {within: 15m}
      resolve: {within: {P1: 8h, P2: 1d, P3: 3d, P4: 9d}, calendar: store}
"""
CALENDARS = """\
holiday_years: {first: 2026, last: 2026}
calendars:
  store:
    timezone: site
    hours: {mon: [["09:00", "17:00"]]}
    holidays: {country: US}
"""
BREACH_REASONS = """\
reasons:
  - {code: late, text: {en: Late, es: Tarde}, excusable: false}
  - {code: storm, text: {en: Storm, es: Tormenta}, excusable: true}
"""


def write(folder: Path, **changed: str) -> Path:
    """Write a small rulebook below `folder`, with some files replaced (`words=...`), and return the folder."""
    files = {
        "words": WORDS,
        "routing": ROUTING,
        "escalation": ESCALATION,
        "sla": SLA,
        "calendars": CALENDARS,
        "breach_reasons": BREACH_REASONS,
    }
    rules = folder / "rules"
    shutil.copytree(RULES / "texts", rules / "texts")
    for name, text in {**files, **changed}.items():
        (rules / f"{name}.yaml").write_text(text, encoding="utf-8")
    return rules
