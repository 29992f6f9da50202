"""The dense indexes keep one promise."""

from __future__ import annotations

from thruline.backends.exact_dense import ExactDense
from thruline.backends.flat4_dense import Flat4Dense
from thruline.testing.dense_suite import DenseSuite


class TestExactDense(DenseSuite):
    def open(self) -> ExactDense:
        return ExactDense()


class TestFlat4Dense(DenseSuite):
    def open(self) -> Flat4Dense:
        return Flat4Dense()
