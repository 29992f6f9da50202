"""Sets for training on the disk: a Parquet file, or a Lance dataset, which is a folder. Needs the extra `train`.

Both are compressed: what they say is asked of their library, no search of bytes finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from thruline.core.errors import Unsupported

if TYPE_CHECKING:
    import pyarrow

LANCE = ".lance"
ENDINGS = (".parquet", LANCE)


def check_engine(path: Path) -> None:
    """Raises Unsupported where a set of this ending cannot be written here."""
    if path.suffix == LANCE:
        _lance()


def write(frame: pl.DataFrame, path: Path, place: Path) -> None:
    """Put the frame at place, in the form that the ending of path asks for."""
    if path.suffix == LANCE:
        _lance().write_dataset(frame.to_arrow(), str(place))
    else:
        frame.write_parquet(place)


def lines(path: Path) -> Iterator[str]:
    """All that a row says in words, row by row; nothing where there is no such set, or another file by now.

    Raises Unsupported for a Lance dataset that cannot be read here: what it holds is not known then.
    """
    if path.suffix == LANCE and path.is_dir():
        try:
            for batch in _batches(path):
                yield from _lines(pl.DataFrame(batch))
        except (ValueError, OSError):  # of pyarrow and lance alike
            return
    elif path.is_file():
        try:
            frame = pl.scan_parquet(path).select(pl.col(pl.String)).collect(engine="streaming")
        except (pl.exceptions.PolarsError, OSError):
            return
        yield from _lines(frame)


def _batches(path: Path) -> Iterator[pyarrow.RecordBatch]:
    return _lance().dataset(str(path)).to_batches()


def _lines(frame: pl.DataFrame) -> Iterator[str]:
    return ("\n".join(filter(None, row)) for row in frame.select(pl.col(pl.String)).iter_rows())


def _lance() -> Any:
    try:
        import lance
    except ModuleNotFoundError as error:
        raise Unsupported(
            "a .lance set is read and written with 'pylance'", hint="pip install 'thruline[lance]'"
        ) from error
    return lance
