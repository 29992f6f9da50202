"""Tables of separated values: CSV with whatever separator it has, and TSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator

from thruline.core.composing import Composer
from thruline.core.decoding import decode
from thruline.core.documents import Parsed
from thruline.core.tables import pieces

_SEPARATORS = ",;\t|"
_SAMPLE_LINES = 40


class CsvParser:
    """Rows in pieces that begin with the header, so that each piece says what its values mean."""

    version = "csv 1"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The document, titled with its file's name."""
        text = decode(data)
        separator = "\t" if media_type == "text/tab-separated-values" else _separator(text)
        out = Composer(media_type, self.version, title=name.rpartition("/")[2])
        for piece in pieces(_rows(text, separator)):
            out.block(piece, kind="table")
        return out.done()


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    """Quotes as CSV has them; where they do not come out even, every line is a row and quotes are plain characters."""
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True))
    except csv.Error:
        rows = [line.split(separator) for line in text.split("\n")]
    return ([cell.strip() for cell in row] for row in rows if any(row))


def _separator(text: str) -> str:
    """What parts most lines into the same number of cells, the most cells first; a comma where nothing does."""
    sample = io.StringIO("\n".join(text[:100_000].split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES]))
    return max(_SEPARATORS, key=lambda separator: _regularity(sample, separator))


def _regularity(sample: io.StringIO, separator: str) -> tuple[float, int]:
    sample.seek(0)
    try:
        widths = Counter(len(row) for row in csv.reader(sample, delimiter=separator) if row)
    except csv.Error:
        return 0.0, 0
    if not widths:
        return 0.0, 0
    width, rows = widths.most_common(1)[0]
    return (rows / widths.total(), width) if width > 1 else (0.0, 0)
