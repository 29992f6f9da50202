"""What every embedder must do; subclass it and say how to open one."""

# ruff: noqa: RUF001, RUF100 - texts of many scripts are the point

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from thruline.ports.embedder import Embedder

TEXTS = (
    "The pump must be primed before the first use.",
    "A valve that leaks needs a new seal.",
    "",
    "   ",
    "🙂" * 40,
    "Ünïcode, 漢字 and العربية",
    "word " * 5000,
    "a\x00b",
)


class EmbedderSuite:
    """Subclass and give `open`."""

    def open(self) -> Embedder:
        """An embedder, ready."""
        raise NotImplementedError

    @pytest.fixture
    def embedder(self) -> Iterator[Embedder]:
        """An open embedder; closed after the test."""
        embedder = self.open()
        yield embedder
        embedder.close()

    def test_every_text_becomes_a_unit_vector(self, embedder: Embedder) -> None:
        vectors = embedder.passages(TEXTS)
        assert vectors.shape == (len(TEXTS), embedder.info.dims)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)

    def test_a_question_is_one_unit_vector(self, embedder: Embedder) -> None:
        vector = embedder.query(TEXTS[0])
        assert vector.shape == (embedder.info.dims,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)

    def test_no_texts_give_no_rows(self, embedder: Embedder) -> None:
        assert embedder.passages([]).shape == (0, embedder.info.dims)

    def test_a_text_s_vector_does_not_depend_on_its_neighbours(self, embedder: Embedder) -> None:
        together = embedder.passages(TEXTS)
        for text, row in zip(TEXTS, together, strict=True):
            assert embedder.passages([text])[0].tobytes() == row.tobytes()

    def test_a_question_is_nearest_to_the_passage_about_it(self, embedder: Embedder) -> None:
        passages = embedder.passages(TEXTS[:2])
        assert int(np.argmax(passages @ embedder.query("Which seal does a leaking valve need?"))) == 1

    def test_what_is_past_the_limit_changes_nothing(self, embedder: Embedder) -> None:
        start = "pump " * (embedder.info.max_tokens + 10)
        one, two = embedder.passages([start + "valve", start + "seal " * 50])
        assert one.tobytes() == two.tobytes()

    def test_two_instances_agree_and_say_so(self, embedder: Embedder) -> None:
        other = self.open()
        assert other.info == embedder.info
        assert other.passages(TEXTS[:2]).tobytes() == embedder.passages(TEXTS[:2]).tobytes()
        other.close()

    def test_the_digest_is_a_digest(self, embedder: Embedder) -> None:
        assert len(bytes.fromhex(embedder.info.digest)) == 32
