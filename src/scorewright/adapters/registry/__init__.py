"""MLflow's registry of models. Only the sync process and ``register`` ever import this room."""

from scorewright.adapters.registry.registrar import MlflowRegistrar
from scorewright.adapters.registry.registry import MlflowRegistry

__all__ = ["MlflowRegistrar", "MlflowRegistry"]
