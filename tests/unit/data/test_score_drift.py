"""What moved is seen soon, what did not is not seen at all, and counts put together are the counts of all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.data.score_blocks import Block, counted, mean, quantile, together, value_of, without
from thruline.data.score_drift import Move, look
from thruline.data.score_words import told, valued

VALUES = st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=60)


def column(values: list[float] | np.ndarray) -> dict[str, np.ndarray]:
    return {"words": np.asarray(values, np.float64)}


def blocks(dice: np.random.Generator, count: int, size: int, shift: float = 0.0, first: int = 1) -> list[Block]:
    """Blocks of ten scores in which the first two lie `shift` standard deviations higher."""
    made = []
    for number in range(first, first + count):
        columns = {f"s{n}": dice.lognormal(4 + 0.7 * shift * (n < 2), 0.7, size) for n in range(10)}
        counts = counted(columns, ["en"] * size)
        made.append(Block(number=number, run=f"run:{number}", since=number, documents=size, counts=counts))
    return made


@given(VALUES)
def test_a_value_is_found_again_within_a_tenth(values: list[float]):
    (bins,) = (counted(column(values), [])["words"],)
    assert sum(bins.values()) == len(values)
    low, high = quantile(bins, 0.001), quantile(bins, 1)
    assert low <= min(values) * 1.06 + 1e-4
    assert high == pytest.approx(max(values), rel=0.06, abs=1e-4)
    assert mean(bins) == pytest.approx(np.mean(values), rel=0.06, abs=1e-4)


@given(VALUES, VALUES)
def test_counts_put_together_are_the_counts_of_all(one: list[float], other: list[float]):
    a, b = counted(column(one), ["en"]), counted(column(other), ["de"])
    whole = together((a, b))
    assert whole == counted(column(one + other), ["en", "de"])
    assert without(whole, b) == a


def test_what_was_not_measured_is_not_counted():
    assert sum(counted({"toxicity": np.array([np.nan, 0.5])}, [])["toxicity"].values()) == 1
    assert value_of(0) == 0


def test_sources_that_never_change_raise_no_alarm():
    dice = np.random.default_rng(1)
    for _ in range(10):
        life: list[Block] = []
        for block in blocks(dice, 30, 25):
            life.append(block)
            assert look(life, {}).moved == ()


@pytest.mark.parametrize(("shift", "within"), [(2.0, 40), (1.0, 200), (0.6, 1000)])
def test_a_change_is_seen_within_so_many_documents_and_names_its_beginning(shift: float, within: int):
    dice = np.random.default_rng(2)
    life = blocks(dice, 20, 20)
    for block in blocks(dice, 60, 20, shift, first=21):
        life.append(block)
        if moved := look(life, {}).moved:
            break
    assert (len(life) - 20) * 20 <= within
    assert {m.score for m in moved} <= {"s0", "s1"}
    assert all(m.now > m.before and m.block <= life[-1].number for m in moved)


def test_a_large_number_of_documents_alarms_on_nothing_small():
    dice = np.random.default_rng(3)
    assert look([*blocks(dice, 1, 20_000), *blocks(dice, 1, 20_000, 0.2, first=2)], {}).moved == ()


def test_a_move_lasts_until_as_many_documents_are_as_before():
    dice = np.random.default_rng(4)
    life = blocks(dice, 5, 30) + blocks(dice, 2, 30, 2.0, first=6)
    held = {m.score: m for m in look(life, {}).moved}
    assert set(held) == {"s0", "s1"}
    assert look(life, held) == ((), ())
    assert look([*life, *blocks(dice, 1, 10, first=8)], held).back == ()
    assert set(look([*life, *blocks(dice, 1, 60, first=8)], held).back) == {"s0", "s1"}


def test_too_little_to_compare_is_compared_with_nothing():
    dice = np.random.default_rng(5)
    assert look([], {}).moved == look(blocks(dice, 1, 500), {}).moved == ()
    assert look([*blocks(dice, 1, 19), *blocks(dice, 1, 30, 5.0, first=2)], {}).moved == ()


def test_a_move_is_told_in_words():
    move = Move(score="words", block=2, window=20, distance=0.6, before=312.4, now=95.1)
    assert told(move) == "documents have become shorter: 95 words, 312 before"
    tongue = Move(score="language", block=2, window=20, distance=0.6, before=0.04, now=0.6, language="de")
    assert told(tongue) == "more documents are in German: 60 %, 4.0 % before"
    assert [valued("secrets", 0.0), valued("digit_ratio", 0.0), valued("surprise", 3.91)] == [
        "0 a document", "0 %", "3.9 bits a letter",
    ]  # fmt: skip
