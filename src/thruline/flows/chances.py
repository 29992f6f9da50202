"""Chances: what questions about other matters reach in what somebody may see, so that an answer is told from chance.

Asked of the same rows that the question is asked of: what is hidden from somebody changes nothing of their answers.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from thruline.flows.recall_sample import Limits
from thruline.vectors.serving import Hits, Serving
from thruline.vectors.sureness import PROBES, Curve, Footing, chance

if TYPE_CHECKING:
    from thruline.flows.line import Line

KIND = "probes"
MOST = 64  # views of one snapshot that are remembered


class Chances:
    """What was worked out for views of each snapshot, gone with the snapshot; threads share it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lock = threading.Lock()  # guards the two below
        self._probes: tuple[str, np.ndarray] | None = None
        self._known: WeakKeyDictionary[Serving, dict[Limits, float]] = WeakKeyDictionary()

    def footing(self, serving: Serving, view: Limits, hits: Hits) -> Footing:
        """What a question stands on that found these hits in the view."""
        nearest = max((hit.dense_score for hit in hits.hits), default=0.0)
        with self._lock:
            known = self._known.setdefault(serving, {})
            if view not in known and len(known) >= MOST:
                del known[next(iter(known))]
            if view not in known:
                known[view] = self._worked_out(serving, view)
            by_chance = known[view]
        return Footing(nearest, by_chance, Curve.read(self._line.choices.current("sureness")))

    def _worked_out(self, serving: Serving, view: Limits) -> float:
        """One search for each probe, once for a snapshot: .03 CPU s in 5,700 chunks."""
        found = (serving.search("", probe, 1, **view._asdict()).hits for probe in self._vectors(serving))
        return chance([hits[0].dense_score for hits in found if hits])

    def _vectors(self, serving: Serving) -> np.ndarray:
        """The probes' vectors under the embedder of what is served; made once for each that a home has had."""
        line = self._line
        embedder = line.embedders.of(serving.generation)
        digest = embedder.info.digest
        if self._probes is None or self._probes[0] != digest:
            id = line.ids.artifact(KIND, digest, *PROBES)
            held = line.payloads.get_many([id]).get(id)
            if held is None:
                with line.embedders.asking():
                    held = np.array([embedder.query(probe) for probe in PROBES], np.float32).tobytes()
                line.payloads.put(id, held, id)
            self._probes = (digest, np.frombuffer(held, np.float32).reshape(len(PROBES), -1))
        return self._probes[1]
