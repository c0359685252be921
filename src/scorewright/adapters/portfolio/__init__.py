"""The synthetic portfolio on disk, and the processes that make it."""

from scorewright.adapters.portfolio.processes import ProcessRunner, default_processes
from scorewright.adapters.portfolio.store import ParquetPortfolioStore

__all__ = ["ParquetPortfolioStore", "ProcessRunner", "default_processes"]
