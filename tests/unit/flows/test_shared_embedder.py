"""One embedder for many threads: in turns, and what is long lets the others in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np

from thruline.flows.shared_embedder import AT_ONCE, SharedEmbedder
from thruline.testing.embedders import HashEmbedder


class Slow(HashEmbedder):
    """Notes what it was given, and whether two threads were ever in it."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int] = []
        self.inside = 0
        self.most = 0

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """As the fake, in its time."""
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(0.02)
        self.given.append(len(texts))
        self.inside -= 1
        return super().passages(texts)

    def query(self, text: str) -> np.ndarray:
        """As the fake."""
        self.given.append(1)
        return super().query(text)


def test_a_question_is_next_while_many_texts_are_embedded() -> None:
    slow = Slow()
    shared = SharedEmbedder(slow)
    many = [f"text {n}" for n in range(10 * AT_ONCE)]
    thread = threading.Thread(target=shared.passages, args=(many,))
    thread.start()
    time.sleep(0.03)
    shared.query("a question")
    done = sum(slow.given)
    thread.join()
    assert done < len(many)


def test_threads_take_turns_and_get_what_they_would_get_alone() -> None:
    slow = Slow()
    shared = SharedEmbedder(slow)
    got: dict[int, np.ndarray] = {}

    def ask(number: int) -> None:
        got[number] = shared.passages([f"text {number} {n}" for n in range(AT_ONCE + 3)])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert slow.most == 1
    for number, vectors in got.items():
        alone = HashEmbedder().passages([f"text {number} {n}" for n in range(AT_ONCE + 3)])
        np.testing.assert_array_equal(vectors, alone)
    assert shared.passages([]).shape == (0, 64)
