"""The store of what places say about who may read their items, by path.

Names of groups can come from a place's own rows: they lie here as keyed digests, in nobody's words.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from thruline.core.ids import ArtifactId, Ids
from thruline.core.sql import load_queries, load_schema
from thruline.data.rights import EVERYONE, Clauses
from thruline.data.same_content import Said, stricter
from thruline.ports.database import Database

_MARK = ":"  # no group is called so: a name can never pass for a digest


class ItemRights:
    """Tables only: joins the caller's transaction, writes no events."""

    def __init__(self, database: Database, ids: Ids, *, same_content: Literal["stricter", "each"]) -> None:
        self._db = database
        self._ids = ids
        self._is_stricter = same_content == "stricter"
        self._elsewhere: tuple[int, Mapping[ArtifactId, Clauses]] = (-1, {})  # of which version; replaced whole
        self._q = load_queries("thruline.data", database.dialect)
        database.script(load_schema("thruline.data", database.dialect))

    def digest(self, group: str) -> str:
        """A group as it stands in clauses."""
        return _MARK + self._ids.digest("group", group)

    def sealed(self, clauses: Clauses) -> Clauses:
        """Clauses with digests for names."""
        return frozenset(frozenset(map(self.digest, clause)) for clause in clauses)

    def are_any(self, source: str) -> bool:
        """Whether something of a source is not for all who see it."""
        return bool(self._db.query(self._q.any_item_rights, {"source": source}))

    def groups_differ(self) -> bool:
        """Whether not all records are for the same groups."""
        return bool(self._db.query(self._q.groups_differ))

    def of_paths(self, source: str, paths: Sequence[str]) -> dict[str, Clauses]:
        """Path id -> its clauses, where there are any."""
        rows = self._db.query(self._q.item_rights, {"source": source, "ids": json.dumps(list(paths))})
        return {path: _clauses(who) for path, who in rows}

    @property
    def version(self) -> int:
        """Another one where records may be for others than before."""
        rows = self._db.query(self._q.item_rights_version)
        return rows[0][0] if rows else 0

    def held_anew(self, source: str) -> None:
        """Paths of a source hold something else now, so other rights may hold for its records; in that transaction."""
        if self.are_any(source) or (self._is_stricter and self.groups_differ()):
            self._raise_version()

    def drop_stray(self, source: str) -> None:
        """Forget paths that are gone with all that they held; not while listed ones wait to be read."""
        self._db.execute(self._q.drop_stray_rights, {"source": source})

    def put(self, source: str, now: Mapping[str, Clauses]) -> None:
        """Path id -> who may read what it holds, as `sealed` gives it; the next question already knows."""
        rows = [{"source": source, "path": path, "who": _text(clauses)} for path, clauses in now.items() if clauses]
        free = [path for path, clauses in now.items() if not clauses]
        self._db.execute_many(self._q.put_item_rights, rows)
        self._db.execute(self._q.delete_item_rights, {"source": source, "ids": json.dumps(free)})
        self._raise_version()

    def of_records(self, records: Sequence[str] | None = None) -> dict[ArtifactId, Clauses]:
        """Record -> its clauses, of all records unless given: those of every path that holds it, and of its copies."""
        found = self._of_paths_of(records)
        elsewhere = self._of_copies()
        for record in map(ArtifactId, elsewhere if records is None else records):
            if record in elsewhere:
                found[record] = found.get(record, frozenset()) | elsewhere[record]
        return found

    def denied(self, groups: Collection[str]) -> str:
        """What keeps out who is in these groups (by digest), as queries take it: rights, and ids of records."""
        texts = [row[0] for row in self._db.query(self._q.distinct_rights)]
        mine = frozenset(groups)
        shut = {c for c in set(self._of_copies().values()) if any(map(mine.isdisjoint, c))}
        copies = [record for record, clauses in self._of_copies().items() if clauses in shut]
        return json.dumps([t for t in texts if any(mine.isdisjoint(clause) for clause in _clauses(t))] + copies)

    def closed(self) -> frozenset[ArtifactId]:
        """Records that not everyone who sees their source may read."""
        everyone = self.digest(EVERYONE)
        return frozenset(r for r, clauses in self.of_records().items() if not all(everyone in c for c in clauses))

    def _of_paths_of(self, records: Sequence[str] | None) -> dict[ArtifactId, Clauses]:
        if records is None:
            rows = self._db.query(self._q.rights_of_all)
        else:
            rows = self._db.query(self._q.rights_of_records, {"ids": json.dumps(list(records))})
        found: dict[ArtifactId, Clauses] = {}
        known: dict[str, Clauses] = {}
        for record, who in rows:
            clauses = known.setdefault(who, known.get(who) or _clauses(who))
            found[record] = found[record] | clauses if record in found else clauses
        return found

    def _of_copies(self) -> Mapping[ArtifactId, Clauses]:
        """Record -> the clauses of what says the same in other sources; worked out once for each version."""
        version = self.version
        if not self._is_stricter or self._elsewhere[0] == version:
            return self._elsewhere[1]
        found = self._copies() if self.groups_differ() else {}
        self._elsewhere = (version, found)
        return found

    def _copies(self) -> Mapping[ArtifactId, Clauses]:
        rows = self._db.query(self._q.same_elsewhere, {"nothing": self._ids.digest("text", "")})
        groups = {row[0]: frozenset(map(self.digest, json.loads(row[4]))) for row in self._db.query(self._q.sources)}
        return stricter([Said(*row) for row in rows], groups, self._of_paths_of(None))

    def _raise_version(self) -> None:
        self._db.execute(self._q.raise_item_rights_version, raised())


def raised() -> Mapping[str, int]:
    """How far the version goes up: by chance, so that one that was rolled back is never met again."""
    return {"by": secrets.randbelow(1 << 30) + 1}


def _text(clauses: Clauses) -> str:
    return json.dumps(sorted(sorted(clause) for clause in clauses), separators=(",", ":"))


def _clauses(text: str) -> Clauses:
    return frozenset(map(frozenset, json.loads(text)))
