"""What repeats what, found by workers: by words (data/corpus_duplicates) and by meaning (data/alike).

What a worker compares comes with its task: words of texts, keys of their signatures, vectors; no id, no name, no key of
a home. What is too little to be worth the journey is compared here, with the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from thruline.data import alike, corpus_duplicates, word_hashes
from thruline.data.alike import Best, Docs, Spread, best
from thruline.data.corpus_duplicates import (
    Near,
    Pair,
    bucketed,
    candidates,
    jaccards,
    keys_of,
    near,
    signatures,
    within,
)
from thruline.data.duplicates import PERMUTATIONS
from thruline.flows.residency import kept_from
from thruline.ports.workers import Workers
from thruline.runs.runner import Run, Step, in_order

if TYPE_CHECKING:
    from thruline.flows.line import Line

# So many tasks of 8 MB are 14 CPU seconds (bench/pipeline_rates.py): a few times what nodes take to get ready. Vectors
# are compared each with each, so that their work grows with the square.
TEXTS, VECTORS = 64, 4
STEP = Step(name="compare", modules=(alike, corpus_duplicates, word_hashes))


class Sign(msgspec.Struct, frozen=True, kw_only=True, tag="sign"):
    """Words of texts, to make signatures of."""

    texts: tuple[bytes, ...]


class Bucket(msgspec.Struct, frozen=True, kw_only=True, tag="bucket"):
    """Keys of one band, uint64, of which the equal ones are looked for."""

    keys: bytes


class Verify(msgspec.Struct, frozen=True, kw_only=True, tag="verify"):
    """Pairs of texts, int64, of which the similarity is asked."""

    texts: tuple[bytes, ...]
    pairs: bytes


class Compare(msgspec.Struct, frozen=True, kw_only=True, tag="compare"):
    """Documents by their vectors, and others of which the most similar to each is asked; the arrays of alike.Docs."""

    block: tuple[bytes, bytes, bytes]
    others: tuple[bytes, bytes, bytes]
    dims: int
    threshold: float


Task = Sign | Bucket | Verify | Compare


def compared(task: Task) -> bytes:
    """On a worker: the numbers that were asked for."""
    match task:
        case Sign():
            return signatures(task.texts).astype("<u4").tobytes()
        case Bucket():
            return bucketed(np.frombuffer(task.keys, "<u8")).astype("<i8").tobytes()
        case Verify():
            return jaccards(task.texts, np.frombuffer(task.pairs, "<i8").reshape(-1, 2)).astype("<f8").tobytes()
        case Compare():
            found = best(_docs(task.block, task.dims), _docs(task.others, task.dims), task.threshold)
            return found.first.astype("<i8").tobytes() + found.similarity.astype("<f8").tobytes()


def near_by(line: Line) -> Near:
    """What finds near-duplicates in a set of texts, on workers where there are some and it is worth it."""
    return partial(_near, line)


def spread_by(line: Line, run: Run, rows: np.ndarray) -> Spread | None:
    """Who compares these vectors, half precision, beside this machine; None where it does it alone."""
    if rows.nbytes < VECTORS * line.limits.task_size or (workers := _workers(line)) is None:
        return None
    dims = rows.shape[1]
    return Spread(max(1, line.limits.task_size // (4 * dims)), partial(_best, run, workers, dims))


def _workers(line: Line) -> Workers | None:
    """Who compares beside this machine; nobody where documents of some source may not be sent there."""
    return None if kept_from(line, "reads") else line.workers


def _near(line: Line, texts: Sequence[bytes], threshold: float) -> list[Pair]:
    size = line.limits.task_size
    if sum(map(len, texts)) < TEXTS * size or (workers := _workers(line)) is None:
        return near(texts, threshold)
    asked = partial(_asked, workers)
    signed = [np.frombuffer(r, "<u4").reshape(-1, PERMUTATIONS) for r in asked(_signing(texts, size))]
    keys = keys_of(np.concatenate(signed))
    if keys[0].nbytes < size:
        found = [bucketed(band) for band in keys]
    else:
        found = [np.frombuffer(r, "<i8") for r in asked(Bucket(keys=band.astype("<u8").tobytes()) for band in keys)]
    pairs = candidates(found, len(texts))
    similarities = [np.frombuffer(r, "<f8") for r in asked(_verifying(texts, pairs, size))]
    return within(pairs, np.concatenate([*similarities, np.zeros(0)]), threshold)


def _asked(workers: Workers, tasks: Iterable[Task]) -> Iterator[bytes]:
    """The replies, in order."""
    return in_order(lambda task: workers.do(msgspec.msgpack.encode(task)), tasks, workers=workers.at_once)


def _signing(texts: Sequence[bytes], size: int) -> Iterator[Sign]:
    ends = np.cumsum([len(text) for text in texts])
    return (Sign(texts=tuple(texts[a:b])) for a, b in _cut(ends, size))


def _verifying(texts: Sequence[bytes], pairs: np.ndarray, size: int) -> Iterator[Verify]:
    lengths = np.array([len(text) for text in texts], np.int64)
    for a, b in _cut(np.cumsum(lengths[pairs].sum(axis=1)), size):
        used, places = np.unique(pairs[a:b], return_inverse=True)
        local = places.reshape(-1, 2).astype("<i8")
        yield Verify(texts=tuple(texts[n] for n in used.tolist()), pairs=local.tobytes())


def _cut(ends: np.ndarray, size: int) -> Iterator[tuple[int, int]]:
    """Where to cut items of which each adds to a sum, so that the parts are of about a size."""
    cuts = np.flatnonzero(np.diff(ends // size, prepend=-1)).tolist()
    return zip(cuts, [*cuts[1:], len(ends)], strict=True)


def _best(
    run: Run, workers: Workers, dims: int, block: Docs, groups: Iterable[Docs], threshold: float
) -> Iterator[Best]:
    own = _sent(block)

    def ask(others: Docs) -> Best:
        task = Compare(block=own, others=_sent(others), dims=dims, threshold=threshold)
        reply = workers.do(msgspec.msgpack.encode(task))
        half = len(reply) // 2
        return Best(np.frombuffer(reply[:half], "<i8"), np.frombuffer(reply[half:], "<f8"))

    return run.map(ask, groups, workers=workers.at_once)


def _sent(docs: Docs) -> tuple[bytes, bytes, bytes]:
    return (
        docs.numbers.astype("<i8").tobytes(), docs.starts.astype("<i8").tobytes(), docs.rows.astype("<i2").tobytes()
    )  # fmt: skip


def _docs(sent: tuple[bytes, bytes, bytes], dims: int) -> Docs:
    numbers, starts, rows = sent
    return Docs(
        np.frombuffer(numbers, "<i8"), np.frombuffer(starts, "<i8"), np.frombuffer(rows, "<i2").reshape(-1, dims)
    )
