"""How passages came into their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reranked = Literal["off", "done", "unavailable", "failed"]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was done to passages after the search, so that it can be done again; the defaults say nothing.

    reranker: the model's name, and model its id. reranked: `unavailable` when it was away or late, `failed` when it
    could not be used; the order of the search stood then. kept_home: passages that it was not given, since it stands
    elsewhere than they may be. depth: how many of the best were looked at. The rest as in the settings of `search`.
    """

    reranker: str = ""
    model: str = ""
    reranked: Reranked = "off"
    kept_home: int = 0
    depth: int = 0
    diversity: float = 0.0
    per_source: int = 0
    per_record: int = 0
    half_life_s: float = 0.0
    window: int = 0


AS_FOUND = Order()
