"""Tracking servers, read over MLflow's REST API."""

from scorewright.adapters.server_stores.artifacts import HttpArtifacts
from scorewright.adapters.server_stores.client import Credentials
from scorewright.adapters.server_stores.store import HttpStore
from scorewright.adapters.server_stores.traces import HttpTraces, ServedTrace

__all__ = ["Credentials", "HttpArtifacts", "HttpStore", "HttpTraces", "ServedTrace"]
