"""How sure it is that documents hold the answer to a question: measured against questions that they do not answer.

What a cosine means differs by embedder, by language and by how much there is: of many sentences one is always near. So
the same documents are asked questions about everyday matters, and what those reach by chance is where sureness begins.
It needs no judged questions, holds from one document to many, and for embedders that nobody has measured.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

# About nothing in particular, so that hardly any collection answers more than a few of them.
PROBES = (
    "How long does it take to boil an egg?",
    "Which river flows through Vienna?",
    "How do I renew a passport that has expired?",
    "Who painted the ceiling of the chapel?",
    "What does the warranty of the washing machine cover?",
    "How many players are in a volleyball team?",
    "Which vaccine is given to infants first?",
    "How do I change a flat tyre on a bicycle?",
    "When do the trains to the airport leave on Sundays?",
    "What is the interest on an overdue invoice?",
    "How often should tomato plants be watered?",
    "Which key opens the door to the archive?",
    "How do I mute somebody in a video call?",
    "What is the melting point of copper?",
    "Who wrote the opera about a barber?",
    "How many days of parental leave does a father have?",
    "Which form is needed to register a company?",
    "How do I remove red wine from a carpet?",
    "What is the speed limit on the motorway?",
    "How far is the moon from the earth?",
    "Which insurance pays for storm damage to the roof?",
    "How do I tie a bow tie?",
    "What was decided at the last meeting of the parents' council?",
    "How does a heat pump work?",
    "Which password rules apply to the guest network?",
    "How much protein is in a cup of lentils?",
    "When did the dinosaurs die out?",
    "How do I sort a list of numbers in a spreadsheet?",
    "Which spices belong in a curry?",
    "How do I appeal against a parking fine?",
    "What is the exchange rate of the yen?",
    "How do bees find their way home?",
    "Who is responsible for the fire drill?",
    "How do I train a puppy to sit?",
    "Which chords are used in a twelve bar blues?",
    "What is the deadline for the tax return?",
    "How do I reset the printer to its factory settings?",
    "How many bones does an adult have?",
    "Which platform does the ferry leave from?",
    "What causes an eclipse of the sun?",
    "How is cheese made?",
    "Which contract clause covers late delivery?",
    "How do I back up the photos on my phone?",
    "What is the dosage of paracetamol for a child?",
    "How high is the tallest mountain of Africa?",
    "Who may sign for purchases above the budget?",
    "How do I plant an apple tree?",
    "What is the difference between a llama and an alpaca?",
)
_CHANCE = 0.75  # quantile of what the probes reach: a quarter of them may be what a collection is about
# From here on there is an answer: at .17 of the way from chance to identity. Chosen on half of XQuAD's articles under
# two embedders: 98 to 99 % of what a paragraph answers comes further, 3 to 10 % of what is asked about other articles.
SURE_FROM = 0.11
# Of the logistic curve that was fitted on the same half, with questions of the same articles that are not answered as
# half of those without an answer (bench/unanswerable.py judges it on the other half).
_HALF_WAY, _SLOPE = 0.34, 12.5


@dataclass(frozen=True, kw_only=True)
class Curve:
    """How sure an answer is: a logistic curve over how far it comes from chance, and over the words that it shares.

    nearest, closest: weight of the way of the nearest chunk and of the closest sentence; words: of the share of the
    question's terms that the sentences hold. answer_from: as sure as that, and there is an answer.
    """

    bias: float
    nearest: float
    closest: float
    words: float
    answer_from: float

    @property
    def text(self) -> str:
        """As people read it."""
        if self == FIRST:
            return "as shipped"
        weights = f"nearest {self.nearest:.2f} closest {self.closest:.2f} words {self.words:.2f}"
        return f"{weights} bias {self.bias:.2f} from {self.answer_from:.2f}"

    def sure(self, nearest: float, closest: float, words: float) -> float:
        """0..1; nearest, closest: ways from chance to identity."""
        at = self.bias + self.nearest * nearest + self.closest * closest + self.words * words
        return 1.0 / (1.0 + math.exp(-min(max(at, -60.0), 60.0)))

    def written(self) -> str:
        """For the history of choices; empty for what a home begins with."""
        return "" if self == FIRST else json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def read(cls, text: str) -> Curve:
        """As it was written."""
        return cls(**json.loads(text)) if text else FIRST


# Of nearest chunk and closest sentence half each.
FIRST = Curve(bias=-_SLOPE * _HALF_WAY, nearest=_SLOPE / 2, closest=_SLOPE / 2, words=0.0, answer_from=SURE_FROM)


class Footing(NamedTuple):
    """What a question stands on. nearest: cosine of its nearest chunk; chance: what foreign questions reach here."""

    nearest: float
    chance: float
    curve: Curve = FIRST

    def sure(self, closest: float, words: float) -> float:
        """0..1 that it is answered here; closest: cosine of the closest sentence; words: share of its terms there."""
        return self.curve.sure(way(self.nearest, self.chance), way(closest, self.chance), words)


def chance(nearest: Sequence[float]) -> float:
    """The cosine that questions about other matters reach: of their nearest chunks, one for each probe."""
    return float(np.quantile(nearest, _CHANCE)) if len(nearest) else 0.0


def way(cosine: float, chance: float) -> float:
    """How far a cosine is on the way from chance to 1, in [-1, 1]."""
    return min(max((cosine - chance) / max(1.0 - chance, 1e-6), -1.0), 1.0)
