"""Vectors that lie on a server: rows for it, what an erasure does there, and what it cannot reach."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from thruline.core.errors import Unavailable
from thruline.flows import INDEX, residency
from thruline.flows.publish import serving_sets
from thruline.flows.shelving import SERVABLE
from thruline.ports.dense import KeptIndex
from thruline.vectors.plans import SHARDS, DensePlan

if TYPE_CHECKING:
    from thruline.flows.line import Line

logger = logging.getLogger("thruline")

PAGE = 256
SERVERS = ("pgvector", "qdrant")  # engines that keep rows outside this machine


def check(line: Line) -> None:
    """Raises Unavailable where a server that may hold vectors is away: nothing can be erased from there now."""
    for name in line.engines.servers():
        index = line.engines.server(DensePlan(engine=name))
        try:
            index.check()
        finally:
            index.close()


def scrub(line: Line) -> None:
    """Of what serves alone something is left on the server that is in force; of all else, on none."""
    for name in line.engines.servers():
        _tidy(line, name, line.plans.current(INDEX))


@contextmanager
def on_trial(line: Line, plan: DensePlan) -> Iterator[KeptIndex]:
    """An index on a plan's server beside whatever is there, gone from it with the block; else with the next erasure."""
    index = line.engines.server(plan, trial=True)
    try:
        yield index
    finally:
        try:
            index.drop()
        except Unavailable:
            _warn_of(plan)
        index.close()


def may_search(line: Line) -> list[str]:
    """The installed dense engines that may be given every vector; of those elsewhere such as the settings name."""
    servers = () if residency.kept_from(line, "keeps") else line.engines.servers()
    has_cluster = any(part.job == "searches" for part in line.parts) and not residency.kept_from(line, "searches")
    shut = {*SERVERS, SHARDS} - {*servers, *((SHARDS,) if has_cluster else ())}
    return [name for name in line.engines.dense_names() if name not in shut]


def leave(line: Line, plan: DensePlan, before: DensePlan, *, moved: bool) -> None:
    """Take away what serves no more: of the plan before, after a move; else of the one that was tried."""
    stays, goes = (plan, before) if moved else (before, plan)
    if goes.engine not in line.engines.servers():
        return
    try:
        _tidy(line, goes.engine, stays)
    except Unavailable:
        _warn_of(goes)


def out_of_scope(line: Line) -> tuple[str, ...]:
    """Where on servers deleted vectors can still lie."""
    known = line.engines.servers()
    said = [text for name in known for text in line.engines.server(DensePlan(engine=name)).out_of_scope]
    used = {planned.plan.engine for planned in line.plans.history(INDEX)} & set(SERVERS)
    left = sorted(used - set(known))
    return (*said, *(f"vectors sent to {name!r} when the settings still named its server: drop them" for name in left))


def _warn_of(plan: DensePlan) -> None:
    logger.warning("vectors stay on a server that is away, until something is erased", extra={"engine": plan.engine})


def _tidy(line: Line, name: str, plan: DensePlan) -> None:
    index = line.engines.server(plan if plan.engine == name else DensePlan(engine=name))
    try:
        if plan.engine == name:
            index.build(rows_that_serve(line))
            index.scrub()
        else:
            index.drop()
    finally:
        index.close()


def rows_that_serve(line: Line) -> np.ndarray:
    """(n, dims) half precision, in the order of their records."""
    pages = list(_pages(line))
    return np.concatenate(pages) if pages else np.empty((0, 0), np.float16)


def _pages(line: Line) -> Iterator[np.ndarray]:
    sets = serving_sets(line)
    records = sorted(sets)
    for start in range(0, len(records), PAGE):
        page = records[start : start + PAGE]
        known = line.records.get_many(page)
        vectors = line.generations.load([sets[id] for id in page])
        for id in page:
            record, held = known.get(id), vectors.get(sets[id])
            if record and held and len(held.vectors) and record.state in SERVABLE and record.reason == "none":
                yield held.vectors
