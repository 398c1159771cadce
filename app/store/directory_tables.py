"""The tables of the directory: company, people, accounts, sites, contacts, coverage, teams, schedules.

Keys are the texts of the directory file. Nothing that a ticket may refer to is ever deleted: what is no
longer in the file has `active` false. Targets (`person:KEY`, `team:NAME`, `schedule:NAME`) are checked by the
load, since a column can refer to one table only. What must not live here: queries.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.store.metadata import metadata

_TARGET = "'^(person|schedule|team):[a-z0-9][a-z0-9_-]*$'"
_ADDRESS = "CASE WHEN kind = 'email' THEN address = lower(address) AND address LIKE '%_@_%'"
_PHONE = "address ~ '^[+][1-9][0-9]{6,14}$' END"


def _active() -> Column[bool]:
    return Column("active", Boolean, nullable=False, server_default=text("true"))


def _language() -> Column[str]:
    return Column("language", Text, nullable=False, server_default=text("'en'"))


# One row: counts the loads that changed something. A snapshot in memory is good for as long as it stays.
directory_version = Table(
    "directory_version",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

company = Table(
    "company",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("short_name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("duty", Text, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
    CheckConstraint(f"duty ~ {_TARGET}", name="duty"),
)

people = Table(
    "people",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("timezone", Text, nullable=False),
    _language(),
    # Who covers while this person is off, and the iCalendar feed that says when that is; empty for none.
    Column("cover", Text, nullable=False, server_default=text("''")),
    Column("leave_feed", Text, nullable=False, server_default=text("''")),
    # Notification rules: a list of [priority, kind of method, seconds]; quiet hours: nothing, or two times.
    Column("notify", JSONB, nullable=False, server_default=text("'[]'")),
    Column("quiet", JSONB, nullable=False, server_default=text("'[]'")),
    _active(),
    CheckConstraint("key ~ '^[a-z0-9][a-z0-9_-]*$'", name="key"),
    CheckConstraint("cardinality(roles) > 0", name="roles"),
    CheckConstraint(f"cover = '' OR cover ~ {_TARGET}", name="cover"),
    # What contact_methods refers to, so that its `active` follows.
    UniqueConstraint("key", "active"),
)

# `active` is the person's, kept equal by the foreign key: the phone of somebody who left may go to another.
contact_methods = Table(
    "contact_methods",
    metadata,
    Column("person", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("position", SmallInteger, nullable=False),
    # The file vouches for it.
    Column("verified", Boolean, nullable=False, server_default=text("false")),
    _active(),
    ForeignKeyConstraint(["person", "active"], ["people.key", "people.active"], onupdate="CASCADE"),
    # Checked at the commit: a new order passes through equal positions.
    UniqueConstraint("person", "position", deferrable=True, initially="DEFERRED"),
    CheckConstraint("kind IN ('sms', 'email', 'voice')", name="kind"),
    CheckConstraint(f"{_ADDRESS} ELSE {_PHONE}", name="address"),
    Index("uq_contact_methods_in_use", "address", "kind", unique=True, postgresql_where=text("active")),
)

# A code came back from there: this phone or mailbox is that person's. Outlives its entry in the file.
proven_addresses = Table(
    "proven_addresses",
    metadata,
    Column("person", Text, ForeignKey("people.key"), primary_key=True),
    Column("address", Text, primary_key=True),
    Column("proven_at", DateTime(timezone=True), nullable=False),
)

# The code that was sent last, hashed. `sends` counts the codes since `counted_from`, to bound them.
address_codes = Table(
    "address_codes",
    metadata,
    Column("person", Text, ForeignKey("people.key"), primary_key=True),
    Column("address", Text, primary_key=True),
    Column("code_hash", LargeBinary, nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("tries_left", SmallInteger, nullable=False),
    Column("sends", SmallInteger, nullable=False),
    Column("counted_from", DateTime(timezone=True), nullable=False),
    CheckConstraint("tries_left BETWEEN 0 AND 5", name="tries_left"),
)

# Refused for good, until something arrives there again.
failing_addresses = Table(
    "failing_addresses",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("detail", Text, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("manager", Text, nullable=False),
    Column("backup", Text, nullable=False, server_default=text("''")),
    Column("contract_start", Date),
    Column("contract_end", Date),
    _active(),
    CheckConstraint("key ~ '^[a-z0-9][a-z0-9_-]*$'", name="key"),
    CheckConstraint(f"manager ~ {_TARGET}", name="manager"),
    CheckConstraint(f"backup = '' OR backup ~ {_TARGET}", name="backup"),
    CheckConstraint("contract_end >= contract_start", name="contract"),
)

sites = Table(
    "sites",
    metadata,
    Column("key", Text, primary_key=True),
    Column("account", Text, ForeignKey("accounts.key"), nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    _active(),
    # Begins with the account's and ends with the code as it is compared, so two equal codes cannot be.
    CheckConstraint("starts_with(key, account || '.')", name="key"),
    UniqueConstraint("account", "key"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("account", Text, ForeignKey("accounts.key"), nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False, server_default=text("''")),
    _language(),
    _active(),
    CheckConstraint("starts_with(key, account || '.')", name="key"),
    UniqueConstraint("account", "key"),
)

contact_addresses = Table(
    "contact_addresses",
    metadata,
    Column("contact", Text, ForeignKey("contacts.key"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("position", SmallInteger, nullable=False),
    UniqueConstraint("contact", "kind", "position", deferrable=True, initially="DEFERRED"),
    CheckConstraint("kind IN ('phone', 'email')", name="kind"),
    CheckConstraint(f"{_ADDRESS} ELSE {_PHONE}", name="address"),
    # Who wrote this? Asked for every message.
    Index("ix_contact_addresses_address", "address"),
)

# A contact without a row here speaks for all sites of the account.
contact_sites = Table(
    "contact_sites",
    metadata,
    Column("contact", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("account", Text, nullable=False),
    ForeignKeyConstraint(["account", "contact"], ["contacts.account", "contacts.key"]),
    ForeignKeyConstraint(["account", "site"], ["sites.account", "sites.key"]),
    Index("ix_contact_sites_account_site", "account", "site"),
)

# No trades or no regions means all of them.
coverage = Table(
    "coverage",
    metadata,
    Column("person", Text, ForeignKey("people.key"), primary_key=True),
    Column("trades", ARRAY(Text), primary_key=True),
    Column("regions", ARRAY(Text), primary_key=True),
)

teams = Table(
    "teams",
    metadata,
    Column("name", Text, primary_key=True),
    Column("people", ARRAY(Text), nullable=False),
    _active(),
    CheckConstraint("name ~ '^[a-z0-9][a-z0-9_-]*$'", name="name"),
    CheckConstraint("cardinality(people) > 0", name="people"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("name", Text, primary_key=True),
    Column("document", JSONB, nullable=False),
    _active(),
    CheckConstraint("jsonb_typeof(document) = 'object'", name="document"),
)
