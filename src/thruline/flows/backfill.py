"""Back-fill: records that are here get their vectors by a recipe that has made none of them yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from thruline.core.ids import ArtifactId
from thruline.data.records import ALL, Record
from thruline.flows.apart import embed_by
from thruline.flows.documents import read_documents
from thruline.flows.recut import Recut, by_cut, keep
from thruline.ports.embedder import Embedder
from thruline.runs.runner import Run
from thruline.vectors.generations import NewSet
from thruline.vectors.recipes import Recipe

if TYPE_CHECKING:
    import numpy as np

    from thruline.flows.line import Line

PAGE = 8  # records that are embedded and commit together: a second of work or two, which a kill loses at most
SENT = 4  # records that a worker embeds at a time: seconds of work, and few enough that all have some
Told = Callable[[int], None]


class Maker(NamedTuple):
    """Makes vectors: an embedder, of documents that are cut in one way."""

    embedder: Embedder
    cut: str

    @property
    def recipe(self) -> Recipe:
        """What is made by it is named after."""
        return Recipe(self.embedder.info.digest, self.cut)


def maker(line: Line, recipe: Recipe) -> Maker:
    """By a recipe that something was made by; raises as Embedders.by_digest does."""
    return Maker(line.embedders.by_digest(recipe.embedder), recipe.cut)


class _Made(NamedTuple):
    record: Record
    recut: Recut
    vectors: np.ndarray


class _Page(NamedTuple):
    """What became of some records; size: how many they were."""

    made: Sequence[_Made]
    size: int


def kept(line: Line) -> list[Record]:
    """The records that answer, or may again when somebody lets them."""
    return [r for state in ("live", "quarantined") for r in line.records.list(state=state, limit=ALL)]


def lacking(line: Line, recipe: Recipe, records: Sequence[Record]) -> list[Record]:
    """Those that nothing was made of by a recipe."""
    made = line.generations.sets_by(recipe, [r.id for r in records])
    return [r for r in records if r.id not in made]


def fill(
    line: Line, run: Run, by: Maker, records: Sequence[Record], *, share: float = 1.0, told: Told | None = None
) -> None:
    """Cut and embed these records, some at a time, each time in a transaction of its own.

    share: of the time, in (0, 1]; it rests for the others, and gives way to those who ask. told: how many are done.
    """
    workers = line.toolbox.workers(by.embedder)
    size, hands = (SENT, workers.at_once) if workers else (PAGE, 1)
    pages = [records[start : start + size] for start in range(0, len(records), size)]
    done = 0
    for page in run.map(partial(_embedded, line, run, by, share), pages, workers=hands):
        _keep(line, run, by, page.made)
        done += page.size
        if told:
            told(done)


def refill(line: Line, run: Run) -> None:
    """Give every record that may answer a set by what serves, and let it be the one that it answers by.

    There is nothing to do unless that has changed, or changed back, since a record came in.
    """
    recipe = line.recipe
    if line.generations.is_only(recipe):
        return
    records = kept(line)
    fitting = line.generations.made_by(recipe, [r.vectors for r in records])
    stale = [r for r in records if r.vectors not in fitting]
    fill(line, run, maker(line, recipe), lacking(line, recipe, stale))
    with run.commit():
        adopt(line, recipe, [r.id for r in stale])


def adopt(line: Line, recipe: Recipe, records: Sequence[ArtifactId]) -> None:
    """Let these records answer by what was made of them by a recipe; joins the caller's transaction."""
    made = line.generations.sets_by(recipe, records)
    line.records.set_vectors(made)
    line.cuts.adopt(list(made), recipe.cut)


def texts_of(line: Line, records: Sequence[Record]) -> Iterator[str]:
    """What an embedder would read of these records."""
    for document in read_documents(line, [r.document for r in records]).values():
        yield from document.embedded


def _embedded(line: Line, run: Run, by: Maker, share: float, records: Sequence[Record]) -> _Page:
    line.embedders.give_way()
    began = time.monotonic()
    documents = by_cut(line, run, records, by.cut)
    read = [(r, documents[r.id]) for r in records if r.id in documents]
    texts = [text for _, recut in read for text in recut.document.embedded]
    workers = line.toolbox.workers(by.embedder)
    vectors = embed_by(workers, texts, by.embedder.info.dims) if workers else by.embedder.passages(texts)
    ends = list(accumulate(len(recut.document.chunks) for _, recut in read))
    made = [_Made(r, recut, vectors[a:b]) for (r, recut), (a, b) in zip(read, pairwise([0, *ends]), strict=True)]
    time.sleep((time.monotonic() - began) * (1 - share) / share)
    return _Page(made, len(records))


def _keep(line: Line, run: Run, by: Maker, page: Sequence[_Made]) -> None:
    """Nothing of what left, or was read anew, while it was embedded."""
    with run.commit():
        left = line.records.get_many([made.record.id for made in page])
        sets: list[NewSet] = []
        for record, recut, vectors in page:
            now = left.get(record.id)
            if now is not None and now.document == record.document:
                keep(line, run, record.id, by.cut, recut)
                sets.append(NewSet(record.id, recut.chunks, vectors, by.recipe, now.owner))
        line.generations.put_sets(sets, run=run.id, actor=run.actor)
