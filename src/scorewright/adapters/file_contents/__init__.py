"""Contents of files of this machine, read without trust."""

from scorewright.adapters.file_contents.local import LocalContents

__all__ = ["LocalContents"]
