"""Tables in files: CSV and Parquet, read in full or refused with the place that is wrong."""

from scorewright.adapters.tables.heads import with_separator
from scorewright.adapters.tables.locating import matching
from scorewright.adapters.tables.names import column_names
from scorewright.adapters.tables.readers import FileTableReader
from scorewright.adapters.tables.streaming import TextChunk, TextStream
from scorewright.adapters.tables.writers import FileTableWriter, csv_text

__all__ = [
    "FileTableReader",
    "FileTableWriter",
    "TextChunk",
    "TextStream",
    "column_names",
    "csv_text",
    "matching",
    "with_separator",
]
