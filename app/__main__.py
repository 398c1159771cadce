"""The command line. Each command imports what it needs, so that `closeloop --help` starts at once."""

from __future__ import annotations

import io
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from app import DEMO_HOME, __version__
from app.backup_cli import backup_cli
from app.contact_cli import contact_cli
from app.oncall_cli import oncall_cli
from app.rules_cli import rules_cli
from app.usecases.roles import Role

cli = typer.Typer(
    help="Closeloop: service emergencies become tickets that somebody always has.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
user_cli = typer.Typer(help="Who may sign in.", no_args_is_help=True)
cli.add_typer(user_cli, name="user")
cli.add_typer(rules_cli, name="rules")
sla_cli = typer.Typer(help="The SLA clocks: audited, explained; policies.", no_args_is_help=True)
cli.add_typer(sla_cli, name="sla")
cli.add_typer(oncall_cli, name="oncall")
cli.add_typer(backup_cli)
cli.add_typer(contact_cli, name="contact")


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@cli.command()
def demo(
    home: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path(DEMO_HOME),
    port: Annotated[int, typer.Option(help="The board's port, or the next free one.")] = 8000,
    phones_port: Annotated[int, typer.Option(help="The phones' port, or the next free one.")] = 8001,
    browser: Annotated[bool, typer.Option("--browser", help="Open the phones in a browser.")] = False,
) -> None:
    """Run everything on this machine: database, server, a made-up company, simulated phones."""
    from app.demo import run

    run(home.absolute(), port, phones_port, open_browser=browser)


@cli.command()
def serve(
    port: Annotated[int, typer.Option(help="Port to listen on; default: CLOSELOOP_PORT.")] = 0,
    role: Annotated[
        Role | None,
        typer.Option(
            help="What this node does: web (pages and webhooks), worker (tickets and sending), tickets,"
            " sender, or both web and worker. Default: CLOSELOOP_ROLE, else both."
        ),
    ] = None,
) -> None:
    """Serve pages and webhooks, and do the work: timers, delivery, escalation. Any number of nodes may."""
    from app import bootstrap, serving
    from app.settings import read_settings

    settings = read_settings()
    if role is not None:
        settings = settings.model_copy(update={"role": role})
    bootstrap.configure_logging(settings.log_level)
    with bootstrap.database(settings) as engine:
        instance = serving.build(settings, engine)
        typer.echo(f"Closeloop {__version__} on {settings.host}:{port or settings.port}", err=True)
        serving.serve(instance, port=port or None)


@cli.command()
def doctor() -> None:
    """Look at everything that this installation depends on; each line says what to do."""
    from app.doctor import Verdict, examine
    from app.settings import read_settings

    bad = 0
    for line in examine(read_settings()):
        typer.echo(str(line))
        bad += line.verdict is Verdict.BAD
    typer.echo(f"{bad} to mend." if bad else "All is well.")
    raise typer.Exit(1 if bad else 0)


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.usecases import clock_projection

    with bootstrap.database(read_settings()) as engine:
        applied = schema.upgrade(engine)
        typer.echo(f"Applied: {', '.join(applied)}" if applied else "The schema is up to date.")
        filled = clock_projection.fill(engine, bootstrap.SystemClock())
    if filled:
        typer.echo(f"The breach audit now counts {filled} older tickets too.")


@cli.command()
def load(file: Annotated[Path, typer.Argument(help="The directory file, see docs/directory.md.")]) -> None:
    """Create or update accounts, sites, contacts and people from a file; all or nothing."""
    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.usecases.directory import load_directory
    from app.usecases.directory_file import parse_directory

    content = parse_directory(_text_of(file), str(file))
    with bootstrap.database(read_settings()) as engine:
        schema.ensure_current(engine)
        changes = load_directory(engine, content, now=bootstrap.SystemClock().now())
    for note in content.notes:
        typer.echo(f"note: {note}", err=True)
    for line in changes.lines:
        typer.echo(line)
    typer.echo(f"{len(changes.lines)} changes." if changes else "Nothing changed.")


@cli.command()
def compute(
    file: Annotated[Path | None, typer.Argument(help="JSON Lines; standard input without it.")] = None,
) -> None:
    """Answer questions about time and people: one JSON line each, in the same order."""
    import json

    from app.domain.compute import answer_line

    try:
        # Bytes that are no UTF-8 spoil their own line only; editors that mark UTF-8 at the start may.
        source = file or sys.stdin.fileno()
        # A Path cannot open standard input, and the `with` stands below.
        questions = open(source, encoding="utf-8-sig", errors="replace")  # noqa: PTH123, SIM115
    except OSError as error:
        typer.echo(f"closeloop: {file} cannot be read: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    failed = False
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Half a character of UTF-16 goes out as the escape by which it came in, and stops no other line.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    with questions:
        for line in questions:
            if line.strip():
                answer = answer_line(line)
                failed = failed or "error" in answer
                sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    raise typer.Exit(1 if failed else 0)


@user_cli.command("add")
def user_add(
    email: Annotated[str, typer.Argument(help="The mail address to sign in with.")],
    name: Annotated[str, typer.Option(help="The name that others see.")] = "",
    role: Annotated[str, typer.Option(help="owner, manager or account_manager.")] = "owner",
    person: Annotated[str, typer.Option(help="Their key in the directory, if they are in it.")] = "",
) -> None:
    """Add somebody who may sign in, or set a new password; it is asked for."""
    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.usecases import sessions

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with bootstrap.database(read_settings()) as engine:
        schema.ensure_current(engine)
        now = bootstrap.SystemClock().now()
        with engine.begin() as connection:
            new = sessions.add_user(
                connection,
                email=email,
                name=name or email.partition("@")[0],
                role=role,
                person=person,
                password=password,
                now=now,
            )
    typer.echo(f"{email} may sign in now." if new else f"{email} has a new password.")


@user_cli.command("verify")
def user_verify(
    person: Annotated[str, typer.Argument(help="Their key in the directory.")],
    address: Annotated[str, typer.Option(help="Which phone or mailbox; default: the first open one.")] = "",
    code: Annotated[str, typer.Option(help="The code that came, instead of texting it back.")] = "",
) -> None:
    """Send a code to somebody's phone or mailbox, to prove that pages reach them there."""
    from app import bootstrap
    from app.domain.errors import CloseloopError
    from app.settings import read_settings
    from app.store import schema
    from app.usecases.verifying import GOOD_FOR, Outcome, enter_code, send_code

    settings = read_settings()
    with bootstrap.database(settings) as engine:
        schema.ensure_current(engine)
        house = bootstrap.build_house(settings, engine, bootstrap.rulebook_in_force(settings, engine))
        if code:
            outcome, detail = enter_code(house, person, code)
            if outcome is not Outcome.VERIFIED:
                raise CloseloopError("that is not the code, or it is no longer good; ask for a new one")
            typer.echo(f"{detail} is verified.")
            return
        method = send_code(house, person, address)
    minutes = int(GOOD_FOR.total_seconds()) // 60
    typer.echo(f"A code goes to {method.address}, from the running server; it is good for {minutes} minutes.")


@sla_cli.command("verify")
def sla_verify(
    since: Annotated[
        str, typer.Option(help="Only tickets that changed since this date or instant, such as 2026-06-01.")
    ] = "",
) -> None:
    """Recompute every clock from its events; list what differs from what was recorded. Changes nothing."""
    from rich.console import Console
    from rich.progress import Progress

    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.usecases import sla_audit

    tickets = clocks = differences = overdue = 0
    with bootstrap.database(read_settings()) as engine:
        schema.ensure_current(engine)
        start = sla_audit.since_instant(engine, since) if since else None
        now = bootstrap.SystemClock().now()
        errors = Console(stderr=True)
        with Progress(
            console=errors,
            disable=not errors.is_terminal,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
        ) as progress:
            task = progress.add_task("Tickets", total=None)
            for checked in sla_audit.verify(
                engine, now=now, since=start, total=lambda count: progress.update(task, total=count)
            ):
                for difference in checked.differences:
                    typer.echo(difference)
                tickets += 1
                clocks += checked.clocks
                differences += len(checked.differences)
                overdue += checked.overdue
                progress.advance(task)
    if overdue:
        typer.echo(f"note: {overdue} tickets have a timer that is overdue; is the server running?", err=True)
    found = f"{differences or 'no'} difference{'s' if differences > 1 else ''}"
    typer.echo(f"{tickets} tickets, {clocks} clocks recomputed from their events: {found}.")
    raise typer.Exit(1 if differences else 0)


@sla_cli.command("explain")
def sla_explain(
    ticket: Annotated[int, typer.Argument(help="The ticket's number.")],
    as_of: Annotated[str, typer.Option(help="As of this instant, such as 2026-06-09T06:11:00Z.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As questions for `closeloop compute`.")] = False,
) -> None:
    """Print the clocks of a ticket with all that they are made of, in the site's local time."""
    import json

    from rich import box
    from rich.console import Console
    from rich.table import Table

    from app import bootstrap
    from app.domain.instants import parse_instant
    from app.settings import read_settings
    from app.store import schema
    from app.usecases.sla_explain import clock_tables, explain_ticket, headline

    instant = parse_instant(as_of) if as_of else bootstrap.SystemClock().now()
    with bootstrap.database(read_settings()) as engine:
        schema.ensure_current(engine)
        found = explain_ticket(engine, ticket, instant)
    if as_json:
        for question in found.questions:
            typer.echo(json.dumps(question, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = 140  # of a file or a mail; a terminal knows its own
    console.print(headline(found))
    for clock in clock_tables(found):
        console.print(f"\n{clock.promise}\n{clock.verdict}")
        if clock.rows:
            table = Table("From", "To", "What", "For", "Counted so far", box=box.SIMPLE_HEAD)
            for row in clock.rows:
                table.add_row(*row)
            console.print(table)


@sla_cli.command("move")
def sla_move(
    ticket: Annotated[int, typer.Argument(help="The ticket's number.")],
    reason: Annotated[str, typer.Option(help="Why; it is shown in the ticket's story.")],
    yes: Annotated[bool, typer.Option("--yes", help="Move it without asking.")] = False,
    person: Annotated[str, typer.Option(help="Who moves it; default: the name of this login.")] = "",
) -> None:
    """Move an open ticket to the SLA policy that the rulebook would choose for it now, after a preview."""
    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.terminal import login
    from app.usecases import policy_move
    from app.usecases.policy_table import print_preview

    settings = read_settings()
    with bootstrap.database(settings) as engine:
        schema.ensure_current(engine)
        house = bootstrap.build_house(settings, engine, bootstrap.rulebook_in_force(settings, engine))
        seen = policy_move.preview(house, policy_move.id_of(house, ticket))
        print_preview(seen)
        if seen.same:
            return
        if not (yes or typer.confirm(f"Move ticket {ticket} to {seen.name}?")):
            raise typer.Exit(1)
        who = person or login()
        kind = "person" if who in seen.directory.people else "user"
        policy_move.move(
            house, seen.ticket.id, actor=f"{kind}:{who}", person=who, reason=reason, expected=seen.policy
        )
    typer.echo(f"Ticket {ticket} counts by {seen.name} now.")


@sla_cli.command("rebuild")
def sla_rebuild() -> None:
    """Make what the breach audit counts anew from the tickets' events."""
    from app import bootstrap
    from app.settings import read_settings
    from app.store import schema
    from app.usecases import clock_projection

    with bootstrap.database(read_settings()) as engine:
        schema.ensure_current(engine)
        done = clock_projection.rebuild(engine, bootstrap.SystemClock())
    typer.echo(f"{done} tickets.")


def _text_of(file: Path) -> str:
    from app.domain.errors import CloseloopError

    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CloseloopError(f"{file} cannot be read: {error}") from None


def main() -> None:
    """Run the command line: errors that Closeloop knows become one plain line and exit status 1."""
    from app.domain.errors import CloseloopError

    # SIGTERM ends us as Ctrl-C does: the server stops cleanly, and then the embedded database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        cli()
    except KeyboardInterrupt:
        raise SystemExit(0) from None
    except CloseloopError as error:
        sys.stderr.write(f"closeloop: {error}\n{_of_the_demo(error)}")
        raise SystemExit(1) from None


def _of_the_demo(error: Exception) -> str:
    """Return how to ask the demo that was run here instead of an empty database."""
    import shlex

    from app.settings import demo_home, read_settings
    from app.store.schema import SchemaEmptyError

    here = demo_home(read_settings()) if isinstance(error, SchemaEmptyError) else None
    command = f"CLOSELOOP_HOME={here} closeloop {shlex.join(sys.argv[1:])}"
    return f"The demo's data is in {here}: {command}\n" if here else ""


if __name__ == "__main__":
    main()
