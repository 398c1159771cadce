"""Serves the application with uvicorn, on loopback and nowhere else."""

from __future__ import annotations

import socket

import uvicorn
from starlette.applications import Starlette

from simulator.app import create_app
from simulator.config import Config
from simulator.trouble import Abrupt


class Server(uvicorn.Server):
    """Ends at once: pages that listen for changes and requests that hang do not hold it up."""

    def __init__(self, app: Starlette, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Send home whoever waits, then shut down."""
        self.app.state.end_waiting()
        await super().shutdown(sockets)


def server(config: Config, port: int) -> Server:
    """Return a server that is ready to run; port 0 takes a free one. Raises OSError or ValueError."""
    app = create_app(config)
    return Server(
        app,
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            http=Abrupt,
            ws="none",
            loop="asyncio",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        ),
    )
