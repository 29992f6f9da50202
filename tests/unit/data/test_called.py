"""People found by what they are called, as words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.backends.sqlite import SqliteDatabase
from thruline.core.ids import Ids
from thruline.data.called import Called, fold, orders, terms, words_of
from thruline.data.subjects import Subjects
from thruline.testing.canary import names

ADA = Called(["Ada Quine"])
WRITTEN = {
    "Ottilie Kvasthøug": (
        "Ottilie Kvasthoug", "OTTILIE KVASTHØUG", "Kvasthøug, Ottilie", "Otti-\nlie Kvasthøug", "Otti**lie** Kvasthøug",
        "<b>Otti</b>lie<br>Kvasthøug", "Ottilie<br>Kvasthøug", "Ottilie%20Kvasth%C3%B8ug", "Ottilie+Kvasthøug",
        "Otti\u00adlie Kvast\u200bhøug", "Ottilie K. Kvasthøug", "Ottilie | Kvasthøug", "Ottilie&nbsp;Kvasth&oslash;ug",
        r"x\nOttilie Kvasth\u00f8ug\n", "\uff2fttilie Kvasthøug", "ottilie_kvasthøug.docx", "__Ottilie__ Kvasthøug's",
    ),
    "Zoë Müller": ("Zoe\u0308 Mu\u0308ller", "Zoe Muller", "ZOË MÜLLER", "Zo&euml; M&uuml;ller"),
    "+44 20 7946 0958": (
        "+442079460958", "020 7946 0958", "+44 (0)20 7946 0958", "0044-20-7946-0958", "tel:+44.20.7946.0958",
        "call 02079460958 now", "(020) 7946 0958",
    ),
    "DE89 3704 0044 0532 0130 00": ("DE89370400440532013000", "de89 3704 0044 0532 0130 00"),
    "ottilie.k@example.org": ("OTTILIE.K@EXAMPLE.ORG", "mailto:ottilie.k%40example.org"),
}  # fmt: skip
FORMS = [(called, form) for called, forms in WRITTEN.items() for form in (called, *forms)]
OTHERS = [
    ("+44 20 7946 0958", "020 7946 0959"), ("+44 20 7946 0958", "0958"), ("+44 20 7946 0958", "2024-11-22 07:46"),
    ("user20240101", "2024-01-01"), ("Ottilie Kvasthøug", "Ottilie Kvastig"), ("Ottilie Kvasthøug", "Ottilie"),
    ("Zoë Müller", "Zoe. Then Muller"), ("5550123", "15550123"),
]  # fmt: skip


@pytest.fixture
def subjects() -> Subjects:
    return Subjects(SqliteDatabase(":memory:"), Ids(bytes(32)))


@pytest.mark.parametrize(("called", "form"), FORMS)
def test_every_way_to_write_one_is_found_and_kept_out_later(called: str, form: str, subjects: Subjects) -> None:
    assert Called([called]).is_in(f"It was {form}, they said.")
    subjects.forget([], [], [called], at=1)
    assert subjects.calls_erased("nobody", f"It was {form}, they said.")


@pytest.mark.parametrize(("called", "form"), OTHERS)
def test_what_only_looks_alike_is_somebody_else(called: str, form: str, subjects: Subjects) -> None:
    assert not Called([called]).is_in(f"It was {form}, they said.")
    subjects.forget([], [], [called], at=1)
    assert not subjects.calls_erased(f"It was {form}, they said.")


@given(st.text(), names(), st.sampled_from(FORMS), st.booleans())
def test_an_erasure_finds_what_is_kept_out_and_the_other_way_round(
    noise: str, name: str, pair: tuple[str, str], is_there: bool
) -> None:
    text = f"{noise} {pair[1] if is_there else name} {noise}"
    subjects = Subjects(SqliteDatabase(":memory:"), Ids(bytes(32)))
    subjects.forget([], [], [pair[0]], at=1)
    assert Called([pair[0]]).is_in(text) == subjects.calls_erased(text)


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
    assert list(Called([name]).among([("job:1", said)])) == ["job:1"]


@given(names(), st.text(), st.text())
def test_terms_of_a_text_hold_every_name_in_it(name: str, before: str, after: str) -> None:
    folded = fold(f"{before} {name} {after}")
    assert any(order in terms(folded, {len(order)}) for order in orders(name))


@given(st.text())
def test_folding_twice_is_folding_once_for_comparison(text: str) -> None:
    assert words_of(fold(text)) == words_of(text)


def test_nobody_is_found_in_anything() -> None:
    assert not Called([]).is_in("Ada Quine")
    assert not Called(["--"]).is_in("-- Ada --")
    assert orders("...") == []
