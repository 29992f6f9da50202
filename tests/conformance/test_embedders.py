"""The embedders keep one promise; the local model is tested where its weights are, or can be fetched."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from thruline.backends.onnx_embedder import OnnxEmbedder
from thruline.backends.onnx_embedder.session import is_int8
from thruline.backends.openai_embedder import OpenAIEmbedder
from thruline.core.errors import Corrupt, Denied, Invalid, NotFound, ThrulineError, Unavailable
from thruline.testing.embedder_suite import TEXTS, EmbedderSuite
from thruline.testing.embedders import HashEmbedder
from thruline.testing.embeddings_server import EmbeddingsServer
from thruline.vectors.weights import BGE_SMALL, MINILM, find_weights

CACHE = Path.home() / ".cache" / "thruline"


class TestHashEmbedder(EmbedderSuite):
    def open(self) -> HashEmbedder:
        return HashEmbedder()


def remote(server: EmbeddingsServer, waits: list[float] | None = None, dims: int = 64) -> OpenAIEmbedder:
    noted = [] if waits is None else waits
    return OpenAIEmbedder(server.url, model="hash", dims=dims, api_key="secret", sleep=noted.append)


class TestOpenAIEmbedder(EmbedderSuite):
    @pytest.fixture(autouse=True)
    def _server(self) -> Iterator[None]:
        with EmbeddingsServer() as self.server:
            yield

    def open(self) -> OpenAIEmbedder:
        return remote(self.server)


def test_many_texts_are_sent_in_batches_with_the_key() -> None:
    with EmbeddingsServer() as server:
        embedder = remote(server)
        vectors = embedder.passages([f"text {i}" for i in range(150)])
        np.testing.assert_allclose(vectors[149], server.embedder.query("text 149"), atol=1e-6)
        assert [len(r["input"]) for r in server.requests] == [64, 64, 22]
        assert set(server.keys) == {"Bearer secret"}
        embedder.close()


@pytest.mark.parametrize("trouble", [429, 500, 503, "drop"])
def test_a_passing_trouble_is_waited_out_ever_longer(trouble: int | str) -> None:
    waits: list[float] = []
    with EmbeddingsServer(trouble, trouble, trouble) as server:
        embedder = remote(server, waits)
        assert embedder.query("pump").shape == (64,)
        embedder.close()
    assert len(waits) == 3
    assert all(0.25 * 2**i <= wait <= 0.5 * 2**i for i, wait in enumerate(waits))


def test_a_server_that_stays_down_is_unavailable_after_five_attempts() -> None:
    with EmbeddingsServer(*[503] * 9) as server:
        embedder = remote(server)
        with pytest.raises(Unavailable, match="HTTP 503"):
            embedder.query("pump")
        assert len(server.requests) == 5
        embedder.close()


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (401, Denied),
        (404, Invalid),
        ("<html>", Corrupt),
        ("[]", Corrupt),
        ('{"data": [{"index": 0, "embedding": [1, 2]}]}', Corrupt),
        ('{"data": []}', Corrupt),
        ('{"data": [{"index": 0, "embedding": [' + ",".join(["NaN"] * 64) + "]}]}", Corrupt),
        ('{"data": [{"index": 0, "embedding": [' + ",".join(["0"] * 64) + "]}]}", Corrupt),
    ],
)
def test_an_answer_that_cannot_be_used_is_not_tried_again(trouble: int | str, error: type[ThrulineError]) -> None:
    with EmbeddingsServer(trouble) as server:
        embedder = remote(server)
        with pytest.raises(error):
            embedder.query("pump")
        assert len(server.requests) == 1
        embedder.close()


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match="localhost"):
        OpenAIEmbedder("localhost:8000", model="m", dims=3)


@pytest.fixture(scope="module")
def bge() -> Path:
    try:
        return find_weights(BGE_SMALL, cache=CACHE)
    except Unavailable as error:
        pytest.skip(f"no weights: {error.message}")


def _open(folder: Path, threads: int = 0) -> OnnxEmbedder:
    return OnnxEmbedder(folder, threads=threads, **BGE_SMALL.settings)


class TestOnnxEmbedder(EmbedderSuite):
    @pytest.fixture(autouse=True)
    def _folder(self, bge: Path) -> None:
        self.folder = bge

    def open(self) -> OnnxEmbedder:
        return _open(self.folder)


def test_the_number_of_threads_changes_no_bit(bge: Path) -> None:
    one, many = _open(bge, 1), _open(bge, 3)
    texts = [f"passage number {i} about pumps and valves" for i in range(9)]
    assert one.passages(texts).tobytes() == many.passages(texts).tobytes()
    one.close()
    many.close()


@pytest.fixture(scope="module")
def minilm() -> Path:
    try:
        return find_weights(MINILM, cache=CACHE)
    except Unavailable as error:
        pytest.skip(f"no weights: {error.message}")


SOME = [*TEXTS[:6], TEXTS[7], *(f"passage {i} " + "about pumps and valves " * (i * 7 % 40) for i in range(60))]


def test_in_batches_of_like_length_a_float_model_says_what_it_says_of_each_text_alone(minilm: Path) -> None:
    alone, together = (OnnxEmbedder(minilm, batch=batch, **MINILM.settings) for batch in (0, 1024))
    np.testing.assert_allclose(together.passages(SOME), alone.passages(SOME), atol=1e-5)
    np.testing.assert_array_equal(together.query("pump"), alone.query("pump"))
    assert together.passages([]).shape == (0, 384)
    assert together.info == alone.info
    alone.close()
    together.close()


def test_8_bit_weights_are_told_from_others(bge: Path, minilm: Path, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").touch()
    assert [is_int8(path / "model.onnx") for path in (bge, minilm, tmp_path)] == [True, False, False]


@pytest.mark.gpu
@pytest.mark.skipif(
    "CUDAExecutionProvider" not in onnxruntime.get_available_providers(), reason="this ONNX Runtime has no CUDA"
)
def test_a_gpu_says_what_a_cpu_says(bge: Path, minilm: Path) -> None:
    on_gpu, on_cpu = OnnxEmbedder(minilm, **MINILM.settings), _open(bge)
    assert (on_gpu.info.device, on_cpu.info.device) == ("cuda", "cpu")
    alone = np.array([on_gpu.passages([text])[0] for text in SOME])
    assert (np.einsum("nd,nd->n", on_gpu.passages(SOME), alone) > 0.999).all()
    on_gpu.close()
    on_cpu.close()


def test_the_model_s_query_instruction_is_used(bge: Path) -> None:
    embedder = _open(bge)
    cosine = float(embedder.query("pump") @ embedder.passages(["pump"])[0])
    assert 0.5 < cosine < 0.999
    assert math.isfinite(cosine)
    embedder.close()


def test_the_digest_tells_settings_and_weights_apart(bge: Path) -> None:
    one = _open(bge)
    other = OnnxEmbedder(bge, **{**BGE_SMALL.settings, "pooling": "mean"})
    assert one.info.digest != other.info.digest
    one.close()
    other.close()


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"model\.onnx"):
        _open(tmp_path)


def test_files_that_are_no_model_are_corrupt(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(Corrupt, match="tokenizer"):
        _open(tmp_path)


def test_opening_a_model_touches_no_network(bge: Path) -> None:
    code = f"""
import socket, sys
from pathlib import Path
def refuse(*args): raise AssertionError("network touched")
socket.socket.connect = socket.getaddrinfo = refuse
from thruline.backends.onnx_embedder import OnnxEmbedder
e = OnnxEmbedder(Path({str(bge)!r}), **{BGE_SMALL.settings!r})
e.query("pump")
e.close()
print("huggingface_hub" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("False", 0), done.stderr
