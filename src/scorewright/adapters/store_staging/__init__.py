"""Private copies of stores at the newest schema, and what they come to together."""

from scorewright.adapters.store_staging.merger import SqlMerger
from scorewright.adapters.store_staging.staging import StoreStaging

__all__ = ["SqlMerger", "StoreStaging"]
