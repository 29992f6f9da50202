"""Work that nobody waits for: one piece after the other, in a thread that is there while there is some.

What a piece leaves free goes back to the system.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from thruline.core.memory import give_back


class Later:
    """Threads give it work; close() lets the piece under way end and forgets the others."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = threading.Condition()  # guards the three below
        self._waiting: deque[Callable[[], object]] = deque()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def do(self, work: Callable[[], object]) -> None:
        """Soon. May be called by a finalizer, in whichever thread lets go last: it takes no lock but its own."""
        with self._changed:
            if self._is_closed:
                return
            self._waiting.append(work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def settle(self) -> None:
        """Wait until nothing is left to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._thread is None)

    def wait(self, seconds: float) -> bool:
        """For a piece of work that tries again: true, and at once, when it is to end."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_closed, timeout=seconds)

    def close(self) -> None:
        """After the piece under way."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._thread is None)

    def _run(self) -> None:
        try:
            while work := self._next():
                work()
                give_back()
        except BaseException:
            self._leave()
            raise

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            if self._waiting:
                return self._waiting.popleft()
            self._leave()  # in one step with the look: what is given from now on starts another thread
            return None

    def _leave(self) -> None:
        with self._changed:
            self._thread = None
            self._changed.notify_all()
