"""What may stand in the files of a rulebook, as pydantic models: keys, types, required or not.

What must not live here: whether the names in them exist (building.py), the texts (domain/texts.py).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from app.documents import nearest
from app.domain.classification import PRIORITIES
from app.domain.instants import DurationError, parse_duration

_NAME: Final = r"^[a-z][a-z0-9_]*$"
_TARGET: Final = r"^(person:|schedule:)?[\w.-]+$"

Identifier = Annotated[str, Field(pattern=_NAME, max_length=60)]
RuleName = Annotated[str, Field(min_length=1, max_length=120)]


def _length(value: str) -> str:
    try:
        parse_duration(value)
    except DurationError as error:
        raise ValueError(str(error)) from None
    return value


Length = Annotated[str, AfterValidator(_length)]
"""A duration, such as 90s or 10m."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Example(_Model):
    """A message that the rule must decide; written as a text alone, or with what else is known of it."""

    text: str = ""
    subject: str = ""
    channel: Literal["sms", "email", "voice", "web"] = "sms"
    account: str = ""
    tier: str = ""
    site: str = ""
    region: str = ""
    hour: int = Field(default=12, ge=0, le=23)
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = "mon"
    pictures: int = Field(default=0, ge=0)
    open_tickets: int = Field(default=0, ge=0)


