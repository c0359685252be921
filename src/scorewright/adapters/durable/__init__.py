"""Files that are there whole or not at all: written aside, brought to disk, renamed."""

from scorewright.adapters.durable.files import load_json, save, save_json

__all__ = ["load_json", "save", "save_json"]
