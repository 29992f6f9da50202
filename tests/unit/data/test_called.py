"""People found by what they are called, as words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.data.called import Called, fold, orders, windows, words_of
from thruline.testing.canary import names

ADA = Called(["Ada Quine"])


@pytest.mark.parametrize(
    "text",
    ["Ada Quine", "ADA QUINE came", "ada\nquine", "ada_quine.md", "Quine, Ada", "ada.quine@example.org", "Ada\u00a0Quine's",
     "Ada\u2019s friend Ada\tQuine", "x\\nAda\\nQuine", "Ada   -  Quine", "Ada               Quine", "| Ada                 | Quine |", "Ada |\n|-----|-----|\n Quine"],
)  # fmt: skip
def test_a_name_is_found_whatever_stands_between_its_words(text: str) -> None:
    assert ADA.is_in(text)


@pytest.mark.parametrize(
    "text", ["", "Ada", "Ada and Quine", "Nada Quine", "Ada Quines", "Ada said: nothing. And Quine"]
)
def test_half_a_name_or_another_name_is_not_found(text: str) -> None:
    assert not ADA.is_in(text)


@given(names(), st.text(), st.text())
def test_a_name_between_spaces_is_always_found(name: str, before: str, after: str) -> None:
    assert Called([name]).is_in(f"{before} {name} {after}")
    said = json.dumps({"said": f"{before}\n{name}\n{after}"})
    assert list(Called([name]).among([("job:1", said.encode())])) == ["job:1"]


@given(names(), st.text(), st.text())
def test_windows_of_a_text_hold_every_name_in_it(name: str, before: str, after: str) -> None:
    words = words_of(f"{before} {name} {after}")
    assert any(order in windows(words, len(order)) for order in orders(name))


@given(st.text())
def test_folding_twice_is_folding_once_for_comparison(text: str) -> None:
    assert words_of(fold(text)) == words_of(text)


def test_nobody_is_found_in_anything() -> None:
    assert not Called([]).is_in("Ada Quine")
    assert not Called(["--"]).is_in("-- Ada --")
    assert orders("...") == []
