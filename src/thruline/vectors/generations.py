"""What an index holds, as a tree of content ids: vector set < segment < generation.

A segment gathers the sets of the records whose ids begin with the same bits, so a changed record makes one new
segment and one new generation, and lineage stays exact. Equal content gives the equal generation, whatever the
history, which is how a rebuild proves that nothing differs. All methods join the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from thruline.core.clock import Micros
from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.ids import ArtifactId, Ids
from thruline.core.nouns import Draft
from thruline.core.sql import load_queries, load_schema
from thruline.ledger.payloads import Payloads
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger
from thruline.vectors.history import standing
from thruline.vectors.recipes import Recipe, recipe_of
from thruline.vectors.segments import Segment, Tree, bits, bucket, buckets
from thruline.vectors.sets import VectorSet, decode_set, encode_set


@dataclass(frozen=True, kw_only=True)
class Generation:
    """One content of an index. recipe: what made all its vectors."""

    id: ArtifactId
    recipe: Recipe
    segments: int
    chunks: int

    @property
    def embedder(self) -> str:
        """The digest of the model."""
        return self.recipe.embedder


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A generation began to serve."""

    generation: ArtifactId
    why: str
    at: Micros


class NewSet(NamedTuple):
    """A record's vectors, one row a chunk, as a recipe made them; owner: whose key they are under."""

    record: ArtifactId
    chunks: Sequence[ArtifactId]
    vectors: np.ndarray
    recipe: Recipe
    owner: str


