"""A sketch never misses a name that an erasure would find, and hardly ever sees one that is not there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thruline.core.ids import Ids
from thruline.data.called import Called
from thruline.data.sketch import Sketcher
from thruline.testing.canary import names

SKETCHER = Sketcher(Ids(bytes(32)))


@given(st.lists(st.text(), max_size=3), st.lists(names(), min_size=1, max_size=3), st.sampled_from(" \n|<b>-,%20"))
def test_what_calls_somebody_is_never_spared(noise: list[str], people: list[str], between: str):
    text = between.join((*noise, *people, *noise))
    for name in (*people, *noise):
        if Called([name]).is_in(text):
            assert SKETCHER.sought([name]).may_be_in(SKETCHER.sketch([text]))


@given(st.text(min_size=1), st.text())
def test_one_text_of_several_is_enough(name: str, other: str):
    if Called([name]).is_in(f" {name} "):
        assert SKETCHER.sought(["Nobody Atall", name]).may_be_in(SKETCHER.sketch([other, f" {name} "]))


def test_hardly_any_text_is_read_for_nothing():
    sketches = [SKETCHER.sketch([" ".join(f"word{n}x{k}" for k in range(300))]) for n in range(400)]
    wrong = sum(SKETCHER.sought([f"absent{n}"]).may_be_in(s) for n, s in enumerate(sketches))
    assert wrong <= 16  # .8 % expected; 16 of 400 has a chance below one in a million
    assert not any(SKETCHER.sought(["Ottilie Kvasthoug"]).may_be_in(s) for s in sketches)


def test_another_home_reads_nothing_from_it_and_an_empty_text_holds_nobody():
    sketch = SKETCHER.sketch(["Ottilie Kvasthoug came."])
    assert not Sketcher(Ids(b"k" * 32)).sought(["Ottilie Kvasthoug"]).may_be_in(sketch)
    assert not SKETCHER.sought(["Ottilie"]).may_be_in(SKETCHER.sketch([]))
    assert not SKETCHER.sought([]).may_be_in(sketch)


def test_a_number_is_held_by_its_last_digits():
    sketch = SKETCHER.sketch(["Ring 020 7946 0958 at noon."])
    assert SKETCHER.sought(["+44 20 7946 0958"]).may_be_in(sketch)
    assert not SKETCHER.sought(["+44 20 7946 0959"]).may_be_in(sketch)
