"""A local index in the place of one that is away."""

from __future__ import annotations

import numpy as np
import pytest

from thruline.backends.exact_dense import ExactDense
from thruline.core.errors import Invalid, Unavailable
from thruline.ports.dense import Found
from thruline.testing.dense_suite import clustered
from thruline.vectors.standby import ASK_AGAIN_S, Standby


class Server(ExactDense):
    """Away when told to be; forgets what it held then."""

    away = False

    def build(self, vectors: np.ndarray) -> None:
        self._ask()
        super().build(vectors)

    def add(self, vectors: np.ndarray) -> None:
        self._ask()
        super().add(vectors)

    def delete(self, rows: np.ndarray) -> None:
        self._ask()
        super().delete(rows)

    def search(self, query: np.ndarray, k: int, mask: np.ndarray | None = None) -> Found:
        self._ask()
        return super().search(query, k, mask)

    def _ask(self) -> None:
        if self.away:
            raise Unavailable("the server is away")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def index(server: Server, clock: Clock) -> Standby:
    index = Standby(server, ExactDense, clock)
    index.build(clustered(50))
    return index


def test_while_the_server_is_away_a_local_index_answers_and_says_so(index: Standby, server: Server) -> None:
    asked = clustered(50)[7]
    there = index.search(asked, 5)
    assert there.scan != "standby"
    server.away = True
    here = index.search(asked, 5)
    assert here.scan == "standby"
    assert here.rows.tolist() == there.rows.tolist()


def test_what_changed_meanwhile_is_on_the_server_before_it_is_asked_again(
    index: Standby, server: Server, clock: Clock
) -> None:
    rows, more = clustered(50), clustered(3, seed=9)
    server.away = True
    index.search(rows[0], 1)
    index.add(more)
    index.delete(np.array([7]))
    server.away = False
    assert index.search(more[1], 1).scan == "standby"  # asked every now and then
    clock.now += ASK_AGAIN_S
    found = index.search(more[1], 60)
    assert found.scan != "standby"
    assert found.rows[0] == 51
    assert set(found.rows.tolist()) == set(range(53)) - {7}
    assert index.stats().rows == 52


def test_a_server_that_stays_away_is_not_asked_with_every_question(
    index: Standby, server: Server, clock: Clock
) -> None:
    server.away = True
    for seconds in (0.0, ASK_AGAIN_S, 1.0):
        clock.now += seconds
        assert index.search(clustered(1)[0], 1).scan == "standby"


def test_rows_of_another_embedder_are_refused_on_both_sides(index: Standby, server: Server) -> None:
    for server.away in (False, True):
        with pytest.raises(Invalid):
            index.add(np.ones((1, 5), np.float32))
        assert len(index.search(clustered(1)[0], 100).rows) == 50
