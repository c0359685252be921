"""From an application to its PD: the one way that training, service and files share."""

from scorewright.core.scoring.golden import TOLERANCE, check_golden
from scorewright.core.scoring.scorer import RawModel, Scorer

__all__ = ["TOLERANCE", "RawModel", "Scorer", "check_golden"]
