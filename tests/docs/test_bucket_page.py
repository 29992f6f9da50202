"""The page about buckets does what it says, with a bucket."""

from __future__ import annotations

from pathlib import Path

import pytest
from examples import ROOT, Block, Reader, blocks

from thruline.testing.s3_bucket import Bucket, s3_server


@pytest.fixture
def page() -> Path:
    return ROOT / "docs" / "how-to" / "sync-a-bucket.md"


def test_a_reader_with_a_bucket_can_follow_the_page(page: Path, reader: Reader) -> None:
    with s3_server() as server:
        bucket = Bucket(server)
        bucket.put({"manuals/lamp.md": b"# Lamp\n\nThe lamp is switched on at seven."})
        reader.environment |= {"ACCESS_KEY": "key", "SECRET_KEY": "hidden"}
        for block in blocks(page):
            body = block.body.replace("https://s3.example.org", server).replace("my-bucket", bucket.name)
            reader.follow(Block(block.language, f"{body}$ thruline documents --source manuals | grep lamp.md\n", ""))
