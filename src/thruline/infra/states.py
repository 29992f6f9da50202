"""The life of a job as a table: queued -> running -> ended, and back to queued when it was lost."""

from __future__ import annotations

from typing import Literal

from thruline.core.errors import Conflict
from thruline.ports.compute import ENDED, JobState

Signal = JobState | Literal["taken", "cancel"]
ATTEMPTS = 3  # a machine that dies under a job is bad luck twice; the third time it is the job


def next_state(
    state: JobState, signal: Signal, *, attempts: int = 0, allowed: int = ATTEMPTS, cancelling: bool = False
) -> JobState:
    """Where a job goes from state when it is taken, asked to cancel, or when its process ended as signal says.

    attempts: how many were started. A lost job waits again while attempts are left and nobody asked it to end.
    Raises Conflict for what cannot happen to a job in this state: it was settled by somebody else.
    """
    match state, signal:
        case (("queued" | "running"), "taken"):
            return "running"
        case "queued", "cancel":
            return "cancelled"
        case "running", "cancel":
            return "running"
        case "running", "lost" if cancelling:
            return "cancelled"
        case "running", "lost" if attempts < allowed:
            return "queued"
        case "running", ended if ended in ENDED:
            return ended
    raise Conflict(f"a job that is {state!r} cannot become {signal!r}", hint="look at it again with `thruline jobs`")
