"""The exact scan by torch keeps the promise of dense indexes, on a CPU; nobody has run it on a GPU yet."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install torch)")

from thruline.backends.exact_dense import ExactDense
from thruline.backends.torch_dense import TorchDense
from thruline.testing.dense_suite import DenseSuite, clustered


class TestTorchDense(DenseSuite):
    def open(self, name: str = "one") -> TorchDense:
        return TorchDense()


@pytest.mark.parametrize("count", [1, 30, 512])
def test_a_batch_finds_what_each_question_finds_alone_to_the_bit(count: int) -> None:
    vectors, questions = clustered(5000), clustered(count, seed=3)
    index, exact = TorchDense(), ExactDense()
    index.build(vectors)
    exact.build(vectors)
    mask = np.random.default_rng(2).random(5000) < 0.2
    for question, found in zip(questions, index.search_many(questions, 10, mask), strict=True):
        right = exact.search(question, 10, mask)
        assert found.rows.tolist() == right.rows.tolist()
        assert found.scores.tobytes() == right.scores.tobytes()


def test_no_questions_get_no_answers() -> None:
    index = TorchDense()
    index.build(clustered(10))
    assert index.search_many(np.empty((0, 96), np.float32), 5) == []
