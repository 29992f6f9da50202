from hypothesis import given
from hypothesis import strategies as st

from thruline.vectors.sureness import PROBES, SURE_FROM, Curve, Footing, chance, way

COSINES = st.floats(-1, 1, allow_nan=False)


@given(COSINES, COSINES, COSINES)
def test_what_is_nearer_is_never_less_sure(one: float, other: float, by_chance: float) -> None:
    low, high = sorted((one, other))
    assert Footing(low, by_chance).sure(low, 0) <= Footing(high, by_chance).sure(high, 0)
    assert 0 <= Footing(low, by_chance).sure(low, 0) <= 1
    assert -1 <= way(low, by_chance) <= way(high, by_chance) <= 1


@given(COSINES, COSINES)
def test_what_is_no_nearer_than_chance_is_no_answer(cosine: float, by_chance: float) -> None:
    if cosine <= by_chance:
        assert Footing(cosine, by_chance).sure(cosine, 0) < SURE_FROM


def test_a_collection_about_a_few_of_the_probes_is_measured_by_the_others() -> None:
    apart = [0.4] * len(PROBES)
    assert chance([*apart[:-10], *[0.9] * 10]) == chance(apart) == 0.4


def test_chunk_and_sentence_count_alike() -> None:
    assert Footing(0.8, 0.5).sure(0.6, 0) == Footing(0.6, 0.5).sure(0.8, 1)


def test_where_nothing_may_be_searched_chance_is_zero() -> None:
    assert chance([]) == 0.0


def test_a_curve_is_read_as_it_was_written() -> None:
    own = Curve(bias=-3, nearest=1.5, closest=2, words=0.25, answer_from=0.4)
    assert Curve.read(own.written()) == own
    assert Curve.read("") == Curve.read(Curve.read("").written())
    assert Footing(0.8, 0.5, own).sure(0.6, 1) > Footing(0.8, 0.5, own).sure(0.6, 0)
