"""The line around anything, for whoever may see it, however much lies on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.errors import Invalid, NotFound
from thruline.flows.lineage import FEW, PAGE
from thruline.flows.reports import LineageReport
from thruline.testing.homes import as_user, write

GUIDE = "# Lamps\n\nThe blue lamp hangs in the hall.\n\n# Vases\n\nThe red vase stands on the shelf."


def kinds(report: LineageReport) -> set[str]:
    return {node.kind for node in report.nodes}


def the_many(report: LineageReport, kind: str):
    return next(node for node in report.nodes if node.kind == kind and not node.id)


@pytest.fixture
def asked(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, guide=GUIDE)), name="docs")
    home.data.sync()
    return home.vectors.ask(question="Where does the blue lamp hang?")


def test_from_a_record_one_comes_to_its_source_and_to_the_answers(home: Platform, asked):
    record = home.data.documents()[0].record
    report = home.ledger.lineage(artifact=record)
    assert {"source", "record", "chunk", "vectors", "segment", "index", "answer"} <= kinds(report)
    steps = {node.kind: node.step for node in report.nodes}
    assert [steps[kind] for kind in ("source", "record", "chunk")] == [-1, 0, 1]
    assert asked.id in {node.id for node in report.nodes}


def test_from_an_answer_one_comes_back_to_the_record_and_sees_what_it_passed_through(home: Platform, asked):
    report = home.ledger.lineage(artifact=asked.id)
    record = home.data.documents()[0].record
    assert record in {node.id for node in report.nodes}
    passed = {edge.parent.partition(":")[0] for edge in report.edges if edge.role == "via"}
    assert passed == {"index", "model"}


def test_up_down_and_depth_leave_the_rest_out(home: Platform, asked):
    record = home.data.documents()[0].record
    assert all(node.step <= 0 for node in home.ledger.lineage(artifact=record, up=True).nodes)
    assert all(node.step >= 0 for node in home.ledger.lineage(artifact=record, down=True).nodes)
    assert max(node.step for node in home.ledger.lineage(artifact=record, depth=1).nodes) == 1


def test_many_of_a_kind_stand_there_as_one_that_can_be_opened(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, **{f"note{n:02}": f"# Note {n}\n\nLamp {n} is green." for n in range(40)})))
    home.data.sync()
    source = home.data.sources()[0].id
    closed = home.ledger.lineage(artifact=source)
    many = the_many(closed, "record")
    assert (many.count, many.at_least) == (40, False)
    opened = home.ledger.lineage(artifact=source, open=many.key)
    shown = [node for node in opened.nodes if node.kind == "record" and node.id]
    assert len(shown) == PAGE
    assert the_many(opened, "record").count == 40 - PAGE
    rest = home.ledger.lineage(artifact=source, open=many.key, offset=PAGE)
    assert not {n.id for n in shown} & {n.id for n in rest.nodes if n.id != source}
    assert len([node for node in closed.nodes if node.kind == "chunk" and node.id]) <= FEW
    with pytest.raises(Invalid, match="nothing here that can be opened"):
        home.ledger.lineage(artifact=source, open="down9-record-from")


def test_what_a_reader_may_not_see_is_neither_found_nor_counted(home: Platform, docs: Path, tmp_path: Path):
    home.data.add(path=str(write(docs, open=GUIDE)), name="open")
    secret = tmp_path / "secret"
    home.data.add(path=str(write(secret, pay=f"{GUIDE} Salaries too.")), name="secret", groups=("board",))
    home.data.sync()
    hidden = home.data.documents(source="secret")[0]
    reader = as_user(home, "Rita")
    with pytest.raises(NotFound):
        reader.ledger.lineage(artifact=hidden.record)
    index = next(g.id for g in home.vectors.generations() if g.serving)
    seen = reader.ledger.lineage(artifact=index)
    all_of_it = home.ledger.lineage(artifact=index)
    assert sum(n.count for n in all_of_it.nodes if n.kind == "record") == 2
    assert sum(n.count for n in seen.nodes if n.kind == "record") == 1
    assert hidden.record not in str(seen)
    assert hidden.title in str(all_of_it)


def test_the_answer_of_another_is_not_found(home: Platform, asked):
    with pytest.raises(NotFound):
        as_user(home, "Rita").ledger.lineage(artifact=asked.id)
    mine = as_user(home, "Otto").vectors.ask(question="Where does the red vase stand?")
    assert as_user(home, "Otto").ledger.lineage(artifact=mine.id).id == mine.id


def test_people_are_not_on_the_line(home: Platform, docs: Path):
    home.data.add(path=str(write(docs, letter="# Letter\n\nWrite to ottilie.kvasthoug@example.org about the lamp.")))
    home.data.sync()
    record = home.data.documents()[0]
    assert record.people == 1
    assert "subject" not in kinds(home.ledger.lineage(artifact=record.record))


@pytest.mark.parametrize("unknown", ["record:" + "0" * 32, "nothing", "subject:" + "1" * 32, ""])
def test_what_the_ledger_does_not_know_is_not_found(home: Platform, unknown: str):
    with pytest.raises(NotFound):
        home.ledger.lineage(artifact=unknown)


def test_a_terminal_shows_it_from_the_source_down(home: Platform, asked):
    said = render(home.ledger.lineage(artifact=home.data.documents()[0].record)).splitlines()
    assert said[0].split()[:3] == ["-1", "source", "docs"]
    assert any(text.split()[:2] == ["here", "record"] for text in said)
