"""The index over shards: fan out, merge, and make again what was lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
import ray
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from thruline.backends.flat4_dense import Flat4Dense
from thruline.backends.ray_link import Link, awaited
from thruline.backends.shards_dense.deal import BLOCK, Deal
from thruline.backends.shards_dense.kept import KeptRows
from thruline.core.errors import Invalid, ThrulineError, Unavailable
from thruline.ports.dense import DenseStats, DenseTraits, Found
from thruline.ports.scoring import as_query, best

logger = logging.getLogger("thruline")

SENT_ROWS = 16 * BLOCK  # to a shard at a time: 13 MB of float16 at 384 dimensions
SILENCE_S = 5.0  # how long a shard that neither answers nor is known to be gone may hold up a question
START_S = 120.0  # a node takes seconds to start a worker, on a busy one tens of them
AGAIN_S = 2.0  # between two attempts to make a lost shard again
QUESTIONS_AT_ONCE = 4  # that a shard works at
_NONE = Found(np.empty(0, np.int64), np.empty(0, np.float32))


class _Part(NamedTuple):
    """Rows of a shard that are sent together, and whether they are the last of them."""

    rows: np.ndarray
    is_last: bool


class _Shard:
    """On a node: a part of the rows."""

    def __init__(self, bits: int, depth: int) -> None:
        self._index = Flat4Dense(bits=bits, depth=depth)
        self._waiting: list[np.ndarray] = []

    def clear(self) -> None:
        self._index.close()

    def take(self, vectors: np.ndarray, is_last: bool) -> None:
        """Add rows; they are indexed with the last part of them."""
        self._waiting.append(vectors)
        if is_last:
            self._index.add(np.concatenate(self._waiting))
            self._waiting.clear()

    def delete(self, local: np.ndarray) -> None:
        self._index.delete(local)

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None) -> Found:
        if self._index.stats().rows == 0:
            return _NONE
        return self._index.search(query, k, None if mask is None else np.unpackbits(mask).view(bool))

    def memory(self) -> int:
        return self._index.stats().memory


class ShardsDense:
    """`flat4` on so many actors of a cluster that is up already. address: as `ray start` printed it, `host:port`."""

    traits = DenseTraits(is_exact=False, mask="before", lives="server")

    def __init__(self, address: str, *, shards: int = 2, bits: int = 4, depth: int = 4) -> None:
        if shards < 1:
            raise Invalid(f"an index cannot have {shards} shards", hint="1 or more")
        self._link = Link(address)
        self._bits, self._depth = bits, depth
        self._deal = Deal(shards)
        self._kept = KeptRows()
        self._changing = threading.RLock()  # guards the rows and what shards are told; a question waits for nobody
        self._mending = threading.Lock()  # guards that a lost shard is made again once
        self._actors: list[Any] = []  # None where a shard is lost, and being made again
        self._closed = threading.Event()

    def build(self, vectors: np.ndarray) -> None:
        """Deal the rows to the shards, which forget what they had."""
        with self._changing:
            kept = KeptRows()
            kept.append(vectors)
            self._kept.close()
            self._kept = kept
            for shard, actor in enumerate(self._started()):
                self._tell(shard, lambda actor=actor: awaited(actor.clear.remote(), START_S))
            self._send(0)

    def add(self, vectors: np.ndarray) -> None:
        """Send each shard its rows; one that is lost gets them when it is made again."""
        with self._changing:
            first = len(self._kept)
            self._kept.append(vectors)
            self._started()
            self._send(first)

    def delete(self, rows: np.ndarray) -> None:
        """Zero them here and on their shards."""
        with self._changing:
            self._kept.zero(rows)
            of = self._deal.shard(rows)
            for shard, actor in enumerate(self._actors):
                local = self._deal.local(rows[of == shard])
                if len(local):
                    self._tell(shard, lambda actor=actor, local=local: awaited(actor.delete.remote(local), START_S))

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        """The k best of the rows that mask allows and that are reached; `missed` says how many were not."""
        query, alive = as_query(query, self._kept.dims), self._kept.alive
        asked = [
            (shard, actor, actor.search.remote(query, k, self._packed(shard, mask)))
            for shard, actor in enumerate(self._actors) if actor is not None
        ]  # fmt: skip
        found = {shard: reply for shard, *one in asked if (reply := self._reply(shard, *one)) is not None}
        missed = self._missed([shard for shard in range(len(self._actors)) if shard not in found], alive, mask)
        if missed and not found:
            raise Unavailable(
                f"none of {len(self._actors)} shards answers", hint="`ray status` says which nodes are up"
            )
        rows = [self._deal.rows(shard, reply.rows) for shard, reply in found.items()]
        scores = [reply.scores for reply in found.values()]
        merged = best(np.concatenate(rows), np.concatenate(scores), k) if found else _NONE
        return merged._replace(missed=missed)

    def stats(self) -> DenseStats:
        """What can be found here and on the nodes; memory: of the nodes; disk: the file of all rows."""
        alive = self._kept.alive
        lost = [shard for shard, actor in enumerate(self._actors) if actor is None]
        live = int(np.count_nonzero(alive))
        memory = [awaited(actor.memory.remote(), SILENCE_S) for actor in self._actors if actor is not None]
        return DenseStats(
            rows=live - self._missed(lost, alive, None), deleted=len(alive) - live, memory=sum(memory),
            disk=self._kept.size,
        )  # fmt: skip

    def close(self) -> None:
        """End the shards and let go of all rows."""
        self._closed.set()
        with self._changing:
            for actor in self._actors:
                if actor is not None:
                    ray.kill(actor)
            self._actors = []
            self._kept.close()
        self._link.close()

    def _started(self) -> list[Any]:
        self._link.session()
        if not self._actors:
            self._actors = [self._actor(shard) for shard in range(self._deal.shards)]
        return self._actors

    def _actor(self, shard: int) -> Any:
        """On the next node in turn; where that one has just gone, the shard is lost, and made again on another."""
        nodes = sorted(node["NodeID"] for node in ray.nodes() if node["Alive"])
        place = NodeAffinitySchedulingStrategy(nodes[shard % len(nodes)], soft=False)
        options = {"num_cpus": 0, "scheduling_strategy": place, "max_concurrency": QUESTIONS_AT_ONCE}
        return ray.remote(_Shard).options(**options).remote(self._bits, self._depth)

    def _send(self, first: int) -> None:
        """The rows from first on: a part to every shard, then the next; calls to an actor overtake one another."""
        parts = [self._parts(shard, first) for shard in range(self._deal.shards)]
        for wave in zip_longest(*parts):
            sent = [
                (shard, self._actors[shard].take.remote(*self._read(part)))
                for shard, part in enumerate(wave) if part is not None and self._actors[shard] is not None
            ]  # fmt: skip
            for shard, reply in sent:
                self._tell(shard, lambda reply=reply: awaited(reply, START_S))

    def _parts(self, shard: int, first: int) -> list[_Part]:
        rows = self._deal.of(shard, first, len(self._kept))
        starts = range(0, len(rows), SENT_ROWS)
        return [_Part(rows[start : start + SENT_ROWS], start + SENT_ROWS >= len(rows)) for start in starts]

    def _read(self, part: _Part) -> tuple[np.ndarray, bool]:
        return self._kept.read(part.rows), part.is_last

    def _tell(self, shard: int, told: Callable[[], object]) -> None:
        """What changes a shard; where that is gone, it is made again with the change."""
        if self._actors[shard] is None:
            return
        try:
            told()
        except RayTaskError as error:
            raise error.cause if isinstance(error.cause, ThrulineError) else error from error
        except (RayError, TimeoutError):
            self._lose(shard, self._actors[shard])

    def _reply(self, shard: int, actor: Any, reply: Any) -> Found | None:
        """What a shard found; None where it does not answer."""
        try:
            return awaited(reply, SILENCE_S)
        except RayTaskError as error:
            raise error.cause if isinstance(error.cause, ThrulineError) else error from error
        except RayActorError:
            self._lose(shard, actor)
        except TimeoutError:
            logger.warning("a shard does not answer", extra={"shard": shard})
        return None

    def _lose(self, shard: int, actor: Any) -> None:
        """Note that a shard is gone, once, and have it made again."""
        with self._mending:
            if self._actors[shard] is not actor:
                return
            self._actors[shard] = None
        logger.warning("a shard is lost and is made again", extra={"shard": shard})
        threading.Thread(target=self._mend, args=(shard,), daemon=True, name="shard").start()

    def _mend(self, shard: int) -> None:
        while not self._closed.is_set():
            with self._changing:
                if self._closed.is_set():
                    return
                try:
                    self._link.session()
                    actor = self._actor(shard)
                    for part in self._parts(shard, 0):
                        awaited(actor.take.remote(*self._read(part)), START_S)
                    gone = np.flatnonzero(~self._kept.alive)
                    awaited(actor.delete.remote(self._deal.local(gone[self._deal.shard(gone) == shard])), START_S)
                    self._actors[shard] = actor
                    return
                except (RayError, TimeoutError, ThrulineError) as error:
                    logger.warning(
                        "a shard could not be made again", extra={"shard": shard, "why": type(error).__name__}
                    )
            self._closed.wait(AGAIN_S)

    def _packed(self, shard: int, mask: np.ndarray | None) -> np.ndarray | None:
        return None if mask is None else np.packbits(self._deal.masked(shard, mask))

    def _missed(self, shards: list[int], alive: np.ndarray, mask: np.ndarray | None) -> int:
        allowed = alive if mask is None else alive[: len(mask)] & mask[: len(alive)]
        return sum(int(np.count_nonzero(self._deal.masked(shard, allowed))) for shard in shards)
