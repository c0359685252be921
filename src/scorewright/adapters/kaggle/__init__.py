"""Kaggle: the files of a competition, fetched with the user's own credentials."""

from scorewright.adapters.kaggle.competition import KaggleCompetition
from scorewright.adapters.kaggle.folder import DiskFolder

__all__ = ["DiskFolder", "KaggleCompetition"]
