"""Ids of chunks: near their record's, and in homes of before also otherwise."""

from __future__ import annotations

from pathlib import Path

from thruline.app.platform import Platform
from thruline.core.ids import NEAR, ArtifactId
from thruline.flows.documents import Document, chunk_ids, is_cut_into, read_documents
from thruline.testing.homes import write

LETTER = "# Vases\n\n" + "The blue vase is here. " * 60 + "\n\n# Bowls\n\n" + "The green bowl is there. " * 60


def cut(home: Platform, docs: Path) -> tuple[str, Document]:
    home.data.add(path=str(write(docs, letter=LETTER)))
    home.data.sync()
    (record,) = home.line.records.list()
    return record.id, read_documents(home.line, [record.document])[record.document]


def as_before(home: Platform, record: str, document: Document) -> list[ArtifactId]:
    return [home.line.ids.artifact("chunk", record, str(c.start), c.text) for c in document.chunks]


def stored(home: Platform, record: str) -> list[ArtifactId]:
    return [place.chunk for place in home.line.records.chunks_of([record])]


def test_what_a_record_has_lies_beside_it_in_every_index(home: Platform, docs: Path):
    record, _ = cut(home, docs)
    begins = record.partition(":")[2][:NEAR]
    sets = home.line.generations.sets_of([record])
    assert all(id.partition(":")[2].startswith(begins) for id in (*stored(home, record), *sets))
    assert len(set(stored(home, record))) > 1


def test_chunks_named_by_an_earlier_version_are_known_for_the_documents(home: Platform, docs: Path):
    record, document = cut(home, docs)
    older = as_before(home, record, document)
    assert is_cut_into(home.line, record, document, older)
    assert is_cut_into(home.line, record, document, chunk_ids(home.line, record, document))
    assert not is_cut_into(home.line, record, document, older[::-1])


def test_a_record_that_an_earlier_version_cut_has_each_chunk_once_when_it_is_judged_again(home: Platform, docs: Path):
    record, document = cut(home, docs)
    home.line.records.drop_chunks(record)
    home.line.records.put_chunks({ArtifactId(record): as_before(home, record, document)})
    home.line.records.judge_again(home.line.records.sources()[0].id)
    home.data.sync()
    assert stored(home, record) == list(chunk_ids(home.line, record, document))
    assert home.vectors.ask(question="Where is the green bowl?").passages
