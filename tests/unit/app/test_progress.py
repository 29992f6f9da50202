"""Progress: one line redrawn on a terminal, a line now and then in a log, with a pace and what is left."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from thruline.app.render.progress import Progress, told
from thruline.app.render.words import lasting


def written(told: Sequence[tuple[float, str, int, int]], *, redraw: bool) -> str:
    """What is written when so much is told at those seconds."""
    stream, now = io.StringIO(), [0.0]
    progress = Progress(stream, redraw=redraw, clock=lambda: now[0])
    for at, stage, done, total in told:
        now[0] = at
        progress(stage, done, total)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (("listing", 0, 0, 0.0), "listing …"),
        (("reading", 0, 5_000, 0.0), "reading 0 of 5,000 (0%)"),
        (("reading", 1_200, 5_000, 85.0), "reading 1,200 of 5,000 (24%), 85/s, 45 s left"),
        (("reading", 3, 100, 0.5), "reading 3 of 100 (3%), 0.5/s, 3 min left"),
        (("reading", 100, 100, 20.0), "reading 100 of 100 (100%), 20/s"),
    ],
)
def test_a_line_says_how_far_how_fast_and_how_long_still(given: tuple[str, int, int, float], line: str) -> None:
    assert told(*given) == line


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "under 5 s"), (44, "45 s"), (600, "10 min"), (12_000, "3 h 20 min"), (5_400, "1 h 30 min")],
)
def test_what_is_left_is_said_as_exactly_as_it_can_be(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


def test_a_terminal_redraws_one_line_and_ends_it() -> None:
    shown = written([(0, "reading", 0, 4), (2, "reading", 2, 4), (4, "reading", 4, 4)], redraw=True)
    assert shown.count("\n") == 1
    assert shown.count("\r") == 3
    assert "2 of 4 (50%), 1.0/s, under 5 s left" in shown


def test_a_log_gets_a_line_now_and_then() -> None:
    lines = written([(s, "reading", s, 100) for s in range(61)], redraw=False).splitlines()
    assert len(lines) == 6
    assert lines[-1] == "reading 60 of 100 (60%), 1.0/s, 40 s left"


def test_what_is_short_says_nothing_in_a_log() -> None:
    assert written([(0, "reading", 0, 4), (3, "reading", 4, 4)], redraw=False) == ""


def test_the_pace_is_that_of_the_last_minute() -> None:
    slow = [(s, "reading", s, 10_000) for s in range(100)]
    fast = [(100 + s, "reading", 100 + 10 * s, 10_000) for s in range(1, 80)]
    assert "10/s" in written([*slow, *fast], redraw=False).splitlines()[-1]
