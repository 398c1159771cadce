"""The baseline of the webhooks: the same routes, signature check and server, and nothing is stored.

`python -m bench.door PORT`, with the environment of the server that it is compared with.
"""

from __future__ import annotations

import sys

from fastapi import FastAPI

from app import bootstrap, serving
from app.domain.message import Inbound
from app.inbound import routes, twilio
from app.inbound.config import InboundConfig
from app.ports import Accepted
from app.settings import read_settings
from app.store import engine as engines


class _Nothing:
    """Implements ports.Acceptor, and forgets."""

    async def accept(self, items: list[Inbound]) -> list[Accepted]:
        return [Accepted.NEW for _ in items]

    async def refuse(self, *, reason: str, path: str, remote: str, detail: dict[str, str]) -> None:
        raise AssertionError(f"{reason} {path} {remote} {detail}: the load generator signs wrong")


def main(port: int) -> None:
    settings = read_settings()
    bootstrap.configure_logging(settings.log_level)
    # The house is only there for its clock: this engine never connects.
    house = bootstrap.build_house(
        settings, engines.connect("postgresql://nobody@127.0.0.1/none"), bootstrap.read_rulebook(settings)
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    config = InboundConfig(
        public_base_url=settings.public_url,
        twilio_account_sid=settings.twilio_account_sid,
        twilio_auth_tokens=(settings.twilio_auth_token.get_secret_value(),),
        twilio_numbers=(settings.twilio_from,),
    )
    app.add_middleware(routes.InboundDoors, doors=twilio.doors(config, _Nothing(), house.clock))
    serving.serve(serving.Instance(settings, house, app), port=port)


if __name__ == "__main__":
    main(int(sys.argv[1]))
