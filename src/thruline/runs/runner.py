"""Runs: plain functions whose work survives their process.

A flow is a function that takes a Run. What it wraps in `step` is done once for the same code, config and inputs;
what it writes under `commit` is written once, or not at all. Killed at any byte and started again, it walks past
what it has done.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from thruline.core.clock import Clock, Micros, SystemClock
from thruline.core.errors import Conflict, NotFound, ThrulineError
from thruline.core.ids import ArtifactId, Ids, is_id, random_id
from thruline.core.nouns import Draft
from thruline.core.sql import load_queries, load_schema
from thruline.ledger.payloads import Payloads
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger
from thruline.runs.lease import LEASE_S, Lease, Leases

T = TypeVar("T")
R = TypeVar("R")
PROGRESS_EVERY_S = 0.2
Progress = Callable[[str, int, int], None]


class Cancelled(ThrulineError):
    """Somebody asked the run to stop."""

    status = 409
    code = "conflict"
    exit_code = 1


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """A run as the journal has it. done/total are steps of the current stage; error is a code or empty.

    subject: what no two runs of its flow may touch at once, as a source's id; empty where there is none.
    """

    id: ArtifactId
    flow: str
    state: str
    actor: str
    started: Micros
    ended: Micros
    done: int
    total: int
    error: str
    subject: str


class Remembered(NamedTuple, Generic[T]):
    """A step's result, and the id of the payload that holds it as MessagePack."""

    key: ArtifactId
    value: T


@dataclass(frozen=True, kw_only=True)
class Step:
    """A named piece of work and the modules whose text decides its result."""

    name: str
    modules: tuple[ModuleType, ...]

    def version(self) -> str:
        """Digest of the source text of the modules: a change of code makes old results unfit.

        Read once: a process goes on with the code that it began with.
        """
        return self._version

    @cached_property
    def _version(self) -> str:
        digest = hashlib.sha256()
        for module in self.modules:
            assert module.__file__ is not None
            digest.update(Path(module.__file__).read_bytes())
        return digest.hexdigest()


class Runs:
    """The journal of one home."""

    def __init__(
        self, database: Database, ledger: Ledger, payloads: Payloads, ids: Ids, clock: Clock | None = None
    ) -> None:
        self.database = database
        self.ledger = ledger
        self.payloads = payloads
        self.ids = ids
        self.clock = clock or SystemClock()
        database.script(load_schema("thruline.runs", database.dialect))
        self.queries = load_queries("thruline.runs", database.dialect)
        self.leases = Leases(database, self.clock)

    @contextmanager
    def start(self, flow: str, *, only: str = "", actor: str = "", progress: Progress | None = None) -> Iterator[Run]:
        """A run of flow; `only` names what no two runs of it may touch at once (raises Conflict when one does).

        Ends done, failed or cancelled with the block; a killed process leaves it running until `reap`.
        """
        self.reap()
        id = random_id("run")
        with self.database.transaction():
            run = Run(self, id, actor, self.leases.take(f"{flow}:{only or id}", id), progress)
            self.database.execute(
                self.queries.insert_run, {"id": run.id, "flow": flow, "actor": actor, "at": self.clock.now()}
            )
            if only:
                self.database.execute(self.queries.insert_subject, {"run": run.id, "subject": only})
            self._event(run, "run.started", {"flow": flow})
        with self._heartbeat(run.lease):
            try:
                yield run
            except BaseException as error:
                self._end(run, "cancelled" if isinstance(error, Cancelled | KeyboardInterrupt) else "failed", error)
                raise
            self._end(run, "done", None)

    def list(self, limit: int = 50) -> list[RunInfo]:
        """The latest first."""
        return [_info(row) for row in self.database.query(self.queries.runs, {"limit": limit})]

    def get(self, run: str) -> RunInfo:
        """One; raises NotFound."""
        rows = self.database.query(self.queries.run, {"id": run})
        if not rows:
            raise NotFound(f"no run {run!r}", hint="`thruline runs` lists them")
        return _info(rows[0])

    def cancel(self, run: str) -> None:
        """Ask a running run to stop at its next check; raises Conflict when it has ended."""
        if self.database.execute(self.queries.cancel, {"id": run}) == 0:
            raise Conflict(f"run {run!r} is {self.get(run).state}", hint="only a running one can be cancelled")

    def reap(self) -> int:
        """Mark runs whose process is gone as lost; their finished steps stay remembered."""
        lost = self.leases.lost()
        for lease, run in lost:
            with self.database.transaction():
                self.leases.end(lease)
                self.database.execute(
                    self.queries.finish_run, {"id": run, "state": "lost", "at": self.clock.now(), "error": "lost"}
                )
        return len(lost)

    def forget(self, inputs: Sequence[str]) -> list[str]:
        """Drop remembered results made of these inputs; gives their payload ids for deletion."""
        keys = [row[0] for row in self.database.query(self.queries.memo_of, {"ids": json.dumps(list(inputs))})]
        self.database.execute(self.queries.forget_inputs, {"keys": json.dumps(keys)})
        self.database.execute(self.queries.forget, {"keys": json.dumps(keys)})
        return keys

    def inputs_of(self, keys: Sequence[str]) -> list[str]:
        """What remembered results were made of."""
        return [row[0] for row in self.database.query(self.queries.inputs_of, {"keys": json.dumps(list(keys))})]

    def _end(self, run: Run, state: str, error: BaseException | None) -> None:
        code = "none" if error is None else getattr(error, "code", "error")
        with self.database.transaction():
            self.database.execute(
                self.queries.finish_run,
                {"id": run.id, "state": state, "at": self.clock.now(), "error": "" if error is None else code},
            )
            ms = (time.monotonic() - run.began) * 1000
            self._event(run, "run.finished", {"outcome": state, "error": code, "ms": round(ms)})
            self.leases.end(run.lease)

    def _event(self, run: Run, verb: str, facts: dict[str, Any]) -> None:
        self.ledger.append([Draft(verb=verb, outputs=(run.id,), facts=facts, run=run.id, actor=run.actor)])

    @contextmanager
    def _heartbeat(self, lease: Lease) -> Iterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=self._beat, args=(lease, stop), daemon=True, name="lease")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _beat(self, lease: Lease, stop: threading.Event) -> None:
        while not stop.wait(LEASE_S / 3) and self.leases.extend(lease):
            pass


