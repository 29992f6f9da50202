"""Places that do pure work for a sync: the same bytes in give the same bytes out, wherever it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a place opens before its first task, once.

    opens: `module:callable`, installed there, too; called with settings it gives the Worker. settings hold no secret.
    version: what that worker must call itself; a place with other code or weights does nothing.
    """

    opens: str
    settings: bytes
    version: str


class Worker(Protocol):
    """Does one task after another. What a task finds wrong with its input is part of the reply, not an exception."""

    version: str

    def __call__(self, task: bytes) -> bytes:
        """The reply; the same for the same task, and with no effect but that."""
        ...

    def close(self) -> None:
        """Give back what it opened."""
        ...


class Workers(Protocol):
    """Does tasks at one bench, each once or, where a place died over it, again elsewhere; threads may share it.

    at_once: tasks under way that keep all places busy.
    """

    at_once: int

    def do(self, task: bytes) -> bytes:
        """The reply of a worker; waits while too many bytes are under way.

        Raises Conflict when the place has another version than the bench, Unavailable when no place is left.
        """
        ...

    def close(self) -> None:
        """Let the places go."""
        ...
