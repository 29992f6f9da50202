"""Blast: of a record, a path, a source or a time, exactly what was made of it and who was told."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from thruline.app.operations import pages
from thruline.app.platform import Platform
from thruline.cli import main
from thruline.core.errors import Denied, Invalid
from thruline.core.ids import kind_of
from thruline.ledger import lineage
from thruline.testing.homes import as_user, write

LONG = "# Gate {}\n\nThe gate of hall {} opens at nine.\n\n" + "The keeper of the hall walks through it. " * 120


@pytest.fixture
def halls(home: Platform, docs: Path) -> Platform:
    write(docs, **{f"hall{n}": LONG.format(n, n) for n in range(6)})
    home.data.add(path=str(docs))
    home.data.sync()
    as_user(home, "rita", "everyone").vectors.ask(question="When does the gate of hall 3 open?")
    return home


def listed(home: Platform, **given: object) -> list[tuple[str, str]]:
    """(id, whose) of every page."""
    found = [item for page in pages(home, "data.touched", given) for item in page.items]
    return [(item.id, item.record) for item in found]


def known_to_the_ledger(home: Platform, records: list[str]) -> set[str]:
    """All that the ledger says was made of them."""
    return {id for id in lineage.downstream(home.line.ledger, records) if kind_of(id) != "segment"}


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_every_id_is_listed_once_however_large_a_page_is(halls: Platform, limit: int) -> None:
    records = [d.record for d in halls.data.documents()]
    found = listed(halls, what="docs", limit=limit)
    ids = [id for id, _ in found]
    assert len(ids) == len(set(ids))
    assert set(ids) == known_to_the_ledger(halls, records) | set(records)
    assert {record for id, record in found if kind_of(id) in ("chunk", "vectors")} == set(records)


@pytest.mark.parametrize("what", ["docs/hall3.md", "docs", "record", "source"])
def test_the_counts_are_those_of_the_list(halls: Platform, what: str) -> None:
    document = halls.data.document(record="docs/hall3.md")
    source = halls.line.records.sources()[0].id
    what = {"record": document.record, "source": source}.get(what, what)
    report, ids = halls.data.blast(what=what), [id for id, _ in listed(halls, what=what)]
    counted = (report.documents, report.chunks, report.vectors, report.generations, report.answered)
    assert counted == tuple(
        sum(kind_of(id) == kind for id in ids) for kind in ("record", "chunk", "vectors", "index", "answer")
    )
    assert report.askers == ("rita",)
    assert all(set(some) <= set(ids) and len(some) <= 5 for some in report.first.values())


def test_what_a_time_brought_in_is_listed_without_the_rest(halls: Platform, docs: Path) -> None:
    time.sleep(0.002)
    before = halls.line.clock.now()
    write(docs, late="# Late\n\nThe late gate opens at ten.")
    halls.data.sync()
    since = f"{(halls.line.clock.now() - before) / 1e3 + 1:.0f}ms"
    assert halls.data.blast(what="*", since=since).documents == 1
    (late,) = [d.record for d in halls.data.documents() if d.path == "late.md"]
    assert {record for _, record in listed(halls, what="*", since="1h")} > {late, ""}
    assert listed(halls, what="docs", until="1h") == []


def test_a_list_says_where_things_lie_and_who_was_told(halls: Platform) -> None:
    page = halls.data.touched(what="docs/hall3.md")
    says = {item.kind: item.says for item in page.items if item.says}
    assert says == {"record": "docs/hall3.md", "answer": "rita"}


def test_the_command_writes_all_pages_as_one_document(halls: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(halls.home.path)]
    assert main(["touched", "docs", "--all", "--limit", "3", "--json", *home]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert (len(whole["items"]), whole["next"]) == (len(listed(halls, what="docs")), "")
    assert main(["touched", "docs", "--limit", "3", *home]) == 0
    assert "more: --after record:" in capsys.readouterr().out
    assert main(["blast", "docs", *home]) == 0
    assert "thruline touched" in capsys.readouterr().out
    assert main(["touched", "docs", "--until", "1h", "--all", "--json", *home]) == 0
    assert json.loads(capsys.readouterr().out) == {"items": [], "next": ""}


def test_bad_places_and_readers_are_refused(halls: Platform) -> None:
    with pytest.raises(Invalid, match="no place in the list"):
        halls.data.touched(what="docs", after="somewhere")
    with pytest.raises(Invalid, match="limit = 0 is out of range"):
        halls.data.touched(what="docs", limit=0)
    with pytest.raises(Denied):
        as_user(halls, "rita", "everyone").data.touched(what="docs")
