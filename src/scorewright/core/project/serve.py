"""The sections about the scoring service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from scorewright.core.project.section import Section, SnakeCase

__all__ = [
    "AccessSettings",
    "ChallengerSettings",
    "LimitSettings",
    "LogSettings",
    "ServeSettings",
]


class LogSettings(Section):
    """``[serve.log]``: where decisions are kept, how surely, and what of an application."""

    url: str | None = None
    password_file: str | None = None
    policy: Literal["required", "spool", "best_effort"] = "spool"
    spool_rows: int = Field(default=1_000_000, ge=1_000)
    inputs: Literal["full", "hashed", "none"] = "full"
    columns: dict[str, Literal["full", "hashed", "none"]] = {}
    subject_key_file: str = ".scorewright/keys/subject.key"


class AccessSettings(Section):
    """``[serve.access]``: who may ask the service for what."""

    required: bool = False
    keys: str = ".scorewright/keys/api_keys.json"
    pepper_file: str = ".scorewright/keys/api_keys.pepper"
    per_minute: int = Field(default=6_000, ge=1)
    issuer: str | None = None
    audience: str | None = None
    jwks: str | None = None


class LimitSettings(Section):
    """``[serve.limits]``: what one request, and all of them together, may take."""

    body_bytes: int | None = Field(default=None, ge=1_000)
    batch_bytes: int = Field(default=50_000_000, ge=1_000)
    batch_rows: int = Field(default=1_000_000, ge=1)
    batch_jobs: int = Field(default=2, ge=1, le=64)
    batch_seconds: float = Field(default=3_600.0, gt=0.0)
    batch_days: float = Field(default=7.0, gt=0.0)
    concurrency: int = Field(default=256, ge=1)
    deadline_seconds: float = Field(default=10.0, gt=0.0)
    drain_seconds: float = Field(default=20.0, gt=0.0)


class ChallengerSettings(Section):
    """``[serve] challengers``: another bundle that scores beside the deployed one."""

    bundle: str
    share: float = Field(default=0.0, ge=0.0, lt=1.0)


class ServeSettings(Section):
    """``[serve]``: the scoring service."""

    host: str = "127.0.0.1"
    port: int = Field(default=8800, ge=1, le=65535)
    mode: Literal["development", "production"] = "development"
    workers: int = Field(default=1, ge=1, le=64)
    engine: Literal["auto", "lightgbm", "fast", "compiled"] = "auto"
    model_uri: str | None = None
    poll_seconds: float = Field(default=1.0, gt=0.0)
    sync_seconds: float = Field(default=5.0, gt=0.0)
    docs: bool = True
    reasons: str | None = None
    log: LogSettings = LogSettings()
    access: AccessSettings = AccessSettings()
    limits: LimitSettings = LimitSettings()
    challengers: dict[SnakeCase, ChallengerSettings] = {}

    @model_validator(mode="after")
    def _shares(self) -> ServeSettings:
        if sum(challenger.share for challenger in self.challengers.values()) >= 1.0:
            raise ValueError("the shares of the challengers leave nothing to the champion")
        return self
