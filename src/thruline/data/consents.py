"""What people said of the use of their data, by purpose, and which records may not be used because of it.

Consents given and withdrawn, objections, and legal bases that are a person's own. Each is said once and stays on
record; of a person's consents for a purpose the last holds, of the objections too, and of the bases.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from thruline.core.clock import Micros
from thruline.core.ids import ArtifactId
from thruline.core.sql import load_queries, load_schema
from thruline.data.bases import SILENT, Basis, Standing, Why, why_barred
from thruline.data.item_rights import raised
from thruline.ports.database import Database

State = Literal["given", "withdrawn"]
STATES: tuple[State, ...] = get_args(State)
Objection = Literal["objected", "lifted", "overruled"]
OBJECTIONS: tuple[Objection, ...] = get_args(Objection)
KIND = "consent"
NEVER = 1 << 62
_RANK: Mapping[str, int] = {"waiting": 0, "objected": 1, "withdrawn": 2}


class Said(NamedTuple):
    """Once said. id: also of the payload that holds the evidence; until: when a consent ends, 0 for never.

    state: one of State, one of Objection, or `basis`, of which source and basis tell.
    """

    id: ArtifactId
    subject: ArtifactId
    purpose: str
    state: str
    at: Micros
    until: Micros = 0
    source: str = ""
    basis: str = ""


class Bar(NamedTuple):
    """Why a record may not be used, and because of whom. is_original: it repeats no other record."""

    source: ArtifactId
    why: Why
    people: frozenset[ArtifactId]
    is_live: bool
    is_original: bool


Bars = Mapping[ArtifactId, Bar]


class _Kept(NamedTuple):
    """Bars that hold while nothing else was said, and until a consent ends."""

    version: int
    until: Micros
    bars: Bars
    records: frozenset[ArtifactId]


class Consents:
    """Tables only: joins the caller's transaction, writes no events."""

    def __init__(self, database: Database) -> None:
        database.script(load_schema("thruline.data", database.dialect))
        self._db = database
        self._q = load_queries("thruline.data", database.dialect)
        # By purpose and what sources state; replaced whole, so that threads need no lock.
        self._kept: Mapping[tuple[str, frozenset[tuple[ArtifactId, Basis | None]]], _Kept] = {}

    def put(self, said: Said) -> None:
        """What was said before stays on record."""
        row = {"id": said.id, "subject": said.subject, "purpose": said.purpose, "state": said.state, "at": said.at}
        if said.state == "basis":
            own = {"id": said.id, "subject": said.subject, "source": said.source, "basis": said.basis, "at": said.at}
            self._db.execute(self._q.insert_own_basis, own)
        elif said.state in OBJECTIONS:
            self._db.execute(self._q.insert_objection, row)
        else:
            self._db.execute(self._q.insert_consent, row)
            if said.until:
                self._db.execute(self._q.insert_consent_end, {"id": said.id, "until": said.until})
        self._db.execute(self._q.raise_said_version, raised())

    def all(self) -> list[Said]:
        """All that was ever said, the latest first."""
        return [Said(*row) for row in self._db.query(self._q.said, {"ids": ""})]

    def of(self, subjects: Sequence[str]) -> list[Said]:
        """All that these people said, the latest first."""
        return [Said(*row) for row in self._db.query(self._q.said, {"ids": json.dumps(list(subjects))})]

    def own_bases(self) -> dict[tuple[str, str], Basis]:
        """(person, source or '' for all) -> the basis that holds instead of the source's."""
        rows = self._db.query(self._q.own_bases)
        last = {(subject, source): basis for subject, source, basis in rows}
        return {key: basis for key, basis in last.items() if basis}

    def standings(self, purpose: str, now: Micros) -> dict[ArtifactId, Standing]:
        """What is in force of what each person said of a purpose."""
        return self._standings(purpose, now)[0]

    def barred(self, purpose: str, bases: Mapping[ArtifactId, Basis | None], now: Micros) -> Bars:
        """Records that may not be used for a purpose; bases: what each source states. Worked out once, then kept."""
        return self._barred(purpose, bases, now).bars

    def without(self, purpose: str, bases: Mapping[ArtifactId, Basis | None], now: Micros) -> frozenset[ArtifactId]:
        """The same, as ids alone: the very same set as long as nothing changes."""
        return self._barred(purpose, bases, now).records

    def forget(self, subjects: Sequence[str]) -> None:
        """The people are gone; the evidence is the caller's to delete."""
        who = {"ids": json.dumps(list(subjects))}
        for query in (
            self._q.delete_consent_ends_of, self._q.delete_consents_of, self._q.delete_objections_of,
            self._q.delete_own_bases_of,
        ):  # fmt: skip
            self._db.execute(query, who)
        self._db.execute(self._q.raise_said_version, raised())

    def _barred(self, purpose: str, bases: Mapping[ArtifactId, Basis | None], now: Micros) -> _Kept:
        asked = (purpose, frozenset(bases.items()))
        rows = self._db.query(self._q.said_version)
        version = rows[0][0] if rows else 0
        kept = self._kept.get(asked)
        if kept is None or kept.version != version or now >= kept.until:
            kept = self._worked_out(purpose, bases, now, version)
            alive = {key: other for key, other in self._kept.items() if other.version == version}
            self._kept = alive | {asked: kept}
        return kept

    def _worked_out(self, purpose: str, bases: Mapping[ArtifactId, Basis | None], now: Micros, version: int) -> _Kept:
        standing, until = self._standings(purpose, now)
        own = self.own_bases()
        asking = [source for source, basis in bases.items() if basis == "consent"]
        theirs = {who for who, said in standing.items() if said.objected or said.consent == "withdrawn"}
        people = sorted(theirs | {who for who, _ in own})
        ties = self._db.query(self._q.ties, {"sources": json.dumps(asking), "subjects": json.dumps(people)})
        free = {who for who, said in standing.items() if said.consent == "given" and not said.objected}
        bars: dict[ArtifactId, Bar] = {}
        for record, source, state, canonical, subject in ties:
            if subject in free:  # whatever their basis is; most are these
                continue
            basis = own.get((subject, source)) or own.get((subject, "")) or bases.get(source)
            why = why_barred(basis, standing.get(subject, SILENT), purpose)
            if why:
                bar = Bar(source, why, frozenset((subject,)), state == "live", canonical == "")
                bars[record] = _joined(bars.get(record), bar)
        return _Kept(version, until, bars, frozenset(bars))

    def _standings(self, purpose: str, now: Micros) -> tuple[dict[ArtifactId, Standing], Micros]:
        """By person, and when the first of the consents ends that stand now."""
        found: dict[ArtifactId, Standing] = {}
        ends: dict[ArtifactId, Micros] = {}
        for subject, state, until, _ in self._db.query(self._q.said_of, {"purpose": purpose}):
            then = found.get(subject, SILENT)
            if state in OBJECTIONS:
                found[subject] = then._replace(objected=state == "objected")
            else:
                found[subject] = then._replace(consent="expired" if until and until <= now else state)
                ends[subject] = until if until > now else NEVER
        return found, min(ends.values(), default=NEVER)


def _joined(one: Bar | None, other: Bar) -> Bar:
    """Of several people in one record the strictest word holds."""
    if one is None:
        return other
    why = max(one.why, other.why, key=lambda w: _RANK[w])
    return one._replace(why=why, people=one.people | other.people)


def of_source(bars: Bars, source: str) -> Iterable[Bar]:
    """Those of a source's live records, each of those that say the same once."""
    return (bar for bar in bars.values() if bar.source == source and bar.is_live and bar.is_original)
