"""What the reranker learns from: passages that the search finds for judged questions, as numbers.

Nobody's: questions that name somebody, and passages of records in which somebody was met, are left out, and so are
questions that came of people's own. What is kept holds no word of either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import polars as pl

from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor
from thruline.data import privacy
from thruline.flows import residency
from thruline.flows.find import Found, find, read_hits
from thruline.flows.purposes import TRAIN
from thruline.flows.rerank import candidates
from thruline.models.datasets import Origin, Row, frame
from thruline.models.rank_gate import ndcg
from thruline.vectors.features import features

if TYPE_CHECKING:
    from thruline.flows.line import Line

RANKING = Origin(name="ranking", licence="the home's own")


class JudgedQuestion(Protocol):
    """grades: 0 for what does not answer, more for what does, by record or by chunk."""

    @property
    def question(self) -> str:
        """In words."""
        ...

    @property
    def grades(self) -> Mapping[str, int]:
        """By id."""
        ...


class Looked(NamedTuple):
    """A question's passages in the order of the search: their numbers, what each is worth, and what all could be."""

    id: str
    numbers: np.ndarray
    gains: np.ndarray
    ideal: list[int]
    records: list[ArtifactId]

    def quality(self, scores: np.ndarray | None = None) -> float:
        """nDCG@10 of the search's order, or by scores. A record counts once, where it stands first."""
        order = range(len(self.gains)) if scores is None else np.argsort(-scores, kind="stable").tolist()
        met: set[str] = set()
        gains: list[float] = []
        for place in order:
            if self.records[place] not in met:
                met.add(self.records[place])
                gains.append(float(self.gains[place]))
        return ndcg(gains, self.ideal)


def looked_at(line: Line, actor: Actor, judged: Sequence[JudgedQuestion], depth: int) -> list[Looked]:
    """What the search finds for each question that names nobody and that something answers."""
    serving, away = line.shelf.serving(), residency.kept_from(line, "computes")
    looked: list[Looked] = []
    for asked in judged:
        if privacy.find_mentions(asked.question, line.names) or not any(asked.grades.values()):
            continue
        hits = find(line, serving, actor, asked.question, depth, purpose=TRAIN)
        sources = {hit.record: hit.source for hit in hits.hits}
        found = [f for f in _nobodys(line, read_hits(line, hits, actor)) if sources[f.hit.record] not in away]
        if found:
            numbers = features(asked.question, candidates(line, hits.hits, found))
            looked.append(_looked(line, asked, found, numbers))
    return looked


def as_rows(looked: Sequence[Looked], split: str) -> pl.DataFrame:
    """One row a passage; its text is its numbers."""
    rows = (
        Row(" ".join(f"{number:.7g}" for number in numbers), int(gain > 0), one.id)
        for one in looked
        for numbers, gain in zip(one.numbers.tolist(), one.gains.tolist(), strict=True)
    )
    return frame(RANKING, rows).with_columns(pl.lit(split).alias("split"))


def _looked(line: Line, asked: JudgedQuestion, found: Sequence[Found], numbers: np.ndarray) -> Looked:
    places = line.records.places([id for id in asked.grades if id not in {f.hit.record for f in found}])
    best: dict[str, int] = {}
    for id, grade in asked.grades.items():  # one of a record's chunks is as good as the record
        record = places[id].record if id in places else id
        best[record] = max(best.get(record, 0), grade)
    gains = [asked.grades.get(f.hit.chunk, asked.grades.get(f.hit.record, 0)) for f in found]
    return Looked(
        id=line.ids.digest("ranking", asked.question), numbers=numbers, gains=np.array(gains, np.float64),
        ideal=[grade for grade in best.values() if grade > 0], records=[f.hit.record for f in found],
    )  # fmt: skip


def _nobodys(line: Line, found: Sequence[Found]) -> list[Found]:
    """Those of records in which nobody was met."""
    people = {link.artifact for link in line.subjects.met_in(sorted({f.hit.record for f in found}))}
    return [f for f in found if f.hit.record not in people]
