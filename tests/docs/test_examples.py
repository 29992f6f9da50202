"""What the pages tell a reader to type does what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import PAGES, Block, Reader, blocks

from thruline.app.config import load

RUN = ("console", "python")


def _runnable(page: Path) -> list[Block]:
    return [b for b in blocks(page) if b.language in RUN and not b.skipped]


@pytest.mark.parametrize("page", [p for p in PAGES if _runnable(p)], ids=lambda p: p.stem)
def test_a_reader_can_follow_the_page(page: Path, reader: Reader) -> None:
    for block in _runnable(page):
        reader.follow(block)


@pytest.mark.parametrize(
    "block", [pytest.param(b, id=p.stem) for p in PAGES for b in blocks(p) if b.language in RUN and b.skipped]
)
def test_an_example_that_is_not_run_says_why(block: Block) -> None:
    pytest.skip(block.skipped)


@pytest.mark.parametrize(
    "block", [pytest.param(b, id=p.stem) for p in PAGES for b in blocks(p) if b.language == "toml"]
)
def test_settings_on_a_page_are_settings(block: Block, tmp_path: Path) -> None:
    (tmp_path / "thruline.toml").write_text(block.body, "utf-8")
    assert load(tmp_path, {})
