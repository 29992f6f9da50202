"""Opens a home, a database file, an exported ledger or a receipt; never writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

DATABASE = "thruline.db"


class Unreadable(Exception):
    """The path is not there, not ours, or may not be read."""


class Row(NamedTuple):
    """A stored event; verb and run are None where only the chain was exported."""

    seq: int
    body: str
    hash: str
    verb: str | None = None
    run: str | None = None


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Stored rows in order, and the projections; those are None where only the chain was exported."""

    rows: Iterator[Row]
    edges: dict[tuple[str, str, str], int] | None = None
    artifacts: dict[str, int] | None = None


def read(path: Path) -> Ledger | dict[str, Any]:
    """A ledger, or a signed document; raises Unreadable."""
    file = path / DATABASE if path.is_dir() else path
    try:
        with file.open("rb") as opened:
            start = opened.read(16)
        if start.startswith(b"SQLite format 3"):
            return _database(file)
        return _json(file)
    except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
        raise Unreadable(f"cannot read {str(file)!r}: {error}") from error


def read_receipt(path: Path) -> dict[str, Any]:
    """A signed document; raises Unreadable for anything else."""
    found = read(path)
    if isinstance(found, Ledger):
        raise Unreadable(f"{str(path)!r} is a ledger, not a receipt")
    return found


def kept_receipts(home: Path) -> list[Path]:
    """The receipts that a home keeps; none for anything else."""
    return sorted((home / "receipts").glob("*.json"))


def _database(file: Path) -> Ledger:
    connection = _connect(file)
    edges = connection.execute("SELECT parent, child, role, seq FROM edges")
    artifacts = connection.execute("SELECT id, seq FROM artifacts")
    return Ledger(
        edges={(parent, child, role): seq for parent, child, role, seq in edges},
        artifacts=dict(artifacts.fetchall()),
        rows=_rows(file, connection),
    )


def _rows(file: Path, connection: sqlite3.Connection) -> Iterator[Row]:
    try:
        yield from map(Row._make, connection.execute("SELECT seq, body, hash, verb, run FROM events ORDER BY seq"))
    except sqlite3.Error as error:
        raise Unreadable(f"{str(file)!r} is damaged: {error}") from error
    finally:
        connection.close()


def _connect(file: Path) -> sqlite3.Connection:
    address = file.resolve().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("BEGIN")  # one moment for all tables, though the home may be in use
        connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.OperationalError:
        connection.close()
        if file.with_name(file.name + "-wal").exists():
            raise  # without its log the file alone is not the whole ledger
        # a folder that may not be written: SQLite cannot make its lock file there, and needs none
        connection = sqlite3.connect(f"{address}?immutable=1", uri=True, isolation_level=None)
    return connection


def _json(file: Path) -> Ledger | dict[str, Any]:
    text = file.read_text("utf-8")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict) and "signature" in document:
        return document
    return Ledger(rows=iter(_lines(file, text)))


def _lines(file: Path, text: str) -> list[Row]:
    try:
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        return [Row(seq=line["seq"], body=line["body"], hash=line["hash"]) for line in lines]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{str(file)!r} is neither a home, a ledger nor a receipt") from error
