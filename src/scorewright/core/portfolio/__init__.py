"""The synthetic portfolio: seven linked tables of credit histories, from a seed."""

from scorewright.core.portfolio.chunk import TABLES, generate_chunk
from scorewright.core.portfolio.spec import MAX_APPLICATIONS, SCHEMA_VERSION, PortfolioSpec
from scorewright.core.portfolio.switches import (
    BureauOutage,
    MacroDrift,
    PolicyChange,
    PopulationShift,
    Switches,
)

__all__ = [
    "MAX_APPLICATIONS",
    "SCHEMA_VERSION",
    "TABLES",
    "BureauOutage",
    "MacroDrift",
    "PolicyChange",
    "PopulationShift",
    "PortfolioSpec",
    "Switches",
    "generate_chunk",
]
