from __future__ import annotations

import pytest

from thruline.core.errors import Conflict
from thruline.infra.states import Signal, next_state
from thruline.ports.compute import ENDED, JobState


@pytest.mark.parametrize(
    ("state", "signal", "attempts", "cancelling", "follows"),
    [
        ("queued", "taken", 0, False, "running"),
        ("running", "taken", 1, False, "running"),
        ("queued", "cancel", 0, False, "cancelled"),
        ("running", "cancel", 1, False, "running"),
        ("running", "succeeded", 1, False, "succeeded"),
        ("running", "succeeded", 1, True, "succeeded"),
        ("running", "failed", 1, False, "failed"),
        ("running", "cancelled", 1, True, "cancelled"),
        ("running", "timed_out", 1, False, "timed_out"),
        ("running", "out_of_memory", 1, False, "out_of_memory"),
        ("running", "lost", 1, False, "queued"),
        ("running", "lost", 2, False, "queued"),
        ("running", "lost", 3, False, "lost"),
        ("running", "lost", 1, True, "cancelled"),
    ],
)
def test_a_job_goes_where_the_table_says(
    state: JobState, signal: Signal, attempts: int, cancelling: bool, follows: JobState
) -> None:
    assert next_state(state, signal, attempts=attempts, allowed=3, cancelling=cancelling) == follows


@pytest.mark.parametrize("state", sorted(ENDED))
@pytest.mark.parametrize("signal", ["taken", "cancel", "succeeded", "lost"])
def test_nothing_happens_to_a_job_that_has_ended(state: JobState, signal: Signal) -> None:
    with pytest.raises(Conflict, match=state):
        next_state(state, signal)


def test_a_job_that_waits_has_no_process_that_could_end() -> None:
    with pytest.raises(Conflict):
        next_state("queued", "succeeded")
