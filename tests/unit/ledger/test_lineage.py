"""Reach, ways and trees over small graphs that one can draw."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.core.ids import ArtifactId
from thruline.core.nouns import Edge
from thruline.ledger.lineage import MAX_PATHS, Branch, blast, downstream, paths, tree, upstream
from thruline.testing.drafts import made
from thruline.testing.memory import MemoryLedger


def an(kind: str, n: int) -> ArtifactId:
    return ArtifactId(f"{kind}:{n:032x}")


RECORD, ONE, TWO, INDEX, ANSWER = an("record", 1), an("chunk", 1), an("chunk", 2), an("index", 1), an("answer", 1)


@pytest.fixture
def ledger() -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.append([made(ONE, TWO, of=(RECORD,)), made(INDEX, of=(ONE, TWO)), made(ANSWER, of=(TWO,), via=(INDEX,))])
    return ledger


def test_upstream_is_all_that_an_answer_was_made_of(ledger: MemoryLedger) -> None:
    assert set(upstream(ledger, ANSWER)) == {RECORD, ONE, TWO, INDEX}
    assert upstream(ledger, RECORD) == []


def test_downstream_is_all_that_was_made_of_a_record(ledger: MemoryLedger) -> None:
    assert downstream(ledger, [RECORD]) == [ONE, TWO, INDEX, ANSWER]
    assert downstream(ledger, [ONE]) == [INDEX]
    assert downstream(ledger, [ANSWER, INDEX]) == []


def test_blast_is_downstream_by_kind(ledger: MemoryLedger) -> None:
    assert blast(ledger, [RECORD]) == {"chunk": [ONE, TWO], "index": [INDEX], "answer": [ANSWER]}


def test_paths_are_the_shortest_ways(ledger: MemoryLedger) -> None:
    edges = ledger.edges([RECORD], "down")
    assert paths(edges, RECORD, ANSWER) == [(RECORD, TWO, ANSWER)]
    assert paths(edges, RECORD, INDEX) == [(RECORD, ONE, INDEX), (RECORD, TWO, INDEX)]
    assert paths(edges, RECORD, RECORD) == [(RECORD,)]
    assert paths(edges, ANSWER, RECORD) == paths(edges, RECORD, an("model", 1)) == []


def test_a_lattice_gives_a_bounded_number_of_ways() -> None:
    ranks = [[an("chunk", 2 * rank), an("chunk", 2 * rank + 1)] for rank in range(30)]
    edges = [
        Edge(parent=parent, child=child, role="from", seq=rank)
        for rank, (above, below) in enumerate(itertools.pairwise(ranks))
        for parent in above
        for child in below
    ]
    found = paths(edges, ranks[0][0], ranks[-1][0])
    assert len(found) == len(set(found)) == MAX_PATHS
    assert {len(way) for way in found} == {30}


def test_a_tree_lists_each_things_parts_once(ledger: MemoryLedger) -> None:
    lines = list(tree(ledger.edges([ANSWER], "up"), ANSWER))
    assert [(line.id, line.role, line.depth, line.again) for line in lines] == [
        (ANSWER, "", 0, False),
        (TWO, "from", 1, False),
        (RECORD, "from", 2, False),
        (INDEX, "via", 1, False),
        (ONE, "from", 2, False),
        (RECORD, "from", 3, False),
        (TWO, "from", 2, True),
    ]


IDS = st.integers(0, 6).map(lambda n: an("chunk", n))
EDGES = st.lists(
    st.builds(Edge, parent=IDS, child=IDS, role=st.sampled_from(["from", "via"]), seq=st.integers(1, 9)), max_size=20
)


@given(edges=EDGES, start=IDS, end=IDS)
def test_a_path_is_made_of_edges_and_no_path_is_shorter(edges: list[Edge], start: ArtifactId, end: ArtifactId) -> None:
    known = {(edge.parent, edge.child) for edge in edges}
    found = paths(edges, start, end)
    assert all(step in known for way in found for step in itertools.pairwise(way))
    assert len({len(way) for way in found}) <= 1
    reach = {start}
    for _ in known:
        reach |= {child for parent, child in known if parent in reach}
    assert bool(found) == (end in reach)


@given(edges=EDGES, root=IDS)
def test_a_tree_ends_and_shows_each_edge_above_its_root_once(edges: list[Edge], root: ArtifactId) -> None:
    lines: list[Branch] = list(tree(edges, root))
    expanded = [line.id for line in lines if not line.again]
    above = {line.id for line in lines}
    assert len(lines) == 1 + sum(edge.child in above for edge in edges)
    assert set(expanded) == above
