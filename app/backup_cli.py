"""`closeloop backup`, `restore` and `move`.

Like the whole command line it imports what a command needs when it runs. What must not live here: how rows
are copied (usecases/backup.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app import __version__

if TYPE_CHECKING:
    from app.settings import Settings

backup_cli = typer.Typer()


@backup_cli.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")],
) -> None:
    """Save the whole database, and the secret kept beside it, in one file, while the server goes on."""
    from app import bootstrap
    from app.settings import read_settings
    from app.usecases import backup as usecase
    from app.usecases.backup_file import refuse_existing

    settings = read_settings()
    refuse_existing(file)  # before a database is started for it
    secret = "" if settings.secret.get_secret_value() else _kept_secret(settings)
    with bootstrap.database(settings) as engine, _bar("Saving") as tell:
        made = usecase.backup(
            engine, file, now=bootstrap.SystemClock().now(), version=__version__, secret=secret, tell=tell
        )
    size = max(1, file.stat().st_size // 1000)
    typer.echo(f"{made.rows} rows of {len(made.tables)} tables in {file}, {size} kB, as of {made.made_at}.")
    if secret:
        typer.echo(
            "It contains the secret that signs links and all that people wrote: keep it where only you read."
        )
    elif settings.secret.get_secret_value():
        typer.echo("The secret that signs links is not in it: keep CLOSELOOP_SECRET yourself.")
    typer.echo("Your rules' files and CLOSELOOP_ settings are not in it either.")


@backup_cli.command()
def restore(file: Annotated[Path, typer.Argument(help="What `closeloop backup` wrote.")]) -> None:
    """Fill an empty database from a backup, all or nothing; an older one is migrated."""
    from app import bootstrap
    from app.settings import read_settings
    from app.usecases import backup as usecase
    from app.usecases.backup_file import reading

    settings = read_settings()
    with reading(file) as saved:
        secret = saved.contents.secret
        note = _compare_secrets(settings, secret)
        with bootstrap.database(settings) as engine, _bar("Restoring") as tell:
            applied = usecase.restore(engine, saved, clock=bootstrap.SystemClock(), tell=tell)
        if secret and not settings.secret.get_secret_value():
            _keep_secret(settings, secret)
        contents = saved.contents
    typer.echo(f"{contents.rows} rows of {len(contents.tables)} tables, as of {contents.made_at}.")
    if applied:
        typer.echo(f"Migrated from {contents.revision}: {', '.join(applied)}")
    if note:
        typer.echo(note)
    typer.echo(
        "Check it: closeloop sla verify. Once it is served, what was due since then is done: pages go out."
    )


@backup_cli.command()
def move(
    to: Annotated[str, typer.Option("--to", help="postgresql://USER:PASSWORD@HOST:PORT/DATABASE, empty.")],
) -> None:
    """Move the embedded database to a PostgreSQL server, all or nothing; the old one is closed for good."""
    from app import bootstrap
    from app.domain.errors import CloseloopError
    from app.settings import read_settings
    from app.store import engine as engines
    from app.usecases import backup as usecase

    settings = read_settings()
    if settings.database_url:
        raise CloseloopError(
            "CLOSELOOP_DATABASE_URL is set: move is for the embedded database. For a server's,"
            " stop all nodes, then closeloop backup FILE, set the new address, closeloop restore FILE"
        )
    target = engines.connect(to)
    try:
        try:
            engines.probe(target)
        except CloseloopError as error:
            raise type(error)(str(error).replace("CLOSELOOP_DATABASE_URL", "--to")) from None
        place = target.url.set(drivername="postgresql").render_as_string(hide_password=True)
        with bootstrap.database(settings) as source, _bar("Moving") as tell:
            rows = usecase.move(source, target, place=place, clock=bootstrap.SystemClock(), tell=tell)
    finally:
        target.dispose()
    typer.echo(f"{rows} rows are in {place} now. Set CLOSELOOP_DATABASE_URL to it and start: closeloop serve")
    if not settings.secret.get_secret_value():
        typer.echo(f"Nodes on other machines need CLOSELOOP_SECRET: what is in {_secret_path(settings)}.")


@contextmanager
def _bar(doing: str) -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how far it is, in rows."""
    from rich.console import Console
    from rich.progress import Progress

    errors = Console(stderr=True)
    with Progress(console=errors, disable=not errors.is_terminal, transient=True) as progress:
        task = progress.add_task(doing, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _secret_path(settings: Settings) -> Path:
    return settings.home / "secret"


def _kept_secret(settings: Settings) -> str:
    path = _secret_path(settings)
    return path.read_text("ascii") if path.exists() else ""


def _compare_secrets(settings: Settings, saved: str) -> str:
    """Return what to say of the secret that is in force from now on, if anything.

    Raises CloseloopError when the home keeps another one than the backup does.
    """
    from app.domain.errors import CloseloopError

    given, kept = settings.secret.get_secret_value(), _kept_secret(settings)
    if not saved:
        return "The backup has no secret: CLOSELOOP_SECRET has to be as before, or links sent earlier end."
    if given:
        return "" if given == saved else "CLOSELOOP_SECRET is not the backup's: links sent earlier end."
    if kept and kept != saved:
        raise CloseloopError(
            f"{_secret_path(settings)} is another secret than the backup's; move it away, and restore again"
        )
    return ""


def _keep_secret(settings: Settings, secret: str) -> None:
    path = _secret_path(settings)
    if path.exists():
        return
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret)
