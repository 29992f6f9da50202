"""The exact plan: every allowed row scored by its vector from the store, when an engine gave too few or is away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from thruline.core.ids import ArtifactId
from thruline.ports.dense import Found
from thruline.ports.scoring import as_matrix, as_query, best, cosines
from thruline.vectors.rows import Rows

PAGE = 256  # records whose vectors are in memory at a time

# Of a generation, the vectors of these records.
Stored = Callable[[ArtifactId, Sequence[ArtifactId]], Mapping[ArtifactId, np.ndarray]]


def exact(
    query: np.ndarray,
    k: int,
    rows: Rows,
    allowed: np.ndarray,
    read: Callable[[Sequence[ArtifactId]], Mapping[ArtifactId, np.ndarray]],
) -> Found:
    """The k best of the rows that allowed says; a record whose vectors are gone by now is left out."""
    numbers = np.flatnonzero(allowed)
    records = list(dict.fromkeys(rows.records[row] for row in numbers.tolist()))
    found, scored = Found(np.empty(0, np.int64), np.empty(0, np.float32), "gather"), 0
    for start in range(0, len(records), PAGE):
        for record, vectors in read(records[start : start + PAGE]).items():
            span = rows.spans[record]
            mine = np.arange(span.start, span.stop)
            inside = allowed[mine]
            matrix = as_matrix(vectors)[inside]
            scores = cosines(matrix, None, as_query(query, matrix.shape[1]))
            scored += len(scores)
            found = best(np.concatenate([found.rows, mine[inside]]), np.concatenate([found.scores, scores]), k)
    return found._replace(scan="gather", candidates=scored)