class Run:
    """One run: what a flow holds while it works."""

    def __init__(self, runs: Runs, id: ArtifactId, actor: str, lease: Lease, progress: Progress | None) -> None:
        self.id = id
        self.actor = actor
        self.lease = lease
        self.began = time.monotonic()
        self._runs = runs
        self._progress = progress
        self._stage, self._told = "", 0.0

    @contextmanager
    def commit(self) -> Iterator[None]:
        """A transaction that only the holder of this run's lease gets through."""
        with self._runs.database.transaction():
            self._runs.leases.check(self.lease)
            yield

    def append(self, *drafts: Draft) -> None:
        """Put events on the chain in this run's and its actor's name."""
        self._runs.ledger.append([replace(d, run=self.id, actor=self.actor) for d in drafts])

    def step(
        self, step: Step, inputs: Sequence[str], config: object, work: Callable[[], T], type_: type[T],
        *, owner: Callable[[T], str],
    ) -> Remembered[T]:  # fmt: skip
        """work() once for this code, config and inputs; afterwards its remembered result.

        The result is a payload, encrypted for owner(result); each input id that erasure may name leads to it.
        """
        runs = self._runs
        key = runs.ids.artifact("memo", step.name, step.version(), msgspec.json.encode(config), *inputs)
        if runs.database.query(runs.queries.memo, {"key": key}) and (known := runs.payloads.get_many([key])):
            return Remembered(key, msgspec.msgpack.decode(known[key], type=type_))
        self.check()
        result = work()
        with self.commit():
            runs.database.execute(runs.queries.insert_memo, {"key": key, "step": step.name, "made": runs.clock.now()})
            rows = [{"input": i, "key": key} for i in set(inputs) if is_id(i)]
            runs.database.execute_many(runs.queries.insert_memo_input, rows)
            runs.payloads.put(key, msgspec.msgpack.encode(result), owner(result))
        return Remembered(key, result)

    def map(self, work: Callable[[T], R], items: Iterable[T], *, workers: int) -> Iterator[R]:
        """As `in_order`, until somebody asks this run to stop."""

        def checked() -> Iterator[T]:
            for item in items:
                self.check()
                yield item

        return in_order(work, checked(), workers=workers)

    def tell(self, stage: str, done: int, total: int) -> None:
        """Progress of a stage, for the journal and whoever watches; cheap enough to call for each item.

        How a stage begins and ends is always told, what is between now and then.
        """
        now = time.monotonic()
        if now - self._told < PROGRESS_EVERY_S and done != total and stage == self._stage:
            return
        self._stage, self._told = stage, now
        runs = self._runs
        runs.database.execute(runs.queries.progress, {"id": self.id, "done": done, "total": total})
        if self._progress:
            self._progress(stage, done, total)

    def check(self) -> None:
        """Raises Cancelled when somebody asked this run to stop."""
        rows = self._runs.database.query(self._runs.queries.cancelled, {"id": self.id})
        if rows and rows[0][0]:
            raise Cancelled(f"run {self.id!r} was cancelled", hint="start it again: finished steps are kept")


def in_order(work: Callable[[T], R], items: Iterable[T], *, workers: int) -> Iterator[R]:
    """work(item) for each item on `workers` threads, in order; at most 2 x workers results wait."""
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="map") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _info(row: tuple[Any, ...]) -> RunInfo:
    return RunInfo(**dict(zip(RunInfo.__dataclass_fields__, row, strict=True)))
