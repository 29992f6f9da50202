"""Judged questions: what somebody asked, or may ask, and which documents or passages answer it.

Each is one erasable payload. A digest of the question says whether it is for tuning or for judging, so that nothing is
chosen on what it is judged by, whoever brings the question and however often.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import msgspec

from thruline.core.clock import Micros
from thruline.core.ids import ArtifactId, Ids
from thruline.ledger.payloads import Payloads

KIND = "judged"
Origin = Literal["documents", "file", "feedback"]
Part = Literal["tuning", "judging"]
ORIGINS: tuple[Origin, ...] = get_args(Origin)
PARTS: tuple[Part, ...] = get_args(Part)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A question with its judgements. grades: record or chunk id -> 0 for `does not answer`, more for better.

    reference: an answer that is right, empty for none. by: the user who judged, empty for nobody.
    """

    id: ArtifactId
    question: str
    grades: Mapping[str, int]
    origin: Origin
    at: Micros
    reference: str = ""
    by: str = ""

    @property
    def relevant(self) -> frozenset[str]:
        """What answers it."""
        return frozenset(id for id, grade in self.grades.items() if grade > 0)


_decode = msgspec.json.Decoder(Judged).decode


class JudgedQuestions:
    """Payloads only: joins the caller's transaction, writes no events."""

    def __init__(self, payloads: Payloads, ids: Ids) -> None:
        self._payloads = payloads
        self._ids = ids

    def id(self, origin: Origin, *about: str) -> ArtifactId:
        """The same for the same question of an origin: a second judgement takes the place of the first."""
        return self._ids.artifact(KIND, origin, *about)

    def part(self, question: str) -> Part:
        """What a question is for; alike for those that differ in marks and capitals alone."""
        return PARTS[int(self._ids.digest("part", *_WORD.findall(question.casefold())), 16) % len(PARTS)]

    def put(self, questions: Iterable[Judged]) -> None:
        """Keep them; a feedback belongs to whoever gave it, anything else to itself."""
        self._payloads.put_many((q.id, msgspec.json.encode(asdict(q)), q.by or q.id) for q in questions)

    def all(self, part: Part | None = None, origins: Collection[str] = ORIGINS) -> list[Judged]:
        """Those of a part and of these origins, in the order of their ids."""
        held = self._payloads.get_many(self._payloads.ids(KIND))
        found = [_decode(data) for _, data in sorted(held.items())]
        return [q for q in found if q.origin in origins and part in (None, self.part(q.question))]

    def made_of(self, records: Collection[str]) -> list[ArtifactId]:
        """Those whose words came out of these records."""
        return [q.id for q in self.all(origins=("documents",)) if not q.relevant.isdisjoint(records)]

    def delete(self, ids: Collection[str]) -> None:
        """Forget them."""
        self._payloads.delete(list(ids))
