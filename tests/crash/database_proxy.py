"""A TCP proxy on loopback before a PostgreSQL socket: it passes on, stands still, or cuts off half-way."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self

from sqlalchemy import URL


class DatabaseProxy:
    """`with DatabaseProxy(url) as proxy: proxy.url`; `cut`, `stall` and `mend` change what it does."""

    def __init__(self, url: URL) -> None:
        self._target = f"{url.query['host']}/.s.PGSQL.{url.query.get('port', 5432)}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._flows = threading.Event()
        self._flows.set()
        self._cut = False
        self._threads: list[threading.Thread] = []
        port = self._listener.getsockname()[1]
        self.url = url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)
        while self._threads:
            self._threads.pop().join(10)
        self._listener.close()

    def _start(self, work: Callable[..., None], *given: socket.socket) -> threading.Thread:
        thread = threading.Thread(target=work, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def cut(self) -> None:
        """Drop all connections, also in the middle of a statement, and take no new ones."""
        self._cut = True
        self._flows.set()
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def stall(self) -> None:
        """Hold back every byte in both directions."""
        self._flows.clear()

    def mend(self) -> None:
        """Pass everything on again."""
        self._cut = False
        self._flows.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._carry, client)

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            if self._cut:
                return
            with contextlib.suppress(OSError):
                server.connect(self._target)
                self._open |= {client, server}
                back = self._start(self._pump, server, client)
                self._pump(client, server)
                back.join()
            self._open -= {client, server}

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
