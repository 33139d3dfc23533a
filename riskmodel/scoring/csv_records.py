"""Records of a CSV file: their index, made in one pass without loading the file, and those of a stretch.

A line break between quotes belongs to its record, and an empty line is no record. The same pass takes the file's
fingerprint and sees to it that it is UTF-8.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pv

from riskmodel.errors import InputError

BLOCK = 4 * 2**20
QUOTE, RETURN, NEWLINE = b'"'[0], b"\r"[0], b"\n"[0]
#: Possible delimiters; the most frequent one in the header is taken.
DELIMITERS = (",", ";", "\t")
#: No header is longer than this, bytes.
LONGEST_HEADER = 2**20


@dataclass(frozen=True)
class Records:
    """A CSV file in stretches of whole records.

    Attributes
    ----------
    columns : tuple of str
        Of the header.
    delimiter : str
        Between columns.
    stretches : tuple of (int, int, int, int)
        First byte, last byte, records before it and records in it, without the header.
    sha256 : str
        Fingerprint; empty when only the header was read.
    quoted : bool
        Whether a quotation mark may be anywhere in the records.
    """

    columns: tuple[str, ...]
    delimiter: str
    stretches: tuple[tuple[int, int, int, int], ...] = ()
    sha256: str = ""
    quoted: bool = True


@dataclass
class _Scan:
    """State between blocks."""

    stretch_bytes: int
    start: int
    at: int = 0
    record_start: int = 0
    in_quotes: int = 0
    quoted: bool = False
    last_byte: int = NEWLINE
    records: int = 0
    before: int = 0
    stretches: list[tuple[int, int, int, int]] = field(default_factory=list)

    def take(self, block: npt.NDArray[np.uint8]) -> None:
        """Find the ends of records in the next block."""
        ends = np.flatnonzero(block == NEWLINE)
        quotes = block == QUOTE
        if self.in_quotes or quotes.any():
            self.quoted = True
            depth = (np.cumsum(quotes, dtype=np.int64) + self.in_quotes) % 2
            ends = ends[depth[ends] == 0]
            self.in_quotes = int(depth[-1])
        before_end = np.where(ends > 0, block[ends - 1], self.last_byte)
        after = self.at + ends + 1
        length = np.diff(after, prepend=self.record_start)
        empty = (length == 1) | ((length == 2) & (before_end == RETURN))
        counted = self.records + np.cumsum(~empty)
        self._cut(after, counted)
        if len(after):
            self.records, self.record_start = int(counted[-1]), int(after[-1])
        self.at, self.last_byte = self.at + len(block), int(block[-1])

    def _cut(self, after: npt.NDArray[np.int64], counted: npt.NDArray[np.int64]) -> None:
        while len(after) and after[-1] >= self.start + self.stretch_bytes:
            index = int(np.searchsorted(after, self.start + self.stretch_bytes))
            self._close(int(after[index]), int(counted[index]))

    def _close(self, end: int, records: int) -> None:
        if records > self.before:
            self.stretches.append((self.start, end, self.before, records - self.before))
        self.start, self.before = end, records

    def finish(self) -> None:
        """The last record may lack its line break."""
        self._close(self.at, self.records + (self.record_start < self.at))


def index_records(path: Path, stretch_bytes: int, *, only_header: bool = False) -> Records:
    """Find header, delimiter and stretches of records of a CSV file."""
    try:
        with path.open("rb") as stream:
            header = stream.readline(LONGEST_HEADER)
            columns, delimiter = _header(path, header)
            if only_header:
                return Records(columns, delimiter)
            digest, decoder = hashlib.sha256(header), codecs.getincrementaldecoder("utf-8")()
            scan = _Scan(stretch_bytes, len(header), len(header), len(header))
            while block := stream.read(BLOCK):
                digest.update(block)
                decoder.decode(block)
                scan.take(np.frombuffer(block, dtype=np.uint8))
            decoder.decode(b"", final=True)
    except OSError as error:
        raise InputError(path, error.strerror or "an unreadable file", "a CSV file") from error
    except UnicodeDecodeError as error:
        raise InputError(path, f"bytes that are not UTF-8 ({error.reason})", "a CSV file in UTF-8") from error
    if scan.in_quotes:
        raise InputError(path, "a quotation mark that is never closed", "quotation marks in pairs")
    scan.finish()
    return Records(columns, delimiter, tuple(scan.stretches), digest.hexdigest(), scan.quoted)


def read_records(
    path: Path, start: int, end: int, columns: Sequence[str], wrong: Callable[[pv.InvalidRow], str]
) -> pa.Table:
    """Columns of the records in a stretch of a CSV file as texts; ``wrong`` gets those of another width."""
    header = index_records(path, 0, only_header=True)
    with path.open("rb") as stream:
        stream.seek(start)
        text = stream.read(end - start)
    return pv.read_csv(
        pa.BufferReader(text),
        # One thread and one block, because only then rows are numbered.
        read_options=pv.ReadOptions(
            column_names=list(header.columns), use_threads=False, block_size=len(text) + 1
        ),
        parse_options=pv.ParseOptions(
            delimiter=header.delimiter, newlines_in_values=True, invalid_row_handler=wrong
        ),
        convert_options=pv.ConvertOptions(
            column_types={name: pa.string() for name in columns},
            include_columns=list(columns),
            strings_can_be_null=False,
        ),
    )


def _header(path: Path, line: bytes) -> tuple[tuple[str, ...], str]:
    text = line.decode("utf-8-sig").strip("\r\n")
    if not text:
        raise InputError(path, "an empty first line", "a header with the names of the columns")
    delimiter = max(DELIMITERS, key=text.count)
    try:
        names = next(csv.reader([text], delimiter=delimiter))
    except csv.Error as error:
        raise InputError(path, f"a header that is no CSV ({error})", "names of columns") from error
    return tuple(name.strip() for name in names), delimiter
