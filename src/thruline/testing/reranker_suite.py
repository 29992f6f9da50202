"""What every reranker must do; subclass it and say how to open one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from thruline.core.errors import Unavailable
from thruline.ports.reranker import Reranker

QUESTION = "Before the first use, must the pump be primed?"
RIGHT = "The pump must be primed before the first use, or it runs dry."
TEXTS = (
    "The bakery in the high street opens at six.",
    RIGHT,
    "",
    "   ",
    "🙂" * 40,
    "Ünïcode, 漢字 and العربية",
    "word " * 5000,
    "a\x00b",
)
LONG_S = 60.0


class RerankerSuite:
    """Subclass and give `open`."""

    def open(self) -> Reranker:
        """A reranker, ready."""
        raise NotImplementedError

    @pytest.fixture
    def reranker(self) -> Iterator[Reranker]:
        """An open one; closed after the test."""
        reranker = self.open()
        yield reranker
        reranker.close()

    def test_every_text_gets_a_finite_score(self, reranker: Reranker) -> None:
        scores = reranker.scores(QUESTION, TEXTS, LONG_S)
        assert scores.shape == (len(TEXTS),)
        assert np.isfinite(scores).all()

    def test_the_text_that_answers_scores_best(self, reranker: Reranker) -> None:
        assert TEXTS[int(np.argmax(reranker.scores(QUESTION, TEXTS, LONG_S)))] == RIGHT

    def test_a_score_does_not_depend_on_the_other_texts_or_their_order(self, reranker: Reranker) -> None:
        together = reranker.scores(QUESTION, TEXTS, LONG_S)
        turned = reranker.scores(QUESTION, TEXTS[::-1], LONG_S)
        np.testing.assert_allclose(turned[::-1], together, atol=1e-6)
        alone = [reranker.scores(QUESTION, [text], LONG_S)[0] for text in TEXTS]
        np.testing.assert_allclose(alone, together, atol=1e-6)

    def test_no_texts_give_no_scores(self, reranker: Reranker) -> None:
        assert reranker.scores(QUESTION, [], LONG_S).shape == (0,)

    def test_a_very_long_question_is_read_as_far_as_it_goes(self, reranker: Reranker) -> None:
        assert np.isfinite(reranker.scores("why? " * 4000, TEXTS[:2], LONG_S)).all()

    def test_what_comes_too_late_is_unavailable(self, reranker: Reranker) -> None:
        with pytest.raises(Unavailable):
            reranker.scores(QUESTION, TEXTS, -1.0)

    def test_threads_may_share_it(self, reranker: Reranker) -> None:
        expected = reranker.scores(QUESTION, TEXTS[:3], LONG_S)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: reranker.scores(QUESTION, TEXTS[:3], LONG_S), range(8)))
        for scores in found:
            np.testing.assert_allclose(scores, expected, atol=1e-6)

    def test_it_says_which_model_it_is(self, reranker: Reranker) -> None:
        assert reranker.info.name
        assert len(bytes.fromhex(reranker.info.digest)) >= 16
