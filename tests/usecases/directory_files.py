"""A small directory file and ways to change it."""

from __future__ import annotations

from typing import Any

import pytest

from app.documents import DocumentError
from app.usecases.directory_file import DirectoryFile, parse_directory

SMALL = """\
closeloop: 1
company:
  name: Tidewell Facility Care
  short_name: Tidewell
  phone: "+1 617 555 0100"
  timezone: America/New_York
duty: schedule:duty
schedules:
  duty:
    timezone: America/New_York
    layers:
      - people: [ruth, [dana, sam]]
        rotation: {unit: weekly, length: 1, starts: 2026-01-05T08:00}
    overrides:
      - {from: 2026-02-05T08:00, to: 2026-02-06T08:00, out: ruth, in: dana}
people:
  - key: dana
    name: Dana Reyes
    roles: [account_manager]
    methods: [{sms: (617) 555-0101}, {email: Dana@Tidewell.example}]
  - key: sam
    name: Sam Hill
    roles: [service_manager, rep]
    timezone: America/Chicago
    language: es
    methods: [{voice: 617.555.0102}, {sms: 617.555.0102}]
  - key: ruth
    name: Ruth Okafor
    roles: [duty_manager]
    methods: [{email: ruth@tidewell.example}]
accounts:
  - key: qb
    name: QuickBite
    tier: gold
    manager: dana
    backup: schedule:duty
    contract: {start: 2025-01-01, end: 2027-12-31}
    sites:
      - {code: 0114, name: Mill Road, address: 1 Mill Road, city: Boston, region: Northeast, timezone: America/New_York}
      - {code: 77, name: Lake Street, address: 2 Lake Street, city: Chicago, region: Midwest, timezone: America/Chicago}
    contacts:
      - {name: Ann Lee, title: Manager, phones: [+1 617 555 0111], emails: [ann@qb.example], sites: [114], language: es}
      - {key: night, name: José Núñez, phones: [+44 20 7946 0958], sites: [77, 114]}
  - key: hf
    name: Harbor Foods
    tier: silver
    manager: person:sam
    sites:
      - {code: 114, name: Quay, address: 3 Quay, city: Boston, region: Northeast, timezone: America/New_York}
    contacts:
      - {name: Bob Ray, emails: [bob@hf.example], sites: all}
coverage:
  - {person: sam, trades: [plumbing, hvac], regions: [Northeast]}
  - {person: ruth, trades: all, regions: all}
demo:
  phones: [+1 617 555 0111, +1 617 555 0101]
  mailboxes: [ann@qb.example]
"""


def with_change(old: str, new: str, text: str = SMALL) -> str:
    """Return `text` with its one `old` replaced."""
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


def read(*changes: tuple[str, str]) -> DirectoryFile:
    """Return the small file as values, after these changes."""
    text = SMALL
    for old, new in changes:
        text = with_change(old, new, text)
    return parse_directory(text, "c.yaml")


def errors_of(text: str, **options: Any) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        parse_directory(text, "c.yaml", **options)
    return [line.removeprefix("c.yaml:") for line in str(caught.value).splitlines()]
