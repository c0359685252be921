"""Scorewright builds, governs and runs credit-scoring models on MLflow."""

__version__ = "0.1.0"

__all__ = ["__version__"]
