"""What many tests need: a home that is fast, and a folder of documents in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.testing.homes import open_home


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Platform]:
    """An empty home with a fake embedder, for its operator."""
    with open_home(tmp_path / "home") as platform:
        yield platform


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """An empty folder to be a source."""
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder
