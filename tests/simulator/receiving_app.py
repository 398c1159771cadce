"""A small application under the simulator: keeps every webhook that it gets and answers what it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Got:
    """One request as received."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class ReceivingApp:
    """`answer` is called with each request and returns an HTTP status, or 0 to break the connection off.

    A text instead of a status is TwiML, answered with 200.
    """

    answer: Callable[[Got], int | str] = lambda _got: 204
    got: list[Got] = field(default_factory=list)

    def __post_init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                got = Got(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                outer.got.append(got)
                answer = outer.answer(got)
                twiml = answer.encode() if isinstance(answer, str) else b""
                status = 200 if isinstance(answer, str) else answer
                if status == 0:
                    self.close_connection = True
                    return
                self.send_response(status)
                if status != 204:
                    self.send_header("Content-Length", str(len(twiml)))
                if twiml:
                    self.send_header("Content-Type", "text/xml")
                self.end_headers()
                self.wfile.write(twiml)

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def at(self, path: str) -> list[Got]:
        return [got for got in list(self.got) if got.path.partition("?")[0] == path]

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.shutdown()
        self.server.server_close()
