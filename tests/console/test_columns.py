"""Where things stand in the drawing of a line, and that the list says the same."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from thruline.console.charts import BOX_HEIGHT
from thruline.console.columns import KINDS, layout
from thruline.flows.reports import LineageReport, LineEdge, LineNode
from thruline.testing import sample_reports as reports

RECORD = reports.DOCUMENTS[0]


@st.composite
def lines(draw: st.DrawFn) -> LineageReport:
    """Any nodes of any kinds, wired in any way."""
    kinds = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=30))
    nodes = tuple(
        LineNode(key=f"{kind}:{n}", kind=kind, id=f"{kind}:{n}", count=1, label=kind, detail="", step=n, made="")
        for n, kind in enumerate(kinds)
    )
    keys = st.sampled_from([node.key for node in nodes])
    wires = st.builds(LineEdge, parent=keys, child=keys, role=st.sampled_from(["from", "via"]))
    return LineageReport(id=nodes[0].id, nodes=nodes, edges=tuple(draw(st.lists(wires, max_size=40))))


@given(lines())
def test_everything_stands_in_the_drawing_once_and_nothing_overlaps(line: LineageReport):
    drawing = layout(line)
    places = [place for column in drawing.columns for place in column.places]
    assert sorted(place.node.key for place in places) == sorted(node.key for node in line.nodes)
    assert len(drawing.wires) == len(line.edges)
    for column in drawing.columns:
        tops = [place.y for place in column.places]
        assert all(below - above >= BOX_HEIGHT for above, below in pairwise(tops))
    assert all(place.y + BOX_HEIGHT <= drawing.height for place in places)


def test_the_line_goes_from_sources_to_answers(client):
    drawing = layout(reports.lineage(RECORD))
    assert [drawing.columns[n].kind for n in (0, -1)] == ["source", "answer"]
    page = client.get(f"/lineage/{RECORD.record}").text
    assert page.index("<h3>Sources</h3>") < page.index("<h3>Documents</h3>") < page.index("<h3>Answers</h3>")


def test_each_thing_leads_to_its_page_and_the_many_can_be_opened(client):
    page = client.get(f"/lineage/{RECORD.record}").text
    assert f'href="/why/{reports.ANSWERS[0].id}"' in page
    assert f'href="/lineage/{RECORD.record}?open=down1-chunk-from"' in page
    assert f'href="/lineage/{reports.artifact("model", 2)}"' in page
    assert 'class="via"' in page


def test_one_comes_to_the_line_from_a_document_and_from_an_answer(client):
    assert f'href="/lineage/{RECORD.record}"' in client.get(f"/data/{RECORD.record}").text
    assert f'href="/lineage/{reports.ANSWER.id}"' in client.get(f"/why/{reports.ANSWER.id}").text


def test_what_is_not_there_is_not_found(client):
    assert client.get("/lineage/record:0").status_code == 404
