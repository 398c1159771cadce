"""The command `closeloop rules learn`: words from labelled messages, and how well they read unseen ones.

What must not live here: the learning (rulebook/learning.py), what is told of it (rulebook/training.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer


def learn(
    files: Annotated[list[Path], typer.Argument(help="CSV files of labelled messages.")],
    rulebook: Annotated[
        list[Path] | None,
        typer.Option("--rulebook", metavar="FOLDER", help="The rulebook's folder; default: CLOSELOOP_RULES."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Do not try how well it reads messages it has not seen.")
    ] = False,
) -> None:
    """Learn words from labelled messages, and write them into the rulebook's folder as learned.json."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from app.rulebook import training
    from app.rulebook.learned import FILE, QUESTIONS
    from app.rulebook.learning import ROUNDS, as_text
    from app.rulebook.revision import load, with_learned
    from app.settings import read_settings
    from app.terminal import put_text

    folders = list(rulebook or read_settings().rules)
    book = load(*folders, learned=False)
    messages = training.read_messages(files, book.routing.trades)
    typer.echo(f"{len(messages):,} different messages.")
    errors = Console(stderr=True)
    columns = (TextColumn("Learning"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True) as progress:
        turns = 1 if quick else 1 + training.held_sets(messages)
        task = progress.add_task("Learning", total=turns * ROUNDS * len(QUESTIONS))
        found = training.learn_from(messages, lambda: progress.advance(task))
        if not quick:
            for line in training.told(
                messages,
                book,
                lambda learned: with_learned(book, learned),
                lambda: progress.advance(task),
            ):
                typer.echo(line)
    target = folders[-1] / FILE
    put_text(target, as_text(found))
    typer.echo(
        f"{target}: {len(cast('dict[str, object]', found['words'])):,} words. Now run: closeloop rules test"
    )
