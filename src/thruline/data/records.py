"""The store of records: sources, the paths they hold, record versions and their chunks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from thruline.core.errors import Conflict, NotFound
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nearest import meant
from thruline.core.nouns import Source
from thruline.core.sql import load_queries, load_schema
from thruline.data.bases import OPTION as BASIS
from thruline.data.bases import basis_of
from thruline.data.item_rights import raised
from thruline.data.residency import labels
from thruline.data.rights import Clauses
from thruline.data.uses import uses
from thruline.ports.database import Database, Row

ALL = 1 << 31  # more than there are
NONE = "[]"  # no rights that hide anything, as `Restrictions.denied` tells them
AGAIN = "~"  # the mark of what may have changed while it was read: no place gives it
State = Literal["live", "quarantined", "superseded", "deleted"]
Standing = Literal["indexed", "duplicate", "quarantined", "refused"]


@dataclass(frozen=True, kw_only=True)
class Record:
    """A version of a raw record. document, vectors and canonical are ids, or empty while there is none.

    owner: whose key its bytes are under. risk: the highest of its risks, 0..1. seen: when, in microseconds.
    path: the id of the path that held it last. reason: why it is, or when a path last held it was, out of answers.
    """

    id: ArtifactId
    source: ArtifactId
    state: State = "live"
    reason: str = "none"
    document: str = ""
    vectors: str = ""
    owner: str = ""
    canonical: str = ""
    chunks: int = 0
    size: int = 0
    risk: float = 0.0
    seen: int = 0
    path: str = ""


class Entry(NamedTuple):
    """A path (by its id) and the record it held at the last sync; `refused` is the reason if it could not be taken.

    mark: what the place said of its content; empty for what is to be met anew, AGAIN for what is to be read again.
    """

    source: str
    path: str
    record: str = ""
    digest: str = ""
    size: int = 0
    mark: str = ""
    refused: str = ""

    def at(self, path: str) -> Entry:
        """The same content under another path."""
        return self._replace(path=path)

    def holding(self, record: str) -> Entry:
        """The same path and bytes, as another record."""
        return self._replace(record=record)


class Live(NamedTuple):
    """A record that may answer, and the groups that may see it; canonical as in Record."""

    id: ArtifactId
    source: ArtifactId
    document: str
    vectors: ArtifactId
    groups: frozenset[str]
    canonical: str


class Place(NamedTuple):
    """A chunk's place: the n-th of its record, as that is cut into this document."""

    chunk: ArtifactId
    record: ArtifactId
    position: int
    document: str


class Count(NamedTuple):
    """Records of one source in one state."""

    source: str
    state: State
    records: int
    chunks: int
    duplicates: int


