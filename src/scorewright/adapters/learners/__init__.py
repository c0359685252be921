"""The learners. Each module of this folder but the catalogue is one learner."""

from scorewright.adapters.learners.catalogue import Learners

__all__ = ["Learners"]
