"""The PostgreSQL server that comes with Closeloop: made, started, shared and stopped, nothing left behind.

All in `home`:

* `postgres/` is the data directory, and its socket lies in it. The server listens nowhere else.
* `postgres.users`: each process that uses the server holds a shared `flock` on it. Who can turn that into an
  exclusive one on closing is the last, and stops the server. A killed user leaves no trace: the kernel drops
  its lock. A server that outlived its users is found and used by the next start.
* `postgres.lock`: whoever starts or stops holds it exclusively, so that those two never overlap.
* `postgres.hba`, `postgres.ident`: only the operating system's user that started the server, and root, get in
  (peer authentication). They lie outside of the data directory because for root that belongs to `nobody`,
  and root must not write where somebody else may have put a link.

As whom the server runs is in programs.py. Nothing about other servers lives here: engine.py connects to
either kind.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shlex
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from sqlalchemy import URL

from app.store import postmaster, programs
from app.store.programs import DiskFullError, EmbeddedPostgresError, HomeNotWritableError, Programs

if sys.platform != "win32":
    import fcntl
    import pwd

ROLE = "closeloop"
DATABASE = "closeloop"
_SOCKET_LIMIT = 103  # bytes of a socket's path without its NUL: 107 on Linux, 103 on macOS
_PATIENCE = 60.0  # seconds for a start (crash recovery included) or a stop
_GRACE = 10.0  # seconds for what is left of a server that was killed
_ROOM = 200 * 1024 * 1024  # bytes: a fresh cluster has 40 MB, its first WAL segments 80 MB

_SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A log file for each weekday, overwritten a week later: bounded without anybody's care.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%a.log",
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
}
# A crash of the machine may ruin such a cluster, one of PostgreSQL does not: for tests only.
_FAST = {"fsync": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """One process's use of the server in a home; a context manager that closes itself."""

    def __init__(self, home: Path, users: int, server: Programs, folder: Path) -> None:
        """Hold the open and locked file `users`; only `start` makes one."""
        self._home = home
        self._users = users
        self._server = server
        self._folder = folder

    @classmethod
    def start(cls, home: Path, *, fast: bool = False) -> EmbeddedPostgres:
        """Return the running server of `home`, made and started if need be, its database empty at first.

        `fast` trades the data's safety for speed, for tests. The first time takes about half a second, later
        ones 0.15 s. Raises HomeNotWritableError, DiskFullError, DataVersionError, NoServerError,
        EmbeddedPostgresError.
        """
        with _explained(home):
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            home = home.resolve()
            server = programs.find(home / "postgres")
            with _alone(home) as lock:
                users = os.open(home / "postgres.users", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
                try:
                    folder = _serve(home, server, users, lock, fast=fast)
                    fcntl.flock(users, fcntl.LOCK_SH)
                except KeyboardInterrupt:
                    _leave(home, server, users)
                    raise
                except BaseException:
                    os.close(users)
                    raise
        return cls(home, users, server, folder)

    @property
    def url(self) -> str:
        """Return the address of Closeloop's database, for SQLAlchemy."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the address of another database on this server, for SQLAlchemy."""
        where = {"host": str(self._folder), "port": str(postmaster.PORT)}
        url = URL.create("postgresql+psycopg", username=ROLE, database=database, query=where)
        return url.render_as_string(hide_password=False)

    def close(self) -> None:
        """Let go of the server, and stop it if nobody else uses it. May be called again."""
        if self._users >= 0:
            users, self._users = self._users, -1
            with _alone(self._home):
                _leave(self._home, self._server, users)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _serve(home: Path, server: Programs, users: int, lock: int, *, fast: bool) -> Path:
    """Return the folder of the socket of a server that answers. Runs under the lock of `home`."""
    data = home / "postgres"
    if not (data / "PG_VERSION").exists():
        _make(home, server, lock, fast=fast)
    server.check(data)
    found = postmaster.settle(data, _PATIENCE)
    if found is None:
        _forget_stale_pid(data, users)
        folder = _socket_folder(data, server)
        _launch(home, server, folder, fast=fast)
    else:
        folder = found.folder
    _ensure_database(folder)
    return folder


def _make(home: Path, server: Programs, lock: int, *, fast: bool) -> None:
    """Make the cluster beside its place and move it there when it is whole: a kill leaves no half of it."""
    data, fresh = home / "postgres", home / "postgres.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    if shutil.disk_usage(home).free < _ROOM:
        raise DiskFullError(
            f"{home} has less than {_ROOM >> 20} MB left, too little for the database;"
            " free some, or set CLOSELOOP_HOME to another disk",
        )
    fresh.mkdir(mode=0o700)
    server.own(fresh)
    # initdb keeps our lock open: if we are killed, the next start waits until it has come to its end.
    server.run(
        "initdb",
        f"--pgdata={fresh}",
        f"--username={ROLE}",
        "--auth=peer",
        "--data-checksums",
        "--encoding=UTF8",
        "--no-locale",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        *(f"--set={key}={value}" for key, value in _SETTINGS.items()),
        *(["--no-sync"] if fast else []),
        cwd=fresh,
        keep=(lock,),
    )
    if data.exists():
        data.rmdir()  # only if empty: what else lies there is not ours to remove
    fresh.rename(data)


def _launch(home: Path, server: Programs, folder: Path, *, fast: bool) -> None:
    data, hba, ident = home / "postgres", home / "postgres.hba", home / "postgres.ident"
    names = sorted({"root", pwd.getpwuid(os.geteuid()).pw_name})
    _write(hba, "local all all peer map=closeloop\n")
    _write(ident, "".join(f'closeloop "{name}" {ROLE}\n' for name in names))
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "port": str(postmaster.PORT),
        "hba_file": str(hba),
        "ident_file": str(ident),
        **(_FAST if fast else {}),
    }
    options = shlex.join(part for key, value in settings.items() for part in ("-c", f"{key}={value}"))
    wait = ("--wait", f"--timeout={_PATIENCE:.0f}", "--silent")
    log, deadline = data / "start.log", time.monotonic() + _GRACE
    while True:
        log.unlink(missing_ok=True)
        try:
            server.run("pg_ctl", "start", *wait, "-D", str(data), "-l", str(log), "-o", options, cwd=data)
        except DiskFullError:
            raise
        except EmbeddedPostgresError as error:
            said = _last_words(data) or str(error)
            # The children of a server that was killed are still at it, and end as soon as they notice.
            if "still in use" not in said or time.monotonic() > deadline:
                raise programs.failure("PostgreSQL", f"{said}\nits log: {data / 'log'}", data) from error
            time.sleep(0.1)
        else:
            return


