"""Tables in files: CSV and Parquet, read in full or refused with the place that is wrong."""

from scorewright.adapters.tables.names import column_names
from scorewright.adapters.tables.readers import FileTableReader
from scorewright.adapters.tables.streaming import TextChunk, TextStream, stream_text_table
from scorewright.adapters.tables.writers import FileTableWriter

__all__ = [
    "FileTableReader",
    "FileTableWriter",
    "TextChunk",
    "TextStream",
    "column_names",
    "stream_text_table",
]
