"""Serving: what is found, by whom, and that nothing hidden leaves a trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thruline.backends.exact_dense import ExactDense
from thruline.backends.flat4_dense import Flat4Dense
from thruline.backends.tantivy_text import TantivyText
from thruline.core.errors import Invalid, Unavailable
from thruline.core.ids import ArtifactId, Ids
from thruline.ports.dense import Found
from thruline.testing.embedders import HashEmbedder
from thruline.vectors.serving import Serving, Shelved

IDS = Ids(bytes(32))
EMBEDDER = HashEmbedder()
GENERATION = IDS.artifact("index", "one")
ALL = frozenset("*")
DESK, STAFF = frozenset({"desk"}), frozenset({"staff"})
HANDBOOK, NOTES = IDS.artifact("source", "handbook"), IDS.artifact("source", "notes")


def shelved(name: str, texts: Sequence[str], groups: frozenset[str] = DESK, source: ArtifactId = HANDBOOK) -> Shelved:
    return Shelved(
        record=IDS.artifact("record", name),
        source=source,
        groups=groups,
        chunks=[IDS.artifact("chunk", name, str(i)) for i in range(len(texts))],
        vectors=EMBEDDER.passages(texts).astype(np.float16),
        texts=texts,
        titles=[name] * len(texts),
    )


PUMPS = shelved("pumps", ["Prime the pump before use", "A pump that hums is dry"])
VALVES = shelved("valves", ["Close the valve slowly", "A leaking valve needs a new seal"])
SALARIES = shelved("salaries", ["The pump engineer earns nine thousand"], STAFF, NOTES)


def load(*records: Shelved) -> Serving:
    return Serving.load(GENERATION, records, Flat4Dense(), TantivyText())


def ask(serving: Serving, question: str, k: int = 5, groups: frozenset[str] = ALL, **scope: frozenset[ArtifactId]):
    return serving.search(question, EMBEDDER.query(question), k, groups=groups, **scope)


def test_the_chunk_that_both_rankings_like_is_first() -> None:
    found = ask(load(PUMPS, VALVES), "leaking valve seal")
    assert found.hits[0].chunk == VALVES.chunks[1]
    assert (found.hits[0].dense_rank, found.hits[0].text_rank) == (1, 1)
    assert found.hits[0].record == VALVES.record
    assert found.plan.way == "hybrid"


def test_what_a_group_may_not_see_is_not_found_counted_or_ranked() -> None:
    with_secret, without = load(PUMPS, SALARIES), load(PUMPS)
    hidden, absent = ask(with_secret, "pump salary", groups=DESK), ask(without, "pump salary", groups=DESK)
    assert [h.chunk for h in hidden.hits] == [h.chunk for h in absent.hits]
    assert [h.dense_rank for h in hidden.hits] == [h.dense_rank for h in absent.hits]
    assert hidden.plan == absent.plan
    assert SALARIES.record in {h.record for h in ask(with_secret, "pump salary", groups=STAFF).hits}


def test_groups_intersect_and_the_operator_sees_all() -> None:
    serving = load(PUMPS, SALARIES, shelved("both", ["shared pump list"], DESK | STAFF))
    assert ask(serving, "pump", groups=DESK).plan.visible == 3
    assert ask(serving, "pump", groups=STAFF).plan.visible == 2
    assert ask(serving, "pump", groups=DESK | STAFF).plan.visible == 4
    assert ask(serving, "pump").plan.visible == 4
    nobody = ask(serving, "pump", groups=frozenset())
    assert (nobody.hits, nobody.plan.way) == ((), "nothing")


def test_a_search_can_be_kept_to_some_sources() -> None:
    found = ask(load(PUMPS, SALARIES), "pump", sources=frozenset({NOTES}))
    assert {h.source for h in found.hits} == {NOTES}


def test_without_a_vector_the_words_decide() -> None:
    found = load(PUMPS, VALVES).search("humming", None, 5, groups=ALL)
    assert [h.chunk for h in found.hits] == [PUMPS.chunks[1]]
    assert (found.plan.way, found.hits[0].dense_rank) == ("text", 0)


def test_without_a_known_word_the_meaning_decides() -> None:
    found = load(PUMPS, VALVES).search("zzz", EMBEDDER.query("valve"), 5, groups=ALL)
    assert found.plan.way == "dense"
    assert found.hits[0].record == VALVES.record


@pytest.mark.parametrize("k", [0, 1, 3, 50])
def test_as_many_come_back_as_there_are(k: int) -> None:
    found = ask(load(PUMPS, VALVES), "pump", k)
    assert found.plan.returned == len(found.hits) == min(k, 4)
    assert found.plan.asked == k


def test_an_empty_generation_answers_with_nothing() -> None:
    assert ask(load(), "pump").hits == ()
    assert ask(load(shelved("blank", [])), "pump").hits == ()


def test_the_order_of_loading_changes_nothing() -> None:
    assert ask(load(PUMPS, VALVES, SALARIES), "pump valve") == ask(load(SALARIES, VALVES, PUMPS), "pump valve")


def test_a_refresh_equals_a_new_load() -> None:
    drier = shelved("pumps", ["The pump ran dry"])
    refreshed = load(PUMPS, VALVES).refreshed(GENERATION, changed=[drier, SALARIES], gone={VALVES.record})
    assert refreshed.records == {PUMPS.record, SALARIES.record}
    again = ask(load(drier, SALARIES), "pump valve")
    assert ask(refreshed, "pump valve").hits == again.hits
    assert (ask(refreshed, "pump valve").plan.stale, again.plan.stale) == (4, 0)


def test_the_old_snapshot_answers_on_while_the_new_one_serves() -> None:
    old = load(PUMPS, VALVES)
    before = ask(old, "valve")
    old.refreshed(GENERATION, changed=[SALARIES], gone={VALVES.record})
    assert ask(old, "valve") == before


CHANGES = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 4), max_size=3), st.sets(st.sampled_from("abcdef"))
    ),
    max_size=6,
)


@settings(max_examples=30, deadline=None)
@given(CHANGES)
def test_any_run_of_changes_serves_what_a_new_load_serves(changes: list[tuple[dict[str, int], set[str]]]) -> None:
    serving, live = load(), {}
    for number, (came, gone) in enumerate(changes):
        changed = [shelved(name, [f"pump {name} {number} {i}" for i in range(n)]) for name, n in came.items()]
        live = {name: r for name, r in live.items() if name not in gone} | dict(zip(came, changed, strict=True))
        out = {IDS.artifact("record", name) for name in gone - came.keys()}
        serving = serving.refreshed(GENERATION, changed=changed, gone=out)
    fresh = load(*live.values())
    assert (serving.records, len(serving)) == (fresh.records, len(fresh))
    vector = EMBEDDER.query("pump b 2")
    mine, theirs = (x.search("", vector, 50, groups=ALL) for x in (serving, fresh))
    assert [(h.chunk, h.record, h.dense_score) for h in mine.hits] == [
        (h.chunk, h.record, h.dense_score) for h in theirs.hits
    ]
    said = serving.search("pump", None, 50, groups=ALL)
    assert {h.chunk for h in said.hits} == {h.chunk for h in fresh.search("pump", None, 50, groups=ALL).hits}


def test_what_is_gone_is_wiped_when_the_last_question_of_before_is_done() -> None:
    dense = Flat4Dense()
    old = Serving.load(GENERATION, [PUMPS, VALVES], dense, TantivyText())
    middle = old.refreshed(GENERATION, gone={VALVES.record})
    newest = middle.refreshed(GENERATION, gone={PUMPS.record})
    del middle
    assert dense.stats().rows == 4
    assert len(ask(old, "valve").hits) == 4
    del old
    assert dense.stats().rows == 0
    assert ask(newest, "valve").hits == ()


def test_a_snapshot_does_not_find_what_came_after_it() -> None:
    old = load(PUMPS)
    new = old.refreshed(GENERATION, changed=[VALVES])
    assert VALVES.record not in {h.record for h in ask(old, "valve", 50).hits}
    assert VALVES.record in {h.record for h in ask(new, "valve", 50).hits}


def test_others_may_see_it_and_nothing_moves() -> None:
    serving = load(PUMPS, SALARIES)
    opened = serving.refreshed(GENERATION, relabelled={SALARIES.record: replace(SALARIES, groups=DESK).label})
    assert SALARIES.record in {h.record for h in ask(opened, "pump engineer", groups=DESK).hits}
    assert SALARIES.record not in {h.record for h in ask(serving, "pump engineer", groups=DESK).hits}


def test_vectors_of_other_dimensions_are_refused() -> None:
    odd = Shelved(
        record=IDS.artifact("record", "odd"),
        source=NOTES,
        groups=DESK,
        chunks=[IDS.artifact("chunk", "odd")],
        vectors=np.ones((1, 7), np.float16),
        texts=["odd"],
        titles=[""],
    )
    with pytest.raises(Invalid, match="dimensions"):
        load(PUMPS, odd)
    with pytest.raises(Invalid, match="different numbers"):
        load(Shelved(**{**vars(odd), "texts": []}))


@given(st.lists(st.frozensets(st.sampled_from("abc")), max_size=12), st.frozensets(st.sampled_from("abc*")))
def test_exactly_what_shares_a_group_is_visible(labels: list[frozenset[str]], groups: frozenset[str]) -> None:
    records = [shelved(str(i), ["pump"], label) for i, label in enumerate(labels)]
    serving = Serving.load(GENERATION, records, ExactDense(), TantivyText())
    allowed = {r.record for r in records if "*" in groups or r.groups & groups}
    assert {h.record for h in ask(serving, "pump", 50, groups).hits} == allowed


class Lossy(ExactDense):
    """Masks after the search, as some databases do, and loses every second row besides; or is away.

    gave: how many the last search gave.
    """

    is_away = False
    gave = 0

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        if self.is_away:
            raise Unavailable("the server does not answer", hint="start it")
        found = super().search(query, k)
        rows, scores = found.rows[::2], found.scores[::2]
        kept = slice(None) if mask is None else np.append(mask, False)[np.minimum(rows, len(mask))]
        self.gave = len(rows[kept])
        return Found(rows[kept], scores[kept])


def lossy(*records: Shelved) -> tuple[Serving, Lossy]:
    dense, vectors = Lossy(), {r.record: r.vectors for r in records}
    stored = lambda _, asked: {r: vectors[r] for r in asked}  # noqa: E731
    return Serving.load(GENERATION, records, dense, TantivyText(), stored=stored), dense


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([DESK, STAFF]), min_size=1, max_size=12), st.integers(1, 20), st.sampled_from([DESK, ALL])
)
def test_what_an_engine_loses_is_found_in_the_store_and_the_plan_says_so(
    labels: list[frozenset[str]], k: int, groups: frozenset[str]
) -> None:
    records = [shelved(str(i), [f"pump {i}", f"valve {i}"], label) for i, label in enumerate(labels)]
    serving, dense = lossy(*records)
    exactly = Serving.load(GENERATION, records, ExactDense(), TantivyText())
    vector = EMBEDDER.query("pump 3")
    found, right = (x.search("", vector, k, groups=groups) for x in (serving, exactly))
    assert [h.chunk for h in found.hits] == [h.chunk for h in right.hits]
    assert found.plan.returned == min(k, found.plan.visible)
    assert found.plan.again == ("few" if dense.gave < found.plan.returned else "")


def test_an_engine_that_is_away_is_answered_for_from_the_store() -> None:
    serving, dense = lossy(PUMPS, VALVES)
    dense.is_away = True
    found = ask(serving, "leaking valve seal")
    assert found.hits[0].chunk == VALVES.chunks[1]
    assert (found.plan.way, found.plan.scan, found.plan.again) == ("hybrid", "gather", "away")
    bare = Serving.load(GENERATION, [PUMPS], dense, TantivyText())
    with pytest.raises(Unavailable):
        ask(bare, "pump")


def test_a_vector_of_zeros_is_found_by_its_words_and_harms_nobody() -> None:
    blank = replace(SALARIES, vectors=np.zeros_like(SALARIES.vectors))
    found = ask(load(PUMPS, VALVES, blank), "engineer earns")
    assert found.hits[0].record == SALARIES.record
    assert all(np.isfinite(hit.dense_score) for hit in found.hits)


def test_a_record_that_is_given_twice_is_served_once_as_it_was_given_last() -> None:
    drier = shelved("pumps", ["The pump ran dry"])
    assert len(load(PUMPS, drier)) == 1
    assert len(load(VALVES).refreshed(GENERATION, changed=[PUMPS, drier])) == 3


def test_a_megabyte_of_question_is_answered() -> None:
    found = load(PUMPS, VALVES).search("valve " * 1_700_000, EMBEDDER.query("valve"), 2, groups=ALL)
    assert found.hits[0].record == VALVES.record
