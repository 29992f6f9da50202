"""One event loop for the language model, in a thread of its own, for all threads that ask."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, TypeVar

from thruline.core.lazy import lazy
from thruline.ports.llm import Llm

if TYPE_CHECKING:
    import asyncio
else:
    asyncio = lazy("asyncio")  # 60 ms CPU, which a home without a language model does without

T = TypeVar("T")


class Talk:
    """A model's client serves one loop; threads of any number wait here for what it says."""

    def __init__(self, llm: Llm) -> None:
        self.llm = llm
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="language model")
        self._thread.start()

    def run(self, work: Callable[[Llm], Coroutine[None, None, T]]) -> T:
        """What work gives; stopped when the waiting thread is."""
        future = asyncio.run_coroutine_threadsafe(work(self.llm), self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Close the model's connections and end the loop."""
        self.run(lambda llm: llm.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
