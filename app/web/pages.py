"""Pages (being built)."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, FastAPI

from app.usecases.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """Settings of the pages."""

    secret: bytes
    secure_cookies: bool
    demo_phones_url: str = ""


def router(_house: House, _config: WebConfig) -> APIRouter:
    """Return the pages."""
    return APIRouter()


def mount_static(_app: FastAPI) -> None:
    """Mount."""


def install_errors(_app: FastAPI) -> None:
    """Install."""
