"""Group commit: what many requests want to record goes to disk in one transaction, and each waits for it.

A commit that survives a power cut costs a flush of the disk, whoever it is for; under load that cost is shared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from thruline.core.nouns import Draft
from thruline.ports.database import Database
from thruline.ports.ledger import Ledger

MOST_TOGETHER = 256  # changes in one transaction: others wait for the write lock meanwhile

Change = Callable[[], Sequence[Draft]]
"""Writes its state and gives the events about it. It may be called again when its group was refused."""


class GroupCommit:
    """Commits changes of one event loop in a thread of its own, in the order in which they came."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._db = database
        self._ledger = ledger
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="group-commit")
        self._waiting: list[tuple[Change, asyncio.Future[None]]] = []
        self._busy: asyncio.Task[None] | None = None

    def submit(self, change: Change) -> asyncio.Future[None]:
        """Done when change is durable, with its error when it was refused; it is written even if nobody waits."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((change, done))
        if self._busy is None:
            self._busy = asyncio.create_task(self._work())
        return done

    async def close(self) -> None:
        """Commit what waits, then end the thread."""
        if self._busy is not None:
            await self._busy
        self._thread.shutdown()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            changes = [change for change, _ in together]
            failures = await loop.run_in_executor(self._thread, self._commit, changes)
            for (_, done), failure in zip(together, failures, strict=True):
                _settle(done, failure)
        self._busy = None

    def _commit(self, changes: Sequence[Change]) -> list[Exception | None]:
        try:
            with self._db.transaction():
                self._ledger.append([draft for change in changes for draft in change()])
        except Exception as error:  # noqa: BLE001 - goes to the one who waits for it
            if len(changes) == 1:
                return [error]
            return [self._commit([change])[0] for change in changes]  # one bad change must not refuse its neighbours
        return [None] * len(changes)


def _settle(done: asyncio.Future[None], failure: Exception | None) -> None:
    if done.cancelled():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)
