"""Work that nobody waits for."""

from pathlib import Path

import numpy as np
import pytest

from thruline.vectors.later import Later

MOST = 100_000  # bytes: less than the system gives by itself at once


def test_whatever_is_given_is_done_also_as_the_last_piece_ends() -> None:
    done, later = list[int](), Later("test")
    for number in range(2_000):
        later.do(lambda number=number: done.append(number))
        if number % 3 == 0:
            later.settle()

    later.settle()

    assert done == list(range(2_000))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells memory by /proc")
def test_what_it_leaves_free_goes_back_to_the_system() -> None:
    later = Later("test")
    held = [np.ones(MOST, np.uint8) for _ in range(500)]
    kept = held[::100]  # so that what is free lies between what is not
    full = _resident()

    later.do(held.clear)
    later.settle()

    assert full - _resident() > 30e6
    assert len(kept) == 5


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096.0
