"""What the pages start from: weights in the cache, and a home with three folders for the how-to pages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.core.errors import Unavailable
from thruline.vectors.weights import SPECS, find_weights

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode leaves the folder out

from examples import ROOT, Reader

DESK = Path(__file__).parent / "desk"
CACHE = Path.home() / ".cache" / "thruline"
SETTING_UP = (
    "thruline init", "thruline add desk/handbook", "thruline add desk/tickets --groups support",
    "thruline add desk/wiki", "thruline sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def cache() -> Path:
    """A cache that holds the embedder's weights."""
    try:
        find_weights(SPECS["bge-small-en-v1.5"], cache=CACHE)
    except Unavailable as error:
        pytest.skip(f"the embedder's weights are not here: {error}")
    return CACHE


@pytest.fixture(scope="session")
def prepared(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's folder with `desk/` and a home that has read it."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(DESK, folder / "desk")
    reader = Reader.at(folder, cache)
    for command in SETTING_UP:
        subprocess.run(command.split(), cwd=folder, env=reader.environment, check=True, capture_output=True)
    return folder


@pytest.fixture
def reader(request: pytest.FixtureRequest, cache: Path, tmp_path: Path) -> Iterator[Reader]:
    """Somebody at the beginning of the page that the test was given."""
    page: Path = request.getfixturevalue("page")
    shutil.copytree(DESK, tmp_path / "desk")
    if page.parent.name == "how-to":
        shutil.copytree(request.getfixturevalue("prepared") / ".thruline", tmp_path / ".thruline")
    reader = Reader.at(tmp_path, cache)
    yield reader
    reader.leave()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT
