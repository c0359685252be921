"""The files of a batch: read a part at a time, and what came of them kept until it may be seen."""

from scorewright.adapters.batch_files.keeping import FolderKeep
from scorewright.adapters.batch_files.reading import ParquetSource, TextSource, batch_source

__all__ = ["FolderKeep", "ParquetSource", "TextSource", "batch_source"]
