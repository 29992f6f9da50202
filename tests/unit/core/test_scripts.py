"""Words of any script with spaces between."""

# ruff: noqa: RUF001 - other scripts have letters that look like ours

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.core.scripts import spaced


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the pump hums", "the pump hums"),
        ("北京大学", "北京 京大 大学"),
        ("用Python写", "用 Python 写"),
        ("水", "水"),
        ("東京タワーです。", "東京 京タ タワ ワー ーで です 。"),
        ("학교에서 배운다", "학교 교에 에서 배운 운다"),
        ("ＡＢＣ１２３ ﬁrm", "ABC123 firm"),
        ("Mu\u0308ller", "Müller"),
        ("Donau\u00addampf", "Donaudampf"),
        ("שָׁלוֹם", "שלום"),
        ("क़", "क"),
    ],
)
def test_words_stand_between_spaces_however_they_were_written(text: str, words: str) -> None:
    assert spaced(text).split() == words.split()


@given(st.text())
def test_letters_are_kept_and_what_was_spaced_once_stays(text: str) -> None:
    once = spaced(text)
    assert set(filter(str.isalpha, once)) <= set(filter(str.isalpha, unicodedata.normalize("NFKC", text)))
    assert spaced(once).split() == once.split()


@given(st.text(alphabet="水火木金土のがแม่", max_size=12), st.integers(0, 12), st.integers(2, 5))
def test_what_stands_in_a_text_is_found_by_all_its_pairs(text: str, at: int, size: int) -> None:
    part = spaced(text[at : at + size]).split()
    assert len(spaced(text[at : at + size]).replace(" ", "")) < 2 or set(part) <= set(spaced(text).split())
