"""Generations over a real database and ledger."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.backends.sqlite import SqliteDatabase
from thruline.core.errors import Conflict, Corrupt, Invalid, NotFound
from thruline.core.ids import ArtifactId, Ids
from thruline.ledger.ledger import SqlLedger
from thruline.testing.memory import MemoryPayloads
from thruline.vectors.generations import Generations, NewSet
from thruline.vectors.recipes import Recipe
from thruline.vectors.segments import SEGMENT_SETS, buckets
from thruline.vectors.sets import decode_set, encode_set

EMBEDDER = Recipe(hashlib.sha256(b"one").hexdigest())
OTHER = Recipe(hashlib.sha256(b"two").hexdigest())
IDS = Ids(bytes(32))


class Shelf:
    """Generations with everything they need, and records made from numbers."""

    def __init__(self) -> None:
        self.database = SqliteDatabase(":memory:")
        self.ledger = SqlLedger(self.database)
        self.payloads = MemoryPayloads()
        self.generations = Generations(self.database, self.ledger, IDS, self.payloads)

    def put(self, number: int, *, version: int = 0, recipe: Recipe = EMBEDDER) -> dict[ArtifactId, ArtifactId]:
        record = IDS.artifact("record", str(number))
        chunks = [IDS.artifact("chunk", f"{number} {version} {i}") for i in range(2)]
        vectors = np.full((2, 4), number + version / 8, np.float32)
        (set_id,) = self.generations.put_sets([NewSet(record, chunks, vectors, recipe, record)])
        return {record: set_id}

    def put_many(self, numbers: range) -> dict[ArtifactId, ArtifactId]:
        with self.database.transaction():
            return {k: v for number in numbers for k, v in self.put(number).items()}

    @staticmethod
    def again(sets: dict[ArtifactId, ArtifactId]) -> ArtifactId:
        """The generation of these sets, as their content gives it."""
        segments = sorted(IDS.artifact("segment", *vectors) for vectors in buckets(sets).values())
        return IDS.artifact("index", EMBEDDER.text, *segments)

    def verbs(self) -> list[str]:
        return [event.verb for event in self.ledger.read(limit=100_000)]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_a_set_comes_back_as_it_was_put(shelf: Shelf) -> None:
    (set_id,) = shelf.put(3).values()
    loaded = shelf.generations.load([set_id])[set_id]
    assert loaded.vectors.tolist() == [[3.0] * 4] * 2
    assert loaded.chunks == tuple(IDS.artifact("chunk", f"3 0 {i}") for i in range(2))


def test_the_same_set_is_told_once(shelf: Shelf) -> None:
    assert shelf.put(3) == shelf.put(3)
    assert shelf.verbs() == ["chunk.embedded"]


def test_blame_runs_from_a_generation_to_the_chunks(shelf: Shelf) -> None:
    generation = shelf.generations.build("main", shelf.put(1) | shelf.put(2), EMBEDDER)
    parents = {edge.parent for edge in shelf.ledger.edges([generation], "up")}
    assert {IDS.artifact("chunk", f"{n} 0 {i}") for n in (1, 2) for i in (0, 1)} <= parents
    reached = {edge.child for edge in shelf.ledger.edges([IDS.artifact("chunk", "1 0 0")], "down")}
    assert generation in reached


def test_equal_content_is_the_equal_generation_whatever_the_history() -> None:
    first, second = Shelf(), Shelf()
    both = first.put(1) | first.put(2)
    direct = first.generations.build("main", both, EMBEDDER)
    second.generations.build("main", second.put(9), EMBEDDER)
    late = second.put(2) | second.put(1)
    assert second.generations.build("main", late, EMBEDDER) == direct


def test_building_what_is_there_tells_nothing(shelf: Shelf) -> None:
    sets = shelf.put(1)
    shelf.generations.build("main", sets, EMBEDDER)
    before = shelf.ledger.head()
    shelf.generations.build("main", sets, EMBEDDER)
    assert shelf.ledger.head() == before


def test_a_changed_record_costs_one_segment_and_one_generation(shelf: Shelf) -> None:
    sets = shelf.put_many(range(1200))
    shelf.generations.build("main", sets, EMBEDDER)
    segments = shelf.verbs().count("index.segmented")
    shelf.generations.build("main", sets | shelf.put(7, version=1), EMBEDDER)
    assert segments == 32
    assert shelf.verbs()[-3:] == ["chunk.embedded", "index.segmented", "index.built"]


def test_members_are_the_sets_that_were_given(shelf: Shelf) -> None:
    sets = shelf.put_many(range(600))
    generation = shelf.generations.build("main", sets, EMBEDDER)
    assert dict(shelf.generations.members(generation)) == sets
    assert shelf.generations.get(generation).chunks == 1200


def test_an_empty_index_is_a_generation(shelf: Shelf) -> None:
    generation = shelf.generations.build("main", {}, EMBEDDER)
    assert shelf.generations.members(generation) == []


def test_sets_that_served_under_their_embedder_do_not_serve_under_another(shelf: Shelf) -> None:
    sets = shelf.put(1) | shelf.put(2)
    shelf.generations.build("main", sets, EMBEDDER)
    with pytest.raises(Invalid, match="another recipe"):
        shelf.generations.build("main", sets, OTHER)


def test_vectors_of_two_embedders_never_meet(shelf: Shelf) -> None:
    sets = shelf.put(1) | shelf.put(2, recipe=OTHER)
    with pytest.raises(Invalid, match="another recipe"):
        shelf.generations.build("main", sets, EMBEDDER)


def test_an_unknown_set_is_named(shelf: Shelf) -> None:
    with pytest.raises(NotFound, match="vectors:0"):
        shelf.generations.build("main", {IDS.artifact("record", "x"): ArtifactId("vectors:" + "0" * 32)}, EMBEDDER)


def test_switch_and_rollback_walk_back_through_history(shelf: Shelf) -> None:
    made = [shelf.generations.build("main", shelf.put(n), EMBEDDER) for n in range(3)]
    assert shelf.generations.active("main") is None
    for generation in made:
        shelf.generations.switch("main", generation, "sync")
    assert shelf.generations.rollback("main") == made[1]
    assert shelf.generations.rollback("main") == made[0]
    assert shelf.generations.active("main") == made[0]
    with pytest.raises(Conflict, match="main"):
        shelf.generations.rollback("main")
    assert [s.why for s in shelf.generations.history("main")] == ["sync"] * 3 + ["rollback"] * 2


def test_after_a_rollback_and_a_new_switch_the_abandoned_one_is_not_returned_to(shelf: Shelf) -> None:
    a, b, c = (shelf.generations.build("main", shelf.put(n), EMBEDDER) for n in range(3))
    shelf.generations.switch("main", a, "sync")
    shelf.generations.switch("main", b, "sync")
    shelf.generations.rollback("main")
    shelf.generations.switch("main", c, "sync")
    assert shelf.generations.rollback("main") == a


def test_only_what_was_built_can_serve(shelf: Shelf) -> None:
    with pytest.raises(NotFound, match="index:"):
        shelf.generations.switch("main", ArtifactId("index:" + "0" * 32), "operator")
    assert shelf.verbs() == []


def test_indexes_do_not_disturb_one_another(shelf: Shelf) -> None:
    shelf.generations.switch("a", shelf.generations.build("a", shelf.put(1), EMBEDDER), "sync")
    assert shelf.generations.active("b") is None


def test_a_forgotten_set_is_served_by_no_generation(shelf: Shelf) -> None:
    sets = shelf.put(1) | shelf.put(2)
    generation = shelf.generations.build("main", sets, EMBEDDER)
    gone = next(iter(sets.values()))
    assert shelf.generations.forget([gone]) == 1
    ids = [vectors for _, vectors in shelf.generations.members(generation)]
    assert set(shelf.generations.load(ids)) == set(sets.values()) - {gone}


def test_a_failed_transaction_leaves_no_set_and_no_event(shelf: Shelf) -> None:
    def give_up() -> None:
        with shelf.database.transaction():
            shelf.generations.build("main", shelf.put(1), EMBEDDER)
            raise NotFound("the caller gave up")

    with pytest.raises(NotFound):
        give_up()
    assert shelf.verbs() == []
    assert shelf.generations.active("main") is None


@settings(max_examples=25)
@given(st.integers(0, 3000))
def test_buckets_hold_every_set_once_and_stay_small(n: int) -> None:
    sets = {IDS.artifact("record", str(i)): IDS.artifact("vectors", str(i)) for i in range(n)}
    made = buckets(sets)
    assert sorted(v for bucket in made.values() for v in bucket) == sorted(sets.values())
    assert all(bucket == sorted(bucket) and 0 < len(bucket) < 2 * SEGMENT_SETS for bucket in made.values())
    assert list(made) == sorted(made)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sets(st.integers(0, 200), max_size=4), st.sets(st.integers(0, 200), max_size=90))))
def test_a_change_gives_the_generation_that_a_build_of_the_whole_gives(steps: list[tuple[set[int], set[int]]]) -> None:
    shelf, sets = Shelf(), dict[ArtifactId, ArtifactId]()
    base = shelf.generations.build("main", sets, EMBEDDER)
    for version, (gone, came) in enumerate(steps):
        without = {IDS.artifact("record", str(n)) for n in gone}
        put = {k: v for n in sorted(came - gone) for k, v in shelf.put(n, version=version % 3).items()}
        sets = {record: vectors for record, vectors in sets.items() if record not in without} | put
        base = shelf.generations.change("main", base, without, put, EMBEDDER)
        assert dict(shelf.generations.members(base)) == sets
        assert shelf.generations.get(base).chunks == 2 * len(sets)
        assert base == Shelf.again(sets)


def test_a_change_of_a_generation_that_is_not_the_last_counts_from_that_one(shelf: Shelf) -> None:
    one, two = shelf.put(1), shelf.put(2)
    first = shelf.generations.build("main", one, EMBEDDER)
    shelf.generations.build("main", one | two, EMBEDDER)
    changed = shelf.generations.change("main", first, (), shelf.put(3), EMBEDDER)
    assert dict(shelf.generations.members(changed)) == one | shelf.put(3)


def test_a_change_costs_the_segments_that_it_touches(shelf: Shelf) -> None:
    base = shelf.generations.build("main", shelf.put_many(range(1000)), EMBEDDER)
    before = shelf.verbs().count("index.segmented")
    shelf.generations.change("main", base, (), shelf.put(7, version=1), EMBEDDER)
    assert shelf.verbs().count("index.segmented") == before + 1


@pytest.mark.parametrize("data", [b"", b"{}\n", b'{"chunks":["a"],"dims":3}\n\x00', b"\xff\n", b"[]\n"])
def test_damaged_vectors_are_corrupt(data: bytes) -> None:
    with pytest.raises(Corrupt):
        decode_set(data)


@pytest.mark.parametrize("vectors", [np.ones((1, 2)), np.full((2, 2), np.nan), np.ones(2), np.full((2, 2), 1e6)])
def test_vectors_that_do_not_fit_are_refused(vectors: np.ndarray) -> None:
    with np.errstate(over="ignore"), pytest.raises(Invalid):
        encode_set([ArtifactId("chunk:a"), ArtifactId("chunk:b")], vectors)
