"""How a search went: its plan, told with every search and kept with every answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from thruline.ports.dense import Scan
from thruline.vectors.fusion import EVEN, Fusion


@dataclass(frozen=True, kw_only=True)
class Searched:
    """The plan of a search and what came of it.

    engine: the dense engine with its options. scan: `gather` where every row that may be seen was scored, `whole` or
    `masked` where a scan chose what to score, `engine` where that alone knows, `standby` where its server was away and
    a local scan answered, `none` where words decided alone.
    visible: rows that may be seen; scored: of these exactly. by_meaning, by_words: candidates of either ranking.
    recall: the share of the true neighbours that is to be expected, 1 where every row was scored, null while nobody has
    measured the plan (`thruline index tune`). again: why the store's vectors were scored besides: the engine gave too
    `few`, or is `away`. is_compact: no row that is gone weighs in the ranking by words any more; a replay, which loads
    anew, may order passages of nearly equal score otherwise where it is false. unreachable: of the visible rows those
    that only words could find, since what holds their vectors is away. fusion: how the rankings by meaning and by words
    were joined.
    """

    way: Literal["hybrid", "dense", "text", "nothing"]
    engine: str
    scan: Scan
    visible: int
    asked: int
    returned: int
    by_meaning: int
    by_words: int
    scored: int
    recall: float | None
    again: Literal["", "few", "away"]
    is_compact: bool
    unreachable: int = 0
    fusion: Fusion = EVEN
