"""What files are read with and texts embedded, and who else does it: once for each embedder that is at work."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from thruline.flows.apart import Tools
from thruline.ports.embedder import Embedder
from thruline.ports.workers import Workers

if TYPE_CHECKING:
    from thruline.flows.line import Line


class Toolbox:
    """Opens each at its first use; close() gives all of them back."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lock = threading.RLock()  # guards the two below; both are by the digest of the embedder
        self._tools: dict[str, Tools] = {}
        self._workers: dict[str, Workers | None] = {}

    def tools(self, embedder: Embedder) -> Tools:
        """What reads and embeds, with this embedder."""
        line, digest = self._line, embedder.info.digest
        with self._lock:
            if digest not in self._tools:
                self._tools[digest] = Tools(
                    parsers=line.parsers, names=line.names, embedder=embedder, how=line.embedders.how(embedder)
                )  # fmt: skip
            return self._tools[digest]

    def workers(self, embedder: Embedder) -> Workers | None:
        """Who does it with this embedder; None where this process does it itself."""
        digest = embedder.info.digest
        with self._lock:
            if digest not in self._workers:
                self._workers[digest] = self._line.engines.workers(self.tools(embedder))
            return self._workers[digest]

    def close(self) -> None:
        """After the last of them is done."""
        for workers in filter(None, self._workers.values()):
            workers.close()
        self._workers.clear()
