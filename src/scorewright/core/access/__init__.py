"""Who may do what: scopes, API keys, callers."""

from scorewright.core.access.errors import AccessError
from scorewright.core.access.keys import (
    SCOPES,
    TENANT,
    ApiKey,
    Caller,
    Scope,
    digest_of,
    key_text,
    split_key,
)

__all__ = [
    "SCOPES",
    "TENANT",
    "AccessError",
    "ApiKey",
    "Caller",
    "Scope",
    "digest_of",
    "key_text",
    "split_key",
]
