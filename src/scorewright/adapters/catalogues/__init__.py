"""Parts that are found by name: one module each in a folder, and entry points of others."""

from scorewright.adapters.catalogues.catalogue import Catalogue, Shelf

__all__ = ["Catalogue", "Shelf"]
