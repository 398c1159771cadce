"""Who writes while measuring: the demo's company and some thousand more contacts, and what they text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
CONTACTS = 10_200
_SITES = 60
_ZONES = {
    "Northeast": "America/New_York",
    "Southeast": "America/New_York",
    "Midwest": "America/Chicago",
    "Mountain": "America/Denver",
    "Pacific": "America/Los_Angeles",
}
_LETTERS = "bcdfghjkmnpqrtvw"  # no vowels, so that no word comes out that a rule looks for
_TEXTS = (
    "water coming through ceiling aisle 7",
    "walk in cooler is at 52 and climbing, dairy and meat in there",
    "no power in the back half of the store since 6",
    "toilet overflowing in the mens room",
    "front door glass shattered, we cant lock up",
    "ac is out in the dining room, 84 in here",
    "parking lot light by the entrance is out",
    "ants in the breakroom again, can someone come this week",
    "roof leaking over the stockroom, buckets are full",
    "fryer wont light, tried the reset twice",
)


def phone_of(contact: int) -> str:
    """Return the phone of the contact with that number."""
    return f"+1978{2_000_000 + contact}"


def mark_of(number: int) -> str:
    """Return a word that no other message has; it stands first, where no quote is cut."""
    digits = []
    for _ in range(5):
        number, digit = divmod(number, len(_LETTERS))
        digits.append(_LETTERS[digit])
    return "zx" + "".join(digits)


def messages() -> Iterator[tuple[str, str, str]]:
    """Yield (mark, phone, text) for each contact once: every message opens a ticket of its own."""
    texts = cycle(_TEXTS)
    for contact in range(CONTACTS):
        mark = mark_of(contact)
        yield mark, phone_of(contact), f"{mark} {next(texts)}"


def write(path: Path) -> tuple[str, ...]:
    """Write the directory file; return the phones of all account managers."""
    company: dict[str, Any] = yaml.safe_load((ROOT / "demo" / "company.yaml").read_text("utf-8"))
    company.pop("demo", None)
    managers = [person for person in company["people"] if "account_manager" in person["roles"]]
    company["accounts"] += [
        _account(index, manager["key"], len(managers)) for index, manager in enumerate(managers)
    ]
    path.write_text(yaml.safe_dump(company, sort_keys=False, allow_unicode=True), "utf-8")
    return tuple(method["sms"] for person in managers for method in person["methods"] if "sms" in method)


def _account(index: int, manager: str, accounts: int) -> Mapping[str, object]:
    """Return an account with its share of the sites and contacts; each contact has one site."""
    own = range(index, _SITES, accounts)
    regions = list(_ZONES)
    return {
        "key": f"measured{index}",
        "name": f"Measured Stores {index}",
        "tier": ("gold", "silver", "bronze")[index % 3],
        "manager": manager,
        "contract": {"start": "2024-01-01", "end": "2099-12-31"},
        "sites": [
            {
                "code": 5000 + site,
                "name": f"Measured Store {site}",
                "address": f"{site} Main Street",
                "city": "Springfield",
                "region": regions[site % len(regions)],
                "timezone": _ZONES[regions[site % len(regions)]],
            }
            for site in own
        ],
        "contacts": [
            {
                "key": f"measured-{contact}",
                "name": f"Contact Number{contact}",
                "phones": [phone_of(contact)],
                "sites": [5000 + contact % _SITES],
            }
            for contact in range(CONTACTS)
            if contact % _SITES in own
        ],
    }