def _example(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


Examples = list[Annotated[Example, BeforeValidator(_example, json_schema_input_type=str | Example)]]


class Rule(_Model):
    """`name` is what people read; without `when` it always matches. `examples` are tests."""

    name: RuleName
    when: str = "true"
    examples: Examples = []
    counterexamples: Examples = []


class LifeRule(Rule):
    """Decides that somebody may be in danger: always P1."""


class TradeRule(Rule):
    """Decides the trade; an empty one means that a person has to find out."""

    trade: str


class LearnedTradeRule(Rule):
    """Decides the trade anew: the one it names; `learned.trade` is the one that the learned words say."""

    trade: str


class PriorityRule(Rule):
    """Decides the priority. What a `vague` one matches says too little to be trouble of its own."""

    vague: bool = False
    priority: Annotated[str, Field(json_schema_extra={"enum": list(PRIORITIES)})]

    @field_validator("priority")
    @classmethod
    def _known(cls, value: str) -> str:
        return _one_of(value, PRIORITIES, "priority")


class LearnedPriorityRule(Rule):
    """Decides the priority anew; a message stays as vague as the rule of `priority` said."""

    priority: Annotated[str, Field(json_schema_extra={"enum": list(PRIORITIES)})]

    @field_validator("priority")
    @classmethod
    def _known(cls, value: str) -> str:
        return _one_of(value, PRIORITIES, "priority")


class TagRule(Rule):
    """Adds tags; every rule that matches does."""

    add: list[Identifier] = Field(min_length=1)


class Confirm(_Model):
    """When an unanswered closing question is repeated, and when the ticket is closed as unconfirmed."""

    remind_after: str
    close_after: str

    @field_validator("remind_after", "close_after")
    @classmethod
    def _duration(cls, value: str) -> str:
        try:
            if parse_duration(value).total_seconds() > 0:
                return value
        except DurationError as error:
            raise ValueError(str(error)) from None
        raise ValueError(f"{value!r} is no time at all; write for example 4h")


class RouteRule(Rule):
    """Decides whom a ticket goes to, and its SLA policy unless that is left to the `for` of sla.yaml."""

    ladder: str
    sla: str | None = None
    also_notify: list[Annotated[str, Field(pattern=_TARGET)]] = []
    confirm: Confirm


class Doubted(_Model):
    """From which rule of a stage on a second opinion is asked; what stands above it decides for good."""

    trade: RuleName | None = None
    priority: RuleName | None = None


class Routing(_Model):
    """routing.yaml: the trades there are, and the stages in the order in which they are asked.

    `alike` are trades that people take for each other: a customer who has a ticket of the one open and writes
    of the other writes about that ticket. `learned_trade` and `learned_priority` are second opinions: a rule
    of theirs that matches decides instead of that of `trade` or `priority`, if that stands at the rule that
    `doubted` names or below it.
    """

    trades: list[Identifier] = Field(min_length=1)
    alike: list[Annotated[list[Identifier], Field(min_length=2)]] = []
    doubted: Doubted = Doubted()
    life_safety: list[LifeRule] = []
    trade: list[TradeRule] = Field(min_length=1)
    learned_trade: list[LearnedTradeRule] = []
    priority: list[PriorityRule] = Field(min_length=1)
    learned_priority: list[LearnedPriorityRule] = []
    tags: list[TagRule] = []
    route: list[RouteRule] = Field(min_length=1)


class Words(_Model):
    """One word list: `phrases`, and `include` for all phrases of other lists.

    With `negatable`, "no leak" is not found as a leak; a `disguise` hides the words that it covers.
    """

    about: str = ""
    negatable: bool = True
    disguise: bool = False
    include: list[str] = []
    phrases: list[str] = []


def _words(value: object) -> object:
    return {"phrases": value} if isinstance(value, list) else value


class Dictionary(_Model):
    """words.yaml: words that negate, end a negation or are no slips, and the lists by name."""

    negators: list[str]
    breakers: list[str]
    no_slips: list[str] = []
    lists: dict[
        Identifier, Annotated[Words, BeforeValidator(_words, json_schema_input_type=list[str] | Words)]
    ]


class Ladders(_Model):
    """escalation.yaml: ladders by name, each an escalation policy as docs on formats describe."""

    ladders: dict[Identifier, dict[str, Any]] = Field(min_length=1)


class Policies(_Model):
    """sla.yaml: policies by name."""

    policies: dict[Identifier, dict[str, Any]] = Field(min_length=1)


class BreachReason(_Model):
    """One reason of breach_reasons.yaml: its `text` by language; an `excusable` one may excuse a breach."""

    code: Identifier
    text: dict[str, Annotated[str, Field(min_length=1, max_length=80)]]
    excusable: bool

    @field_validator("text")
    @classmethod
    def _languages(cls, value: dict[str, str]) -> dict[str, str]:
        missing = [language for language in ("en", "es") if language not in value]
        if missing:
            raise ValueError(f"the text in {' and '.join(missing)} is missing")
        return value


class BreachReasons(_Model):
    """breach_reasons.yaml: why a breach may have happened, in the order in which people choose."""

    reasons: list[BreachReason] = Field(min_length=1)


class Storm(_Model):
    """When many new tickets of one account are one incident, and how often people hear of it."""

    tickets: int = Field(default=20, ge=2, le=1000)
    within: Length = "1m"
    update_every: Length = "10m"
    calm: Length = "10m"


class PagesToOne(_Model):
    """How many pages one phone or mailbox gets singly."""

    count: int = Field(default=10, ge=1, le=1000)
    within: Length = "1m"


class LateToOne(_Model):
    """How many warnings and breaches one phone or mailbox is told singly."""

    count: int = Field(default=3, ge=1, le=50)
    within: Length = "5m"


class Limits(_Model):
    """limits.yaml: how bursts are smoothed."""

    storm: Storm = Field(default_factory=Storm)
    pages_to_one: PagesToOne = Field(default_factory=PagesToOne)
    late_to_one: LateToOne = Field(default_factory=LateToOne)


class HolidayYears(_Model):
    """The years for which holidays by country are written into a revision, both included."""

    first: int = Field(ge=2000, le=2200)
    last: int = Field(ge=2000, le=2200)


class Calendars(_Model):
    """calendars.yaml: calendars by name; `24x7` is always there."""

    holiday_years: HolidayYears = HolidayYears(first=2025, last=2035)
    calendars: dict[Identifier, dict[str, Any]] = {}


def _one_of(value: str, known: tuple[str, ...], what: str) -> str:
    if value not in known:
        raise ValueError(f"unknown {what} {value!r}{nearest(value, known)}")
    return value
