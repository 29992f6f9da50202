"""Rows of a CSV, TSV, JSON lines or Parquet file as documents, told apart by digests of what they say."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from thruline.backends.rows_origin.lines import CsvTable, JsonLinesTable
from thruline.backends.rows_origin.table import Broken, Found, Table
from thruline.core.errors import Denied, Invalid, NotFound, Refused, Unavailable, Unsupported
from thruline.core.glimpse import table_seen
from thruline.core.row_words import RowWords, names_in
from thruline.core.rows import mark_of
from thruline.core.units import Bytes, show_size
from thruline.ports.origin import Item, Listing, Reading, Refusal, Secret


class RowsOrigin:
    """One file whose rows are documents; it is listed by reading it through."""

    options: Mapping[str, str] = {
        "key": "the columns that tell rows apart, parted by commas; without it a row is called by what it says",
        "columns": "the columns to take in, parted by commas; all unless given",
        "title": "the column that names a row",
        "groups_column": "the column that says who may read a row: groups parted by commas, or a JSON list",
    }
    marks_content = True

    def __init__(self, location: str, options: Mapping[str, str], secret: Secret | None = None) -> None:
        if secret is not None:
            raise Invalid("a file has no password", hint="leave --secret out")
        self._path = Path(location)
        self._words = RowWords(
            name=self._path.name.partition(".")[0] or "row", key=names_in(options.get("key", "")),
            columns=names_in(options.get("columns", "")), title=options.get("title", ""),
            groups=options.get("groups_column", ""),
        )  # fmt: skip
        self._table = _table(self._path)
        self._known: _Known | None = None

    def look(self, *, within_s: float) -> str:
        """Its columns, and about how many rows."""
        if not os.path.lexists(self._path):
            raise NotFound(f"{str(self._path)!r} is not there", hint="give the file that holds the rows")
        with self._reachable():
            status = self._status()
            columns = self._table.columns()
            self._words.check(self._path.name, columns)
            rows = self._table.counted(within_s)
        said = table_seen(f"table {self._path.name!r}", len(columns), rows) if columns else rows or "a table"
        return f"{said}, {show_size(status.size)}"

    def list(self) -> Listing:
        """Every row; also raises Unavailable where the file was written to meanwhile."""
        seen = _Seen()
        with self._reachable():
            status = self._status()
            self._words.check(self._path.name, self._table.columns())
            with closing(self._table.rows()) as rows:
                for row in rows:
                    seen.meet(row, self._words)
            if self._status() != status:
                raise self._changed()
        self._known = _Known(status, seen.places)
        return Listing(items=seen.items, refused=seen.refused)

    def read(self, item: Item, *, limit: Bytes) -> Reading:
        """A row of the file as it was listed; raises Unavailable once that is another file."""
        if self._known is None:
            self.list()
        assert self._known is not None
        status, places = self._known
        if item.path not in places:
            raise Refused(f"{item.path!r} is no longer there", reason="unreadable")
        with self._reachable():
            data = self._again(places[item.path])
            if data is None or self._status() != status:
                raise self._changed()
        if len(data) > limit:
            raise Refused(f"{item.path!r} has {len(data)} bytes, more than {limit}", reason="too_large")
        return Reading(data, mark_of(data))

    def close(self) -> None:
        """Nothing is held open."""

    def _again(self, at: int) -> bytes | None:
        try:
            return self._words.document(self._table.row(at))
        except ValueError:
            return None

    def _changed(self) -> Unavailable:
        return Unavailable(f"{str(self._path)!r} changed while it was read", hint="it will be read again")

    def _status(self) -> _Status:
        status = os.lstat(self._path)
        if not stat.S_ISREG(status.st_mode):
            raise Unavailable(f"{str(self._path)!r} is no longer a file", hint="was it swapped? add what it is now")
        return _Status(status.st_size, status.st_mtime_ns, status.st_ino)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise Denied(f"{str(self._path)!r} may not be read", hint="check the file's rights") from error
        except OSError as error:
            hint = "is the disk mounted, and is the file complete?"
            raise Unavailable(f"{str(self._path)!r} cannot be read: {error.strerror or error}", hint=hint) from error


class _Status(NamedTuple):
    """What changes when a file is written to or swapped."""

    size: int
    time: int
    inode: int


class _Known(NamedTuple):
    """A file as it was listed. places: path -> where its row is."""

    status: _Status
    places: Mapping[str, int]


@dataclass(kw_only=True)
class _Seen:
    """What a file holds. places: path -> where its row is."""

    items: list[Item] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    repeated: Counter[str] = field(default_factory=Counter)

    def meet(self, row: Found | Broken, words: RowWords) -> None:
        """File a row."""
        if isinstance(row, Broken):
            self.refused.append(Refusal(row.place, row.reason))
            return
        data = words.document(row.values)
        mark = mark_of(data)
        path = words.path(row.values, mark)
        if not words.key and path in self.places:
            self.repeated[path] += 1
            path = words.repeated(mark, self.repeated[path])
        if not path or path in self.places:
            reason = "duplicate_key" if path else "broken_row"
            self.refused.append(Refusal(row.place, reason))
            return
        self.places[path] = row.at
        self.items.append(Item(path, mark, len(data), words.readers(row.values)))


def _table(path: Path) -> Table:
    match path.suffix.lower():
        case ".csv" | ".tsv":
            return CsvTable(path)
        case ".jsonl" | ".ndjson":
            return JsonLinesTable(path)
        case ".parquet":
            return _parquet(path)
        case other:
            raise Invalid(f"{other!r} is no table of rows", hint="known: .csv, .tsv, .jsonl, .ndjson, .parquet")


def _parquet(path: Path) -> Table:
    try:
        from thruline.backends.rows_origin.parquet import ParquetTable
    except ModuleNotFoundError as error:
        raise Unsupported(f"a Parquet file needs {error.name!r}", hint="pip install 'thruline[train]'") from error
    return ParquetTable(path)
