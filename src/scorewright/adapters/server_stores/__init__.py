"""Tracking servers, read over MLflow's REST API."""

from scorewright.adapters.server_stores.artifacts import HttpArtifacts
from scorewright.adapters.server_stores.client import Credentials
from scorewright.adapters.server_stores.store import HttpStore

__all__ = ["Credentials", "HttpArtifacts", "HttpStore"]
