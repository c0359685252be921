"""The API keys of a service: their file, and who recognises callers by them."""

from scorewright.adapters.api_keys.file import JsonKeyFile
from scorewright.adapters.api_keys.gate import Gate, gatekeeper
from scorewright.adapters.api_keys.maker import RandomKeys
from scorewright.adapters.api_keys.tokens import Tokens

__all__ = ["Gate", "JsonKeyFile", "RandomKeys", "Tokens", "gatekeeper"]
