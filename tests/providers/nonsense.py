"""A provider that gives one answer to everything, and keeps what it was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass
class Nonsense:
    """An ASGI application. Each request is kept as path, headers and form or JSON."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {k.decode().lower(): v.decode() for k, v in scope["headers"]}
        is_json = headers.get("content-type", "").startswith("application/json")
        self.requests.append(
            {
                "path": scope["path"],
                "headers": headers,
                "form": {} if is_json else dict(parse_qsl(body.decode(), keep_blank_values=True)),
                "json": json.loads(body) if is_json else None,
            }
        )
        told = [(k.encode(), v.encode()) for k, v in self.headers.items()]
        length = [(b"content-length", str(len(self.body)).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": [*told, *length]})
        await send({"type": "http.response.body", "body": self.body})
