"""The store of scores that have moved and are not back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from thruline.core.clock import Micros
from thruline.core.sql import load_queries
from thruline.data.score_drift import Move
from thruline.ports.database import Database


class ScoreMoves:
    """A table only: joins the caller's transaction, writes no events. Its schema is that of the records."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._q = load_queries("thruline.data", database.dialect)

    def of(self, source: str) -> dict[str, Move]:
        """Those of a source by score, the largest first."""
        return {move.score: move for move, _ in self.all().get(source, ())}

    def all(self) -> dict[str, list[tuple[Move, Micros]]]:
        """Source -> its moves, each with when it began, the largest first."""
        found: dict[str, list[tuple[Move, Micros]]] = {}
        for source, score, block, since, items, distance, was, now, language in self._db.query(self._q.score_moves):
            move = Move(
                score=score, block=block, window=items, distance=distance, before=was, now=now, language=language
            )
            found.setdefault(source, []).append((move, since))
        return found

    def put(self, source: str, moves: Iterable[tuple[Move, Micros]]) -> None:
        """These have moved, since then."""
        rows = [
            {
                "source": source, "score": m.score, "block": m.block, "since": since, "items": m.window,
                "distance": m.distance, "was": m.before, "now": m.now, "language": m.language,
            }
            for m, since in moves
        ]  # fmt: skip
        self._db.execute_many(self._q.put_score_move, rows)

    def drop(self, source: str, scores: Sequence[str]) -> None:
        """These are back, or usual from now on."""
        if scores:
            self._db.execute(self._q.drop_score_moves, {"source": source, "scores": json.dumps(list(scores))})
