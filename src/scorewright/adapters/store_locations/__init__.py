"""What a location means, found out by looking; nothing is opened with MLflow, nothing changed."""

from scorewright.adapters.store_locations.look import Place, PlaceKind, look
from scorewright.adapters.store_locations.masking import masked, passwords_of
from scorewright.adapters.store_locations.search import other_stores

__all__ = ["Place", "PlaceKind", "look", "masked", "other_stores", "passwords_of"]
