"""The stream of news: it says that something changed, to all who listen, and does not keep a server alive."""

from __future__ import annotations

import http.client
import signal
import socket
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from app.usecases import views
from tests.crash.server_process import ROOT, ServerProcess, free_port
from tests.stories.people import DANA
from tests.stories.town import NIGHT, Town
from tests.web.visiting import Visit, by_link, enter, put_user, signed_in


class Listener:
    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()

    def event(self) -> str:
        """The next event, or nothing when the stream has ended."""
        while line := self.answer.readline():
            if line.startswith(b"event: "):
                return line.removeprefix(b"event: ").strip().decode()
        return ""

    def close(self) -> None:
        # The response holds the socket: both have to be closed for the server to see it.
        self.answer.close()
        self.connection.close()


def listen(visit: Visit, path: str) -> Listener:
    return Listener(visit.place.served.port, path, visit._headers())


def test_everybody_who_listens_hears_of_a_change(flooded: Town) -> None:
    link = by_link(flooded, DANA)
    listeners = [listen(signed_in(flooded), "/events"), listen(link, f"{link.base}/events")]
    # The first event comes by itself: something may have happened since the page was made.
    assert listeners[0].answer.headers["content-type"].startswith("text/event-stream")
    assert listeners[0].event() == "board"
    for _ in range(2):
        link.do("note", text="something new")
        assert [listener.event() for listener in listeners] == ["board", "board"]
    for listener in listeners:
        listener.close()


def test_a_late_commit_is_news_too_and_a_sign_of_life_is_none(flooded: Town) -> None:
    older, newer = "SELECT min(id) FROM outbox", "SELECT max(id) FROM outbox"
    change = "UPDATE outbox SET status = 'read' WHERE id = ({})"
    listener = listen(signed_in(flooded), "/events")
    assert listener.event() == "board"
    with flooded.house.engine.connect() as slow:
        slow.exec_driver_sql(change.format(older))  # is not committed yet
        with flooded.house.begin() as quick:
            quick.exec_driver_sql(change.format(newer))
        assert listener.event() == "board"
        slow.commit()
    assert listener.event() == "board"
    listener.close()
    mark = views.change_mark(flooded.house)
    with flooded.house.begin() as connection:
        connection.exec_driver_sql("UPDATE nodes SET skew_seconds = 1")
        connection.exec_driver_sql("INSERT INTO suppressions VALUES ('sms', '+1', now())")
    assert views.change_mark(flooded.house) == mark


def test_a_server_with_listeners_stops_at_once(engine: Engine, database_url: str, tmp_path: Path) -> None:
    environment = {
        "CLOSELOOP_HOME": str(tmp_path),
        "CLOSELOOP_DATABASE_URL": database_url,
        "CLOSELOOP_SECRET": "s" * 32,
        "CLOSELOOP_RULES": str(ROOT / "rules"),
        "CLOSELOOP_ROLE": "web",
    }
    log = tmp_path / "server.log"
    for number in (signal.SIGINT, signal.SIGTERM):
        with ServerProcess(environment, free_port(), log).start() as server:
            listener = Listener(server.port, "/events", {"Cookie": cookie(engine, server.port)})
            assert listener.answer.status == 200
            assert listener.event() == "board"
            process: Any = server.process
            process.send_signal(number)
            assert listener.event() == ""
            process.wait(timeout=60)
            listener.close()
    assert "exceeded" not in log.read_text()
    assert "Traceback" not in log.read_text()


def cookie(engine: Engine, port: int) -> str:
    with engine.begin() as connection:
        put_user(connection, NIGHT)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
        raw.sendall(f"GET {enter()} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while chunk := raw.recv(65536):
            answer += chunk
    line = next(x for x in answer.decode().split("\r\n") if x.lower().startswith("set-cookie:"))
    return line.split(":", 1)[1].split(";")[0].strip()
