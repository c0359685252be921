"""Which samplers there are: one module each in this folder, and entry points of others.

A sampler is a module with an object called ``SAMPLER`` that keeps the ``Sampler`` port. Its
name is the module's name. Packages of third parties offer theirs through the entry-point group
``scorewright.samplers``.
"""

from __future__ import annotations

from scorewright.adapters.catalogues import Catalogue, Shelf
from scorewright.flows.ports import Sampler

__all__ = ["Samplers"]

SHELF = Shelf(
    package="scorewright.adapters.samplers",
    group="scorewright.samplers",
    attribute="SAMPLER",
    noun="sampling",
    setting="the sampling",
    code="sampler-unknown",
)


class Samplers(Catalogue[Sampler]):
    """The samplers that are installed; `get` refuses others with ``sampler-unknown``."""

    def __init__(self) -> None:
        super().__init__(SHELF)