class Generations:
    """The store of record of every index of a home."""

    def __init__(self, database: Database, ledger: Ledger, ids: Ids, payloads: Payloads) -> None:
        self._db, self._ledger, self._ids, self._payloads = database, ledger, ids, payloads
        self._q = load_queries("thruline.vectors", database.dialect)
        self._tree: Tree | None = None  # the one that was built last; replaced whole
        database.script(load_schema("thruline.vectors", database.dialect))

    def put_sets(self, sets: Sequence[NewSet], *, run: str = "", actor: str = "") -> list[ArtifactId]:
        """Keep vectors as float16; the id of each set. One that is here already is not told twice."""
        data = [encode_set(each.chunks, each.vectors) for each in sets]
        pairs = zip(sets, data, strict=True)
        ids = [self._ids.within("vectors", each.record, each.recipe.text, raw) for each, raw in pairs]
        with self._db.transaction():
            known = self._payloads.there(ids)
            new = {id: each for id, each in zip(ids, sets, strict=True) if id not in known}
            owners = (each.owner for each in sets)  # of those that are here, too: it may be another now
            self._payloads.put_many(zip(ids, data, owners, strict=True))
            rows = (
                {"id": id, "record": e.record, "embedder": e.recipe.text, "chunks": len(e.chunks)}
                for id, e in new.items()
            )
            self._db.execute_many(self._q.put_set, list(rows))
            if new:
                self._ledger.append([self._embedded(id, each, run, actor) for id, each in new.items()])
        return ids

    def load(self, sets: Sequence[ArtifactId]) -> dict[ArtifactId, VectorSet]:
        """The sets whose vectors are still here; forgotten ones are missing."""
        return {ArtifactId(id): decode_set(data) for id, data in self._payloads.get_many(sets).items()}

    def made_by(self, recipe: Recipe, sets: Sequence[str]) -> set[str]:
        """Those of the sets that were made by this recipe."""
        rows = self._db.query(self._q.sets, {"ids": json.dumps(list(sets))})
        return {id for id, _, by, _ in rows if by == recipe.text}

    def sets_by(self, recipe: Recipe, records: Sequence[str]) -> dict[ArtifactId, ArtifactId]:
        """Record -> the set that was made of it by a recipe, for those that have one; a forgotten one is none."""
        asked = {"embedder": recipe.text, "ids": json.dumps(list(records))}
        rows = self._db.query(self._q.sets_by, asked)
        there = self._payloads.there([id for _, id in rows])
        return {ArtifactId(record): ArtifactId(id) for record, id in rows if id in there}

    def is_only(self, recipe: Recipe) -> bool:
        """Whether no set here was ever made by another recipe."""
        return not self._db.query(self._q.other_embedder, {"embedder": recipe.text})

    def sets_of(self, records: Sequence[str]) -> list[ArtifactId]:
        """Every set of these records, by whichever recipe: what goes when the records go."""
        return [ArtifactId(row[0]) for row in self._db.query(self._q.sets_of, {"ids": json.dumps(list(records))})]

    def records_of(self, sets: Sequence[str]) -> dict[str, str]:
        """Which record each of these sets is of."""
        return {id: record for id, record, *_ in self._db.query(self._q.sets, {"ids": json.dumps(list(sets))})}

    def forget(self, sets: Sequence[ArtifactId]) -> int:
        """Delete the vectors; generations that name them stay on the ledger and can never serve them again."""
        return self._payloads.delete(sets)

    def build(
        self, index: str, sets: Mapping[ArtifactId, ArtifactId], recipe: Recipe, *, run: str = "", actor: str = ""
    ) -> ArtifactId:
        """The generation that holds exactly these sets (record id -> vectors id); tells only what is new of it.

        Raises NotFound for an unknown set and Invalid for one by another recipe.
        """
        return self._settled(index, recipe, len(sets), {}, buckets(sets), run=run, actor=actor)

    def change(
        self, index: str, base: ArtifactId, gone: Collection[str], came: Mapping[ArtifactId, ArtifactId],
        recipe: Recipe, *, run: str = "", actor: str = "",
    ) -> ArtifactId:  # fmt: skip
        """The generation that holds what base does but for these records, and these sets besides; as `build`.

        Costs the segments that they are in, where base was the last to be built, and all of them otherwise.
        """
        tree = self._tree
        if tree is not None and (tree.generation, tree.recipe) == (base, recipe):
            spread = bits(tree.sets)
            touched = sorted({bucket(record, spread) for record in (*gone, *came)})
            before = {b: self._sets_in(tree.segments[b].id) if b in tree.segments else {} for b in touched}
            after = {b: {r: v for r, v in sets.items() if r not in gone} for b, sets in before.items()}
            for record, vectors in came.items():
                after[bucket(record, spread)][record] = vectors
            count = tree.sets + sum(len(after[b]) - len(before[b]) for b in touched)
            if bits(count) == spread:
                kept = {b: segment for b, segment in tree.segments.items() if b not in touched}
                members = {b: sorted(sets.values()) for b, sets in after.items() if sets}
                return self._settled(index, recipe, count, kept, members, run=run, actor=actor)
        sets = {record: vectors for record, vectors in self.members(base) if record not in gone}
        return self.build(index, {**sets, **came}, recipe, run=run, actor=actor)

    def get(self, generation: ArtifactId) -> Generation:
        """What a generation is; raises NotFound."""
        found = self._find(generation)
        if found is None:
            raise NotFound(f"no generation {generation!r}", hint="see the index's history")
        return found

    def members(self, generation: ArtifactId) -> list[tuple[ArtifactId, ArtifactId]]:
        """(record id, vectors id) of every set in it, by record."""
        rows = self._db.query(self._q.members, {"generation": generation})
        return [(ArtifactId(record), ArtifactId(vectors)) for record, vectors in rows]

    def sets_in(self, generation: ArtifactId, records: Sequence[str]) -> dict[ArtifactId, ArtifactId]:
        """Record -> set, of these records alone."""
        asked = {"generation": generation, "ids": json.dumps(list(records))}
        return {ArtifactId(record): ArtifactId(id) for record, id in self._db.query(self._q.sets_in, asked)}

    def between(self, old: str, new: ArtifactId) -> tuple[set[ArtifactId], dict[ArtifactId, ArtifactId]]:
        """Records that a generation has and the next one not, and record -> set of what is other or new in that.

        Costs the segments that differ.
        """
        before, after = self._own_sets(old, but_not_of=new), self._own_sets(new, but_not_of=old)
        came = {record: vectors for record, vectors in after.items() if before.get(record) != vectors}
        return before.keys() - after.keys(), came

    def count(self, generation: ArtifactId) -> int:
        """How many records are in it."""
        return self._db.query(self._q.count_members, {"generation": generation})[0][0]

    def switch(self, index: str, generation: ArtifactId, why: str, *, run: str = "", actor: str = "") -> None:
        """Let a generation serve; raises NotFound for one that was never built."""
        self.get(generation)
        draft = Draft(verb="index.switched", inputs=(generation,), facts={"why": why}, run=run, actor=actor)
        with self._db.transaction():
            (event,) = self._ledger.append([draft])
            row = {"name": index, "seq": event.seq, "generation": generation, "why": why, "at": event.at}
            self._db.execute(self._q.put_switch, row)

    def active(self, index: str) -> ArtifactId | None:
        """The generation that serves."""
        last = self.last(index)
        return last.generation if last else None

    def last(self, index: str) -> Switch | None:
        """When that generation began to serve, and why."""
        rows = self._db.query(self._q.last_switch, {"name": index})
        return Switch(generation=ArtifactId(rows[0][0]), why=rows[0][1], at=rows[0][2]) if rows else None

    def history(self, index: str) -> list[Switch]:
        """Every switch, oldest first."""
        rows = self._db.query(self._q.switches, {"name": index})
        return [Switch(generation=ArtifactId(generation), why=why, at=at) for generation, why, at in rows]

    def versions(self, index: str) -> int:
        """How often another generation began to serve."""
        return self._db.query(self._q.count_switches, {"name": index})[0][0]

    def rollback(self, index: str, *, run: str = "", actor: str = "") -> ArtifactId:
        """Let the generation before the active one serve again; a second rollback goes one further back.

        Raises Conflict when there is none before it.
        """
        stack = standing((past.generation, past.why) for past in self.history(index))
        if len(stack) < 2:
            raise Conflict(f"index {index!r} has no earlier generation", hint="build and switch to another first")
        self.switch(index, stack[-2], "rollback", run=run, actor=actor)
        return stack[-2]

    def _own_sets(self, generation: str, *, but_not_of: str) -> dict[ArtifactId, ArtifactId]:
        rows = self._db.query(self._q.own_sets, {"generation": generation, "other": but_not_of})
        return {ArtifactId(record): ArtifactId(vectors) for record, vectors in rows}

    def _sets_in(self, segment: ArtifactId) -> dict[ArtifactId, ArtifactId]:
        rows = self._db.query(self._q.segment_sets, {"segment": segment})
        return {ArtifactId(record): ArtifactId(vectors) for record, vectors in rows}

    def _settled(
        self, index: str, recipe: Recipe, sets: int, kept: Mapping[int, Segment],
        members: Mapping[int, Sequence[ArtifactId]], *, run: str, actor: str,
    ) -> ArtifactId:  # fmt: skip
        """The generation of the segments that are kept and of those of these members."""
        named = {number: self._ids.artifact("segment", *vectors) for number, vectors in members.items()}
        inputs = tuple(sorted([*(segment.id for segment in kept.values()), *named.values()]))
        id = self._ids.artifact("index", recipe.text, *inputs)
        if self._find(id) is not None:
            return id
        # A segment that is known was looked at when it was new: its id says of which sets it is.
        asked = {"ids": json.dumps(list(named.values())), "embedder": recipe.text}
        known = dict(self._db.query(self._q.known_segments, asked))
        new = {named[number]: vectors for number, vectors in members.items() if named[number] not in known}
        counts = self._counts(index, [vectors for of_one in new.values() for vectors in of_one], recipe)
        known |= {segment: sum(counts[v] for v in vectors) for segment, vectors in new.items()}
        segments = {**kept, **{number: Segment(segment, known[segment]) for number, segment in named.items()}}
        facts = {"segments": len(segments), "chunks": sum(segment.chunks for segment in segments.values())}
        with self._db.transaction():
            drafts = self._put_segments(new, counts)
            self._db.execute(self._q.put_generation, {"id": id, "embedder": recipe.text} | facts)
            self._db.execute_many(self._q.put_generation_member, [{"generation": id, "segment": s} for s in inputs])
            model = (self._model(recipe),)
            drafts.append(Draft(verb="index.built", inputs=inputs, outputs=(id,), via=model, facts=facts))
            self._ledger.append([replace(draft, run=run, actor=actor) for draft in drafts])
        self._tree = Tree(id, recipe, sets, segments)
        return id

    def _find(self, id: ArtifactId) -> Generation | None:
        rows = self._db.query(self._q.generation, {"id": id})
        return Generation(id=id, recipe=recipe_of(rows[0][1]), segments=rows[0][2], chunks=rows[0][3]) if rows else None

    def _counts(self, index: str, sets: Sequence[ArtifactId], recipe: Recipe) -> dict[ArtifactId, int]:
        rows = self._db.query(self._q.sets, {"ids": json.dumps(sets)})
        counts = {ArtifactId(id): chunks for id, _, _, chunks in rows}
        for id in sets:
            if id not in counts:
                raise NotFound(f"no vector set {id!r} for index {index!r}", hint="embed the record first")
        if other := next((id for id, _, of, _ in rows if of != recipe.text), None):
            raise Invalid(
                f"set {other!r} was made by another recipe",
                hint="`thruline index change` makes them all by one",
            )
        return counts

    def _put_segments(
        self, segments: Mapping[ArtifactId, Sequence[ArtifactId]], counts: Mapping[ArtifactId, int]
    ) -> list[Draft]:
        rows = [{"segment": id, "vectors": vectors} for id, members in segments.items() for vectors in members]
        self._db.execute_many(self._q.put_segment_member, rows)
        return [
            Draft(
                verb="index.segmented", inputs=tuple(members), outputs=(id,),
                facts={"vectors": sum(counts[member] for member in members)},
            )
            for id, members in segments.items()
        ]  # fmt: skip

    def _embedded(self, id: ArtifactId, new: NewSet, run: str, actor: str) -> Draft:
        return Draft(
            verb="chunk.embedded", inputs=tuple(new.chunks), outputs=(id,), via=(self._model(new.recipe),),
            facts={"vectors": len(new.chunks), "dims": new.vectors.shape[1]}, run=run, actor=actor,
        )  # fmt: skip

    def _model(self, recipe: Recipe) -> ArtifactId:
        return self._ids.artifact("model", recipe.embedder)