class Records:
    """Tables only: joins the caller's transaction, writes no events."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._q = load_queries("thruline.data", database.dialect)
        database.script(load_schema("thruline.data", database.dialect))

    def add_source(
        self, name: str, kind: str, location: str, groups: Sequence[str], options: Mapping[str, str] = {}
    ) -> Source:
        """A new source; raises Conflict when the name is taken."""
        if any(s.name == name for s in self.sources()):
            raise Conflict(f"there is a source {name!r} already", hint="choose another --name")
        source = Source(
            id=random_id("source"), name=name, kind=kind, location=location, groups=tuple(sorted(set(groups))),
            options=dict(sorted(options.items())),
        )  # fmt: skip
        row = {"id": source.id, "name": name, "kind": kind, "location": location}
        row |= {"groups": json.dumps(source.groups), "options": json.dumps(source.options)}
        self._db.execute(self._q.insert_source, row)
        return source

    def sources(self) -> list[Source]:
        """All, by name."""
        return [
            Source(
                id=ArtifactId(i), name=name, kind=kind, location=location, groups=tuple(json.loads(groups)),
                options=json.loads(options),
            )
            for i, name, kind, location, groups, options, _ in self._db.query(self._q.sources)
        ]  # fmt: skip

    def source(self, name: str) -> Source:
        """By name or id; raises NotFound and lists the known ones."""
        known = self.sources()
        for source in known:
            if name in (source.name, source.id):
                return source
        raise NotFound(f"no source named {name!r}", hint=meant(name, (s.name for s in known), none="none yet"))

    def last_synced(self) -> dict[str, int]:
        """When each source was last walked to the end, in microseconds; 0 for never."""
        return {row[0]: row[6] for row in self._db.query(self._q.sources)}

    def set_groups(self, source: str, groups: Sequence[str]) -> None:
        """Who may see what the source holds; the next question already knows."""
        self._db.execute(self._q.set_groups, {"id": source, "groups": json.dumps(sorted(set(groups)))})
        self._other_readers()

    def set_options(self, source: str, options: Mapping[str, str]) -> None:
        """How the source is read and used from now on."""
        self._db.execute(self._q.set_options, {"id": source, "options": json.dumps(dict(sorted(options.items())))})

    def judge_again(self, source: str, paths: Sequence[str] | None = None) -> None:
        """Let the next sync judge what these paths hold, or all, as if it had never been read."""
        chosen = "" if paths is None else json.dumps(list(paths))
        self._db.execute(self._q.judge_again, {"source": source, "paths": chosen})

    def mark_synced(self, source: str, at: int) -> None:
        """The source was walked to the end."""
        self._db.execute(self._q.synced, {"id": source, "at": at})

    def note_news(self, source: str, at: int) -> None:
        """A sync met something new; the last 20 times are kept."""
        self._db.execute(self._q.insert_news, {"source": source, "at": at})
        self._db.execute(self._q.drop_old_news, {"source": source})

    def news(self) -> dict[str, list[int]]:
        """When syncs of each source met something new, oldest first, in microseconds."""
        found: dict[str, list[int]] = {}
        for source, at in self._db.query(self._q.news):
            found.setdefault(source, []).append(at)
        return found

    def remove_source(self, source: str) -> None:
        """Drop the source and its paths; its records are the caller's to delete."""
        self._db.execute(self._q.delete_source, {"id": source})
        self._db.execute(self._q.delete_desk_of, {"id": source})
        self._other_readers()

    def entries(self, source: str) -> list[Entry]:
        """What the last sync left."""
        rows = self._db.query(self._q.entries, {"source": source})
        return [Entry(source, *row) for row in rows]

    def put_entry(self, entry: Entry) -> None:
        """A path and what it holds now."""
        self.put_entries([entry])

    def put_entries(self, entries: Iterable[Entry]) -> None:
        """Paths and what they hold now."""
        self._db.execute_many(self._q.put_entry, [entry._asdict() for entry in entries])

    def drop_entry(self, source: str, path: str) -> None:
        """The path is gone."""
        self._db.execute(self._q.delete_entry, {"source": source, "path": path})

    def paths(self, records: Sequence[str]) -> dict[str, list[str]]:
        """Path ids by record; their names are payloads."""
        found: dict[str, list[str]] = {}
        for record, path in self._db.query(self._q.paths_of, _ids(records)):
            found.setdefault(record, []).append(path)
        return found

    def move(self, source: str, old: str, new: Entry) -> None:
        """The content of a path lies under another now, and so do its older versions."""
        self.drop_entry(source, old)
        self.put_entry(new)
        self._db.execute(self._q.move_records, {"from": old, "to": new.path})

    def at(self, paths: Sequence[str]) -> list[Entry]:
        """What these paths hold: source, path and record alone."""
        rows = self._db.query(self._q.entries_at, _ids(paths))
        return [Entry(source=source, path=path, record=record) for source, path, record in rows]

    def drop_nameless(self, paths: Sequence[str]) -> None:
        """Forget refused paths whose name is gone: the next sync meets them anew."""
        self._db.execute(self._q.drop_nameless, _ids(paths))

    def refused(self, denied: str = NONE, source: str = "") -> list[Entry]:
        """Paths of a source, or of all, that could not be taken in; denied: rights that hide what is left out."""
        rows = self._db.query(self._q.refused, {"denied": denied, "source": source})
        return [Entry(source=s, path=p, refused=r, size=n) for s, p, r, n in rows]

    def standings(self, source: str) -> Counter[Standing]:
        """How many paths of a source are in which state; each is in one, so that the counts add up."""
        found: Counter[Any] = Counter()
        for standing, paths in self._db.query(self._q.standings, {"source": source}):
            found[standing] += paths
        seen = found.pop("seen")
        found["indexed"] = seen - found.total()
        return found

    def put(self, record: Record) -> None:
        """A record version; the same content seen again is the same record, brought up to date."""
        self._db.execute(self._q.put_record, _fields(record))

    def put_chunks(self, chunks: Mapping[ArtifactId, Sequence[str]]) -> None:
        """Records' chunks in order."""
        places = ((r, n, c) for r, of_one in chunks.items() for n, c in enumerate(of_one))
        self._db.execute_many(self._q.insert_chunk, [{"id": c, "record": r, "position": n} for r, n, c in places])

    def drop_chunks(self, record: str) -> None:
        """It is about to be cut anew."""
        self._db.execute(self._q.delete_chunks, _ids([record]))

    def set_state(self, records: Sequence[str], state: State, reason: str = "none") -> None:
        """In or out of answers."""
        self._db.execute(self._q.set_state, _ids(records) | {"state": state, "reason": reason})

    def retire(self, records: Sequence[str], state: Literal["superseded", "deleted"]) -> None:
        """No path holds them now; a quarantine stays on record, for when the same content comes again."""
        self._db.execute(self._q.retire, _ids(records) | {"state": state})
        self._db.execute(self._q.delete_alike, _ids(records))
        if records:
            self._other_readers()

    def unheld(self, source: str, among: Sequence[str] | None = None) -> list[Record]:
        """Versions that are in use although no path of the source holds them, and older ones whose path is gone.

        among: only of these records, all of that source.
        """
        if among is None:
            rows = self._db.query(self._q.unheld, {"source": source})
        else:
            rows = self._db.query(self._q.unheld_among, _ids(among))
        return [_record(row) for row in rows]

    def versions(self, paths: Sequence[str]) -> list[ArtifactId]:
        """Every record of which one of these paths was the last to hold it."""
        return [ArtifactId(row[0]) for row in self._db.query(self._q.versions, _ids(paths))]

    def copies(self, records: Sequence[str], state: State) -> list[Record]:
        """Records in this state that repeat one of these."""
        return [_record(row) for row in self._db.query(self._q.copies, _ids(records) | {"state": state})]

    def set_vectors(self, sets: Mapping[ArtifactId, ArtifactId]) -> None:
        """Record -> its set under the embedder that serves."""
        self._db.execute_many(self._q.set_vectors, [{"id": id, "vectors": vectors} for id, vectors in sets.items()])

    def get_many(self, records: Sequence[str]) -> dict[str, Record]:
        """Those that exist."""
        return {row[0]: _record(row) for row in self._db.query(self._q.records_by_id, _ids(records))}

    def get(self, record: str) -> Record:
        """One; raises NotFound."""
        found = self.get_many([record])
        if record not in found:
            raise NotFound(f"no record {record!r}", hint="`thruline documents` lists them")
        return found[record]

    def list(
        self, *, among: Sequence[str] | None = None, state: str = "", limit: int = 100, offset: int = 0,
        denied: str = NONE,
    ) -> list[Record]:  # fmt: skip
        """A page of the records of some sources, or of all, the latest first.

        denied: rights that hide what is left out.
        """
        params = {"among": "" if among is None else json.dumps(list(among)), "state": state, "denied": denied}
        params |= {"limit": limit, "offset": offset}
        return [_record(row) for row in self._db.query(self._q.records, params)]

    def page(self, sources: Sequence[str], after: str, since: int, until: int, limit: int) -> list[Record]:
        """Those of some sources that came in within a time and were not deleted, by id, from the one after on."""
        params = {"sources": json.dumps(list(sources)), "after": after, "since": since, "until": until, "limit": limit}
        return [_record(row) for row in self._db.query(self._q.page_of_records, params)]

    def servable(self, among: Sequence[str] | None, since: int, until: int) -> frozenset[ArtifactId]:
        """Records of some sources, or of all, that came in within a time and may answer, older versions included."""
        chosen = "" if among is None else json.dumps(list(among))
        rows = self._db.query(self._q.servable_within, {"among": chosen, "since": since, "until": until})
        return frozenset(row[0] for row in rows)

    def of_source(self, source: str, *, state: str = "") -> list[Record]:
        """Every record of a source, or those in one state, the latest first."""
        return self.list(among=[source], state=state, limit=ALL)

    def live(self, rights: Mapping[ArtifactId, Clauses], *, among: Sequence[str] | None = None) -> list[Live]:
        """What may answer, of these or of all: live, and not repeating a live record that the same readers see."""
        sources = {source.id: source for source in self.sources()}
        live, repeating = self._live(among)
        covered = {
            id: sources.get(source)
            for id, source, names_others in repeating
            if not (names_others and _asks(sources.get(source)))  # who is named here may allow what the other does not
        }
        groups = {id: frozenset(source.groups) for id, source in sources.items()}
        return [
            Live(id, source, document, vectors, groups[source], canonical)
            for id, source, document, vectors, canonical in live
            if source in groups
            and (
                id not in covered
                or rights.get(id) != rights.get(canonical)
                or not _is_alike(sources[source], covered[id])
            )
        ]

    def _live(self, among: Sequence[str] | None) -> tuple[list[Row], list[Row]]:
        if among is None:
            return self._db.query(self._q.live), self._db.query(self._q.repeating)
        ids = _ids(among)
        return self._db.query(self._q.live_among, ids), self._db.query(self._q.repeating_among, ids)

    def counts(self, denied: str = NONE) -> list[Count]:
        """How many, by source and state; denied: rights that hide what is not counted."""
        rows = self._db.query(self._q.counts, {"denied": denied})
        return [Count(s, state, n, c or 0, d or 0) for s, state, n, c, d in rows]

    def places(self, chunks: Sequence[str]) -> dict[str, Place]:
        """Where these chunks stand."""
        return {row[0]: Place(*row) for row in self._db.query(self._q.chunks_by_id, _ids(chunks))}

    def chunks_of(self, records: Sequence[str]) -> list[Place]:
        """The chunks by which records answer, in order."""
        return [Place(*row) for row in self._db.query(self._q.chunks_of, _ids(records))]

    def chunks_beside(self, chunks: Sequence[str]) -> list[Place]:
        """All that stand in the same documents as these, in order."""
        return [Place(*row) for row in self._db.query(self._q.chunks_beside, _ids(chunks))]

    def every_chunk_of(self, records: Sequence[str]) -> list[ArtifactId]:
        """The records' chunks, in whatever ways they were cut."""
        return [ArtifactId(row[0]) for row in self._db.query(self._q.every_chunk_of, _ids(records))]

    def put_bands(self, record: str, bands: Iterable[str]) -> None:
        """The record's MinHash bands."""
        self._db.execute_many(self._q.insert_band, [{"band": b, "record": record} for b in bands])

    def near(self, bands: Sequence[str]) -> list[ArtifactId]:
        """Live records that share a band, the first seen first; to be verified."""
        return [row[0] for row in self._db.query(self._q.near, {"bands": json.dumps(list(bands))})]

    def near_pairs(self, records: Sequence[str]) -> list[tuple[ArtifactId, ArtifactId]]:
        """(record that is not deleted, one of these) for those that share a band; to be verified."""
        return [
            (ArtifactId(other), ArtifactId(one)) for other, one in self._db.query(self._q.near_pairs, _ids(records))
        ]

    def put_texts(self, said: Mapping[ArtifactId, str]) -> None:
        """What records say, as digests of their words."""
        self._db.execute_many(self._q.put_text, [{"record": r, "digest": digest} for r, digest in said.items()])

    def put_sketches(self, sketches: Mapping[ArtifactId, bytes]) -> None:
        """Which words surely do not stand in the records."""
        self._db.execute_many(self._q.put_sketch, [{"record": r, "bits": bits} for r, bits in sketches.items()])

    def sketches(self) -> list[tuple[str, str, bytes]]:
        """(record, its document, its sketch)."""
        return [(record, document, bytes(bits)) for record, document, bits in self._db.query(self._q.sketches)]

    def drop_sketches(self, records: Sequence[str]) -> None:
        """The words of these records are kept no longer."""
        self._db.execute(self._q.delete_sketches, _ids(records))

    def texts(self, records: Sequence[str]) -> dict[str, str]:
        """What these records say, as far as it was noted."""
        return dict(self._db.query(self._q.texts, _ids(records)))

    def saying(self, digests: Iterable[str]) -> list[Record]:
        """Records of any state that say one of these."""
        return [_record(row) for row in self._db.query(self._q.saying, _digests(digests))]

    def with_reason(self, reason: str) -> list[Record]:
        """Records that are not deleted and are, or last were, out of answers for this reason."""
        return [_record(row) for row in self._db.query(self._q.with_reason, {"reason": reason})]

    def unread(self) -> list[Record]:
        """Records of which nobody noted what they say: an earlier version took them in."""
        return [_record(row) for row in self._db.query(self._q.unread)]

    def hold(self, digests: Iterable[str], at: int) -> None:
        """Keep these words out of answers, whatever record, path or source they come in."""
        self._db.execute_many(self._q.hold, [{"digest": d, "since": at} for d in digests])

    def let_go(self, digests: Iterable[str]) -> None:
        """Hold these words no longer."""
        self._db.execute(self._q.let_go, _digests(digests))

    def is_held(self, digest: str) -> bool:
        """Whether an operator took these words out of answers."""
        return bool(self._db.query(self._q.held, {"digest": digest}))

    def count_suppressed(self) -> int:
        """How many digests keep people who were erased from coming in again."""
        return self._db.query(self._q.count_suppressed)[0][0]

    def delete(self, records: Sequence[str]) -> None:
        """Remove all rows of these records, edges and paths included; payloads and vectors are the caller's."""
        self.drop_sketches(records)
        q = self._q
        for query in (
            q.delete_chunks, q.delete_cuts, q.delete_cut_chunks, q.delete_bands, q.delete_texts, q.delete_languages,
            q.delete_alike, q.delete_judgements,
            q.delete_entries_of, q.delete_records,
        ):  # fmt: skip
            self._db.execute(query, _ids(records))
        self._other_readers()

    def _other_readers(self) -> None:
        self._db.execute(self._q.raise_item_rights_version, raised())


def _ids(ids: Iterable[str]) -> dict[str, str]:
    return {"ids": json.dumps(list(ids))}


def _digests(digests: Iterable[str]) -> dict[str, str]:
    return {"digests": json.dumps(sorted(set(digests)))}


def _fields(noun: Any) -> dict[str, Any]:
    return {name: getattr(noun, name) for name in noun.__dataclass_fields__}


def _is_alike(source: Source, other: Source | None) -> bool:
    """Whether the same groups see both sources, and may use their documents for the same, and in the same regions.

    Not where the original may wait for consents that the repetition does not need.
    """
    if other is None or source.groups != other.groups:
        return False
    same = uses(source.options) == uses(other.options) and labels(source.options) == labels(other.options)
    return source.options == other.options or (same and (_asks(source) or not _asks(other)))


def _asks(source: Source | None) -> bool:
    return source is not None and basis_of(source.options.get(BASIS, "")) == "consent"


def _record(row: tuple[Any, ...]) -> Record:
    return Record(**dict(zip(Record.__dataclass_fields__, row, strict=True)))
