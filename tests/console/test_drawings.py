"""Where things stand in the drawings, and where an answer's words stand in its passages."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from thruline.console.charts import BOX_HEIGHT, BOX_WIDTH, fit, layout
from thruline.console.frontier import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, plot
from thruline.console.parts import ago, stretches
from thruline.flows.reports import GoalsView, Node, RateView, Sentence
from thruline.testing import sample_reports as reports
from thruline.testing.sample_indexes import TUNED

LABELS = st.text(min_size=1, max_size=6)


def _nodes(children):
    return st.builds(
        lambda id, role, kids: Node(id=id, kind="record", label=id, role=role, children=tuple(kids)),
        id=st.uuids().map(str),
        role=st.sampled_from(["from", "via"]),
        kids=children,
    )


TREES = st.recursive(_nodes(st.just([])), lambda inner: _nodes(st.lists(inner, max_size=4)), max_leaves=20)


@given(TREES)
def test_no_two_boxes_of_a_tree_overlap_and_all_are_inside(tree):
    drawing = layout(tree)
    boxes = sorted((b.x, b.y) for b in drawing.boxes)
    for (x1, y1), (x2, y2) in pairwise(boxes):
        assert x1 != x2 or y2 - y1 >= BOX_HEIGHT
    assert all(b.x + BOX_WIDTH <= drawing.width and b.y + BOX_HEIGHT <= drawing.height for b in drawing.boxes)


MEASURES = st.lists(
    st.tuples(st.floats(0, 1), st.floats(1e-3, 1e4), st.integers(0, 10**10), st.booleans()), min_size=1, max_size=12
)


@given(MEASURES, st.floats(0.01, 1), st.floats(1e-3, 1e5))
def test_every_plan_stands_inside_the_drawing_faster_left_and_better_above(points, recall, p95_ms):
    first = TUNED[0].measured[0]
    measured = tuple(
        replace(first, recall=RateView(value=r, low=r, high=r), p95_ms=ms, memory=size, on_frontier=edge)
        for r, ms, size, edge in points
    )
    drawn = plot(replace(TUNED[0], measured=measured, goals=GoalsView(recall=recall, p95_ms=p95_ms, memory=0)))
    assert all(LEFT <= d.x <= WIDTH - RIGHT and TOP <= d.y <= HEIGHT - BOTTOM for d in drawn.dots)
    by_time = sorted(zip(measured, drawn.dots, strict=True), key=lambda pair: pair[0].p95_ms)
    assert [d.x for _, d in by_time] == sorted(d.x for d in drawn.dots)
    assert all(a.y <= b.y for a, b in pairwise(sorted(drawn.dots, key=lambda d: -measured[d.number - 1].recall.value)))


def test_a_source_of_two_documents_stands_in_the_drawing_once():
    drawing = layout(reports.why(reports.ANSWER).tree)
    assert len([b for b in drawing.boxes if b.label == "handbook"]) == 1
    assert len([w for w in drawing.wires if w.via]) == 3


def test_nodes_without_an_id_stay_apart():
    rest = Node(id="", kind="and", label="3 more")
    two = tuple(Node(id=f"record:{n}", kind="record", label="r", children=(rest,)) for n in (1, 2))
    assert len(layout(Node(id="answer:1", kind="answer", label="a", children=two)).boxes) == 5


@given(st.text(max_size=80), st.lists(st.text(max_size=12).map(lambda t: Sentence(text=t, citations=(), support=1.0))))
def test_a_passage_cut_into_stretches_is_still_the_passage(text, sentences):
    assert "".join(s.text for s in stretches(text, sentences)) == text


def test_a_sentence_is_found_whatever_the_white_space_between_its_words():
    cut = stretches("Before.\nOne  two\nthree. After.", [Sentence(text="One two three.", citations=(1,), support=1.0)])
    assert [s.text for s in cut if s.cited] == ["One  two\nthree."]


@given(LABELS)
def test_a_label_fits(text):
    assert len(fit(text * 20)) <= 25


def test_a_time_is_told_as_people_tell_it():
    assert ago("") == "never"
    assert ago("2001-02-03T04:05:06Z") == "3 Feb 2001"
