"""A bucket as a source, through the public door: added, changed, moved, deleted, away and revoked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Denied, Invalid, Unavailable
from thruline.flows.reports import SyncReport
from thruline.testing.s3_bucket import Bucket, s3_server

VALVE = b"# Valve\n\nThe blue valve opens at nine in the morning and closes at noon."
PUMP = b"# Pump\n\nThe red pump runs at night, when power is cheap, and rests by day."
KEY = "key:hidden"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(server: str) -> Iterator[Bucket]:
    bucket = Bucket(server)
    yield bucket
    bucket.let_in()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The file that a source names for its key."""
    file = tmp_path / "bucket.key"
    file.write_text(KEY)
    return file


def add(home: Platform, bucket: Bucket, key: Path, *, unseen: bool = False) -> None:
    home.data.add(
        path=f"s3://{bucket.name}/docs", name="docs", options=(f"endpoint={bucket.server}", "tries=1"),
        secret=f"file:{key}", unseen=unseen,
    )  # fmt: skip


def sync(home: Platform) -> SyncReport:
    (report,) = home.data.sync(source="docs")
    assert report.indexed + report.duplicates + report.quarantined + len(report.refused) == report.seen
    return report


def texts_found(home: Platform, question: str) -> dict[str, str]:
    return {p.path: p.text for p in home.vectors.search(question=question).passages}


def test_objects_answer_change_move_and_go(home: Platform, bucket: Bucket, key: Path) -> None:
    bucket.put({"docs/valve.md": VALVE, "docs/pump.md": PUMP, "private/notes.md": b"# Not in the prefix"})
    add(home, bucket, key)
    assert (sync(home).added, sync(home).unchanged) == (2, 2)

    bucket.put({"docs/valve.md": VALVE.replace(b"nine", b"seven")})
    bucket.move("docs/pump.md", "docs/machines/pump.md")
    report = sync(home)
    assert (report.added, report.changed, report.moved, report.deleted) == (0, 1, 1, 0)
    found = texts_found(home, "When does the blue valve open?")
    assert set(found) == {"valve.md", "machines/pump.md"}
    assert "seven" in found["valve.md"]
    assert "nine" not in found["valve.md"]

    bucket.delete("docs/valve.md")
    assert sync(home).deleted == 1
    assert set(texts_found(home, "When does the blue valve open?")) == {"machines/pump.md"}


def test_a_bucket_that_went_away_deletes_nothing(home: Platform, bucket: Bucket, key: Path) -> None:
    bucket.put({"docs/valve.md": VALVE})
    add(home, bucket, key)
    sync(home)
    bucket.away()
    with pytest.raises(Unavailable, match="bucket is not there"):
        sync(home)
    assert "valve.md" in texts_found(home, "blue valve")


def test_a_key_that_is_revoked_in_mid_sync_loses_nothing(home: Platform, bucket: Bucket, key: Path) -> None:
    bucket.put({f"docs/{n}.md": f"# Valve {n}\n\nValve number {n} opens at {n}.".encode() for n in range(1, 7)})
    add(home, bucket, key)
    bucket.lock_out(after=4)  # the listing and three reads
    with pytest.raises(Denied, match="refuses us"):
        sync(home)
    bucket.let_in()
    report = sync(home)
    assert (report.seen, report.indexed, report.deleted) == (6, 6, 0)


def test_the_key_is_read_anew_at_each_sync_and_kept_nowhere(
    home: Platform, bucket: Bucket, key: Path, tmp_path: Path
) -> None:
    bucket.put({"docs/valve.md": VALVE})
    key.write_text("without a colon")
    with pytest.raises(Invalid, match="ACCESS:SECRET"):
        add(home, bucket, key)
    add(home, bucket, key, unseen=True)
    with pytest.raises(Invalid, match="ACCESS:SECRET"):
        sync(home)
    key.write_text("key:quite-a-hidden-word")
    assert sync(home).added == 1
    held = [f for f in (tmp_path / "home").rglob("*") if f.is_file() and b"quite-a-hidden-word" in f.read_bytes()]
    assert held == []


@pytest.mark.parametrize(
    ("path", "options", "says"),
    [
        ("s3://", (), "names no bucket"),
        ("s3://bucket/docs", ("endpoint=s3.example.org",), "is no address"),
        ("s3://bucket/docs", ("bucket=docs",), "'bucket' is no option"),
        ("s3://key:hidden@bucket/docs", (), "holds a password"),
    ],
)
def test_what_cannot_be_meant_is_refused_when_it_is_added(
    home: Platform, path: str, options: tuple[str, ...], says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        home.data.add(path=path, options=options)
    assert home.data.sources() == ()
