"""A table as a file that people and their programs open right: CSV, XLSX or Parquet."""

from streams.tabular.table import Column, Kind, Table
from streams.tabular.writing import FORMATS, Format, TooManyRows, media_type, write

__all__ = ["FORMATS", "Column", "Format", "Kind", "Table", "TooManyRows", "media_type", "write"]
