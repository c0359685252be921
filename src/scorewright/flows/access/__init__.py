"""Make, list, rotate and revoke the API keys of a service."""

from scorewright.flows.access.keys import KeyWish, NewKey, create_key, revoke_key, rotate_key
from scorewright.flows.access.ports import KeyFile, KeyMaker

__all__ = [
    "KeyFile",
    "KeyMaker",
    "KeyWish",
    "NewKey",
    "create_key",
    "revoke_key",
    "rotate_key",
]
