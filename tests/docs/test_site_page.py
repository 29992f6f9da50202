"""The page about web sites does what it says, with a site."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import ROOT, Block, Reader, blocks

from thruline.testing.web_site import WebSite

SITE = "https://docs.example.org"


@pytest.fixture
def page() -> Path:
    return ROOT / "docs" / "how-to" / "sync-a-web-site.md"


def test_a_reader_with_a_site_can_follow_the_page(page: Path, reader: Reader) -> None:
    site = WebSite()
    site.put({"guide/": b"<a href='lamp'>Lamp</a>", "guide/lamp": b"<p>The lamp is switched on at seven.</p>"})
    for block in blocks(page):
        body = f"{block.body.replace(SITE, site.url)}$ thruline documents --source manual | grep lamp.html\n"
        reader.follow(Block(block.language, body, ""))
    site.close()