def _last_words(data: Path) -> str:
    """Return the end of what a server wrote that did not start, here or, from some point on, in its log."""
    log, folder = data / "start.log", data / "log"
    said = log.read_text(errors="replace") if log.exists() else ""
    if "redirecting log output" in said and folder.exists():
        said = max(folder.iterdir(), key=lambda path: path.stat().st_mtime).read_text(errors="replace")
    return "\n".join(said.splitlines()[-6:])


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w") as file:
        os.fchmod(file.fileno(), 0o644)  # whatever the umask: the server may be another user
        file.write("# Written at each start: which users of the system may come in, and as whom.\n" + text)


def _leave(home: Path, server: Programs, users: int) -> None:
    """Give up the lock of the users; the last one stops the server. Runs under the lock of `home`."""
    data = home / "postgres"
    try:
        if _last(users) and (found := postmaster.read(data)) is not None and found.serves(data):
            wait = ("--wait", f"--timeout={_PATIENCE:.0f}", "--silent")
            server.run("pg_ctl", "stop", "--mode=fast", *wait, "-D", str(data), cwd=data)
            if found.folder != data:
                with suppress(OSError):
                    found.folder.rmdir()
    finally:
        os.close(users)


def _last(users: int) -> bool:
    """Return whether no other process holds the lock of the users; we then hold it alone."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _forget_stale_pid(data: Path, users: int) -> None:
    """Remove the lock files of a process id that now belongs to somebody else, or to a zombie.

    PostgreSQL would refuse to start; a dead process's files it judges itself. It still sees the children of a
    killed server, by the shared memory of this data directory. But while somebody holds the lock of the
    users, perhaps in another container, a server may well run where we cannot see it.
    """
    found = postmaster.read(data)
    if found is None or not found.alive():
        return
    if not _last(users):
        raise EmbeddedPostgresError(
            f"another Closeloop uses {data}, but its PostgreSQL server cannot be reached from here;"
            " stop that one first",
        )
    for lock in (found.folder / f"{postmaster.SOCKET}.lock", data / "postmaster.pid"):
        lock.unlink(missing_ok=True)


def _ensure_database(folder: Path) -> None:
    import psycopg  # noqa: PLC0415 - a tenth of a second that `closeloop --help` does not pay

    try:
        with psycopg.connect(
            host=str(folder),
            port=postmaster.PORT,
            user=ROLE,
            dbname="postgres",
            autocommit=True,
        ) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if known.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
    except psycopg.OperationalError as error:
        raise EmbeddedPostgresError(f"the embedded PostgreSQL server does not let us in: {error}") from error


def _socket_folder(data: Path, server: Programs) -> Path:
    """Return where the socket goes: with the data, unless that path is too long or looks like a list."""
    if len(os.fsencode(data / postmaster.SOCKET)) <= _SOCKET_LIMIT and "," not in str(data):
        return data
    name = f"closeloop-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder / postmaster.SOCKET)) > _SOCKET_LIMIT:
        folder = Path("/tmp") / name  # noqa: S108 - private, and checked below
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        server.own(folder)
    # The name can be guessed: somebody may have made it first, to read along or to answer in our place.
    found = folder.lstat()
    owner = os.geteuid() if server.uid is None else server.uid
    if (found.st_mode, found.st_uid) != (stat.S_IFDIR | 0o700, owner):
        raise EmbeddedPostgresError(
            f"{folder} belongs to somebody else or is open to others; remove it,"
            " or set CLOSELOOP_HOME to a shorter path",
        )
    return folder


@contextmanager
def _alone(home: Path) -> Iterator[int]:
    """Hold the lock of those who start and stop."""
    lock = os.open(home / "postgres.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


@contextmanager
def _explained(home: Path) -> Iterator[None]:
    """Turn what the file system says into an error that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFullError from error
        raise HomeNotWritableError(
            f"cannot use {home} ({error.strerror}: {error.filename}); set CLOSELOOP_HOME to a directory that"
            " Closeloop can write to",
        ) from error
