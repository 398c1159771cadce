"""`closeloop oncall leave`, `override` and `swap`: who is off, who stands in.

Like the whole command line it imports what a command needs when it runs. What must not live here: answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from app.domain.uncovered import Uncovered
    from app.usecases.house import House

leave_cli = typer.Typer(help="Who is off: entered, listed, read from a calendar.", no_args_is_help=True)
override_cli = typer.Typer(help="Who is on call instead, for once.", no_args_is_help=True)

swap_cli = typer.Typer(help="A turn passes to a colleague who says yes.", no_args_is_help=True)

_Start = Annotated[
    str, typer.Argument(help="A date, or a local time such as 2026-07-01T18:00.", metavar="FROM")
]
_End = Annotated[str, typer.Argument(help="The last day, or the time at which it ends.", metavar="TO")]


@leave_cli.command("add")
def leave_add(
    person: Annotated[str, typer.Argument(help="Their key in the directory.")],
    start: _Start,
    end: _End,
    note: Annotated[str, typer.Option(help="For colleagues; customers never see it.")] = "",
) -> None:
    """Enter leave, in the person's own time: whole days with dates, hours with times."""
    from app.usecases import leave

    with _house() as house:
        zone = _zone_of(house, person)
        since, until = leave.read_moment(start, zone), leave.read_moment(end, zone, end=True)
        row, opened = leave.add_leave(house, person, since, until, by=_by(), note=note)
        typer.echo(f"Leave {row.id}: {person} is off from {_local(since, zone)} to {_local(until, zone)}.")
        _warn(house, opened)


@leave_cli.command("list")
def leave_list(
    person: Annotated[str, typer.Option(help="Only theirs.")] = "",
) -> None:
    """List leave that is not over, by its start, in each person's own time."""
    from app.usecases import leave

    with _house() as house:
        rows = leave.list_leave(house, person)
        for row in rows:
            zone = _zone_of(house, row.person)
            source = ", from a calendar" if row.source else ""
            note = f": {row.note}" if row.note else ""
            span = f"{_local(row.starts, zone)} to {_local(row.ends, zone)}"
            typer.echo(f"{row.id}  {row.person}  {span}{source}{note}")
    if not rows:
        typer.echo("Nobody is off.")


@leave_cli.command("remove")
def leave_remove(leave_id: Annotated[int, typer.Argument(help="Its number, see list.")]) -> None:
    """Take leave back: the person is on call again as the schedules say."""
    from app.usecases import leave

    with _house() as house:
        row = leave.remove_leave(house, leave_id, by=_by())
    typer.echo(f"{row.person} is not off any more then.")


@leave_cli.command("import")
def leave_import(
    file: Annotated[Path, typer.Argument(help="An iCalendar file (.ics).")],
    person: Annotated[str, typer.Option(help="Whose leave it is: their key.")],
) -> None:
    """Make what a calendar file says a person's leave; read again, the newer file counts."""
    from app.domain.errors import CloseloopError
    from app.usecases import leave
    from app.usecases.leave_calendar import read_calendar

    try:
        content = file.read_bytes()
    except OSError as error:
        raise CloseloopError(f"{file} cannot be read: {error.strerror}") from None
    with _house() as house:
        entries = read_calendar(content, _zone_of(house, person), house.clock.now())
        added, gone = leave.replace_leave(house, person, f"file:{file.name}", entries, by=_by())
    typer.echo(f"{len(entries)} times off ahead: {added} new, {gone} no longer there.")


@override_cli.command("add")
def override_add(  # noqa: PLR0917 - Typer makes options of them
    schedule: Annotated[str, typer.Argument(help="The schedule's name.")],
    start: _Start,
    end: _End,
    joins: Annotated[str, typer.Option("--in", help="Who is on call then: a key.")] = "",
    out: Annotated[str, typer.Option(help="Instead of whom; * for everyone.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
) -> None:
    """Put somebody on call for once, in the schedule's own time."""
    from app.domain.errors import CloseloopError
    from app.domain.fields import nearest
    from app.usecases import leave

    with _house() as house:
        with house.begin() as connection:
            known = house.roster(connection).schedules
        if schedule not in known:
            raise CloseloopError(f"no schedule {schedule!r}{nearest(schedule, known)}")
        zone = known[schedule].zone.key
        since, until = leave.read_moment(start, zone), leave.read_moment(end, zone, end=True)
        row, opened = leave.add_override(
            house, schedule, since, until, out=out, joins=joins, by=_by(), reason=reason
        )
        typer.echo(f"Override {row.id}: {schedule} from {_local(since, zone)} to {_local(until, zone)}.")
        _warn(house, opened)


@override_cli.command("remove")
def override_remove(override_id: Annotated[int, typer.Argument(help="Its number.")]) -> None:
    """Take an override back."""
    from app.usecases import leave

    with _house() as house:
        _warn(house, leave.revoke_override(house, override_id, by=_by()))
    typer.echo("Taken back.")


@swap_cli.command("offer")
def swap_offer(
    giver: Annotated[str, typer.Argument(help="Whose turns: a key.")],
    taker: Annotated[str, typer.Argument(help="Who is asked: a key.")],
    start: _Start,
    end: _End,
) -> None:
    """Ask a colleague to take somebody's turns, in the giver's own time; both get a text."""
    from app.domain.errors import CloseloopError
    from app.usecases import leave, swaps

    with _house() as house:
        zone = _zone_of(house, giver)
        since, until = leave.read_moment(start, zone), leave.read_moment(end, zone, end=True)
        why = swaps.offer_swap(house, giver, taker, since, until, by=_by())
    if why:
        raise CloseloopError(f"no swap: {why}")
    typer.echo(f"{taker} is asked. Until the answer it stays with {giver}.")


@swap_cli.command("answer")
def swap_answer(
    taker: Annotated[str, typer.Argument(help="Who was asked: a key.")],
    yes: Annotated[bool, typer.Option("--yes/--no", help="Whether they take it.")],
) -> None:
    """Answer the newest offer for a colleague who cannot text; both get a text."""
    from app.domain.errors import CloseloopError
    from app.usecases import swaps

    with _house() as house:
        why = swaps.answer_swap(house, taker, yes=yes, by=_by())
    if why:
        raise CloseloopError(f"no swap: {why}")
    typer.echo("Done.")


@contextmanager
def _house() -> Iterator[House]:
    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema

    settings = read_settings()
    with bootstrap.database(settings) as engine:
        schema.ensure_current(engine)
        yield bootstrap.build_house(settings, engine, bootstrap.rulebook_in_force(settings, engine))


def _by() -> str:
    from app.terminal import login

    return f"user:{login()}"


def _zone_of(house: House, key: str) -> str:
    from app.usecases.leave import known_person

    with house.begin() as connection:
        return known_person(house.roster(connection).directory, key).timezone


def _local(instant: datetime, zone: str) -> str:
    from zoneinfo import ZoneInfo

    return f"{instant.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M}"


def _warn(house: House, opened: Iterable[Uncovered]) -> None:
    from app.usecases.gap_watch import label

    with house.begin() as connection:
        directory = house.roster(connection).directory
    zone = directory.company.timezone
    for gap in opened:
        when = f"{_local(gap.start, zone)} to {_local(gap.end, zone)}"
        typer.echo(f"GAP: nobody for {label(gap.target, directory)} from {when}. Who stands in?", err=True)
