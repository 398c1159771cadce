"""Runs a simulator in a thread of this process, for tests and for the demo."""

from __future__ import annotations

import socket
import threading
import time
from typing import Self

from simulator.client import Client
from simulator.config import Config
from simulator.serving import server

START_SECONDS = 60.0  # when it takes longer, it hangs


class Simulator(Client):
    """A client with its own server: `with Simulator(Config(app_url=...)) as sim: sim.text(...)`."""

    def __init__(self, config: Config, port: int = 0) -> None:
        # Named as TCP, else asyncio does not switch Nagle's delay off: 40 ms for each answer.
        self._socket = socket.socket(proto=socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        super().__init__(f"http://127.0.0.1:{self._socket.getsockname()[1]}")
        self.config = config
        self._server = server(config, port)
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    @property
    def public_key(self) -> str:
        """Return SendGrid's public key for webhook signatures, as the application is configured with it."""
        return str(self.state()["sendgrid_public_key"])

    def __enter__(self) -> Self:
        self._thread.start()
        ends = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > ends:
                raise RuntimeError("the simulator did not start")
            time.sleep(0.005)
        return self

    def begin_to_end(self) -> None:
        """Let the server end; leaving the `with` waits until it has."""
        self._server.should_exit = True

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self._socket.close()
