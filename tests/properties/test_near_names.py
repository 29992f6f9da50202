"""Near names: one letter off is always near, wherever the letter is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thruline.data.kin import Told
from thruline.data.near_names import keys_near, nearness, one_off

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=4, max_size=12)


@given(WORDS, WORDS, st.data())
def test_whoever_is_one_letter_off_is_found_by_the_keys_and_is_near(given_name: str, surname: str, data) -> None:
    typed = data.draw(st.sampled_from(sorted(w for w in one_off(surname) if len(w) > 3)))
    assert nearness(f"{given_name} {typed}", f"{given_name} {surname}")
    assert Told(name=f"{given_name} {surname}").blocks() & keys_near(f"{given_name} {typed}")
    assert Told(name=f"{given_name} {surname}").blocks() & keys_near(f"{typed} {given_name}")


@given(WORDS, WORDS)
def test_a_name_is_the_same_in_any_order_and_case(given_name: str, surname: str) -> None:
    assert nearness(f"{surname.upper()} {given_name}", f"{given_name} {surname}")
    assert nearness(given_name, f"{given_name} {surname}") == ()
