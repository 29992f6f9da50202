"""Which language each record is in, noted when somebody first asks: to tell it takes the whole text."""

from __future__ import annotations

import json
from collections.abc import Iterable

from thruline.core.sql import load_queries
from thruline.ports.database import Database


class Languages:
    """One table; a record's row goes with it."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._q = load_queries("thruline.data", database.dialect)

    def of(self, records: Iterable[str]) -> dict[str, str]:
        """Record -> language ('' where nothing tells), of those whose present document was looked at."""
        return dict(self._db.query(self._q.languages, {"ids": json.dumps(list(records))}))

    def note(self, told: Iterable[tuple[str, str, str]]) -> None:
        """(record, its document, language)."""
        rows = [{"record": r, "document": d, "language": language} for r, d, language in told]
        self._db.execute_many(self._q.put_language, rows)
