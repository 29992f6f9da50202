import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thruline.core.errors import Invalid
from thruline.data.drift_watch import Watch, alarms, places, watch

PLACES = st.lists(st.floats(0, 1), max_size=60).map(np.array)


def stream(seed: int, count: int, mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1, count)


def share_of_false_alarms(draw, streams: int, length: int, alpha: float) -> float:
    rng = np.random.default_rng(20)
    return float(np.mean([watch(Watch(), draw(rng, length)).is_alarm(alpha) for _ in range(streams)]))


def test_a_calm_source_seldom_alarms_however_long_one_watches():
    reference = stream(1, 300)
    watched = [watch(Watch(), places(reference, stream(seed, 5000))) for seed in range(2, 62)]
    assert sum(w.is_alarm(0.05) for w in watched) == 0


def test_at_the_very_edge_of_the_tolerance_false_alarms_stay_below_alpha():
    # The worst case of the promise: the mean place is exactly .6, all or nothing, for 3,000 documents.
    assert share_of_false_alarms(lambda rng, n: (rng.random(n) < 0.6).astype(float), 200, 3000, alpha=0.1) <= 0.1


def test_the_promise_holds_for_places_that_depend_on_the_past():
    def sticky(rng, n):  # a high place follows a high one with chance .6: each mean is within the tolerance
        drawn, last = [], False
        for chance in rng.random(n).tolist():
            last = chance < (0.6 if last else 0.4)
            drawn.append(float(last))
        return np.array(drawn)

    assert share_of_false_alarms(sticky, 100, 3000, alpha=0.1) <= 0.1


@pytest.mark.parametrize("mean", [-1.0, 1.0])
def test_a_source_that_moved_by_its_own_spread_alarms_within_250_documents(mean):
    reference = stream(1, 300)
    for seed in range(2, 22):
        calm = watch(Watch(), places(reference, stream(seed, 2000)))
        assert watch(calm, places(reference, stream(seed + 100, 250, mean))).is_alarm()


def test_an_alarm_stays_when_the_source_comes_back():
    reference = stream(1, 300)
    moved = watch(Watch(), places(reference, stream(2, 200, 2.0)))
    back = watch(moved, places(reference, stream(3, 2000)))
    assert back.is_alarm()
    assert back.seen == 2200


@given(PLACES, PLACES)
def test_a_stream_may_be_taken_up_where_it_was_left(a, b):
    assert watch(watch(Watch(), a), b) == watch(Watch(), np.concatenate((a, b)))


@given(PLACES)
def test_up_and_down_are_mirror_images(seen):
    plain, mirrored = watch(Watch(), seen), watch(Watch(), 1 - seen)
    assert plain.up == pytest.approx(mirrored.down, abs=1e-9)
    assert plain.evidence == pytest.approx(mirrored.evidence)


def test_places_count_ties_half():
    reference = np.repeat([0.0, 1.0], 50)
    assert places(reference, np.array([-1.0, 0.0, 0.5, 1.0, 2.0])).tolist() == [0, 0.25, 0.5, 0.75, 1]


def test_of_many_streams_only_those_that_moved_are_named():
    reference = stream(1, 300)
    watches = {n: watch(Watch(), places(reference, stream(n, 300, 1.5 if n % 10 == 0 else 0.0))) for n in range(2, 52)}
    assert sorted(alarms(watches)) == [10, 20, 30, 40, 50]
    assert alarms({}) == alarms({"calm": Watch()}) == ()


def test_a_small_reference_a_score_that_is_no_number_and_an_idle_tolerance_are_refused():
    with pytest.raises(Invalid, match="99"):
        places(stream(1, 99), stream(2, 1))
    with pytest.raises(Invalid, match="no number"):
        places(stream(1, 100), np.array([np.nan]))
    with pytest.raises(Invalid, match=r"0\.5"):
        watch(Watch(), stream(1, 1), tolerance=0.5)
