"""What machines ask: ready only while the promises hold, figures only for whoever may see them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Engine, text

from app.rulebook.revision import Rulebook
from app.usecases.health import Health
from app.usecases.pulse import Pulse
from app.web import probes
from tests.nodes import TANYA, Clock, node, put, sms
from tests.serving import Served


def test_ready_says_what_does_not_hold_and_what_to_do(engine: Engine, rulebook: Rulebook) -> None:
    clock = Clock(datetime.now(UTC))
    house = node(engine, rulebook, clock)
    pulse = Pulse(house, role="web", version="1")
    pulse.beat()

    def asked() -> tuple[int, str]:
        app = FastAPI()
        app.include_router(probes.router(Health(house, pulse), ""))
        with Served(app) as served:
            assert served.get("/livez").status == 200
            answer = served.get("/readyz")
            figures = served.get("/metrics").body.decode()
        assert f"closeloop_ready {float(answer.status == 200)}" in figures
        assert (
            'closeloop_queue_waiting{queue="pages"} 0.0' in figures
            or "does not answer" in answer.body.decode()
        )
        return answer.status, answer.body.decode()

    assert asked() == (
        503,
        "not ready\nno worker has been heard of for 10 s: start one: closeloop serve --role worker\n",
    )
    Pulse(node(engine, rulebook, clock, "two"), role="worker", version="1").beat()
    with engine.begin() as connection:  # so that no machine is too slow for this
        connection.execute(text("UPDATE nodes SET seen_at = seen_at + interval '1 day'"))
    assert asked() == (200, "ready\n")
    put(house, sms(TANYA, "hello?", clock.at))
    clock.at += timedelta(seconds=31)
    status, said = asked()
    assert (status, said.splitlines()[1][:39]) == (503, "inbox: 1 wait, the oldest for 31 s: rea")
    clock.at -= timedelta(seconds=31)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE timers RENAME TO gone"))
    status, said = asked()
    assert status == 503
    assert "does not answer" in said


def test_figures_are_for_this_machine_or_for_whoever_has_the_token(
    engine: Engine, rulebook: Rulebook
) -> None:
    house = node(engine, rulebook, Clock(datetime.now(UTC)))
    health = Health(house, Pulse(house, role="both", version="1"))
    closed, opened = FastAPI(), FastAPI()
    opened.include_router(probes.router(health, ""))
    closed.include_router(probes.router(health, "let-me-in"))
    with Served(opened) as served:
        assert served.get("/metrics").status == 200
        assert served.get("/metrics", {"X-Forwarded-For": "203.0.113.9"}).status == 403
    with Served(closed) as served:
        assert served.get("/metrics").status == 403
        assert served.get("/metrics", {"Authorization": "Bearer let-me-out"}).status == 403
        assert served.get("/metrics", {"Authorization": "Bearer let-me-in"}).status == 200


def test_what_alerts_and_dashboard_ask_for_is_there(engine: Engine, rulebook: Rulebook) -> None:
    house = node(engine, rulebook, Clock(datetime.now(UTC)))
    app = FastAPI()
    app.include_router(probes.router(Health(house, Pulse(house, role="both", version="1")), ""))
    with Served(app) as served:
        figures = served.get("/metrics").body.decode()
    docs = Path(__file__).parents[2] / "docs"
    asked = set()
    for name in ("alerts.yml", "grafana-dashboard.json", "operate.md"):
        words = (docs / name).read_text("utf-8")
        asked |= set(re.findall(r"\bcloseloop_[a-z_]+\b", words))
    assert len(asked) > 5
    missing = {name for name in asked if f"# TYPE {name} " not in figures}
    assert missing == set()
