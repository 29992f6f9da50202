"""A folder and an object store hold blobs alike."""

import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from thruline.backends.folder_blobs import FolderBlobs
from thruline.backends.s3_blobs import S3Blobs
from thruline.core.errors import Unavailable
from thruline.core.ids import random_id
from thruline.testing.blobs_suite import BlobsSuite


class TestFolderBlobs(BlobsSuite):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> FolderBlobs:
        return FolderBlobs(str(tmp_path / "blobs"))

    def test_what_a_killed_writer_left_is_no_blob_and_goes(self, blobs: FolderBlobs, tmp_path: Path) -> None:
        name = random_id("chunk")
        blobs.put(name, b"whole")
        (place,) = (path for path in (tmp_path / "blobs").rglob("*") if path.is_file())
        beside = place.with_name(".half")
        beside.write_bytes(b"ha")
        os.utime(beside, (0, 0))
        assert list(blobs.names()) == [name]
        assert not beside.exists()

    def test_a_folder_that_cannot_be_written_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(Unavailable):
            FolderBlobs(str(tmp_path / "file" / "blobs")).put(random_id("chunk"), b"x")


WRITER = """
import sys
from thruline.backends.folder_blobs import FolderBlobs
blobs = FolderBlobs(sys.argv[1])
for n in range(1_000_000):
    blobs.put(f"chunk:{n:032x}", bytes([n % 256]) * 300_000)
    print(n, flush=True)
"""


def test_a_killed_writer_leaves_no_half_blob(tmp_path: Path) -> None:
    chance = random.Random(11)
    for attempt in range(8):
        folder = tmp_path / str(attempt)
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.uniform(0, 0.03))
        child.send_signal(signal.SIGKILL)
        told, _ = child.communicate()
        acknowledged = [int(line) for line in ["0", *told.split("\n")[:-1]]]
        blobs = FolderBlobs(str(folder))
        there = {int(name.partition(":")[2], 16) for name in blobs.names()}
        assert there >= set(acknowledged)
        assert all(blobs.get(f"chunk:{n:032x}") == bytes([n % 256]) * 300_000 for n in there)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a server that speaks S3."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def open_bucket(s3: str, bucket: str, prefix: str = "") -> S3Blobs:
    return S3Blobs(bucket, prefix=prefix, endpoint=s3, access_key="key", secret_key="secret")


@pytest.fixture
def bucket(s3: str) -> str:
    name = random_id("bucket").replace(":", "-")
    urllib.request.urlopen(urllib.request.Request(f"{s3}/{name}", method="PUT")).close()
    return name


class TestS3Blobs(BlobsSuite):
    @pytest.fixture
    def blobs(self, s3: str, bucket: str) -> S3Blobs:
        return open_bucket(s3, bucket, "home/blobs")

    def test_two_homes_in_one_bucket_do_not_meet(self, s3: str, bucket: str) -> None:
        one, other = open_bucket(s3, bucket, "one"), open_bucket(s3, bucket, "other")
        name = random_id("chunk")
        one.put(name, b"mine")
        assert list(other.names()) == []
        other.put(name, b"theirs")
        assert (one.get(name), other.get(name)) == (b"mine", b"theirs")

    def test_a_missing_bucket_is_not_a_missing_blob(self, s3: str) -> None:
        nowhere = open_bucket(s3, "no-such-bucket")
        for use in (lambda: nowhere.get(random_id("chunk")), lambda: nowhere.put(random_id("chunk"), b"x")):
            with pytest.raises(Unavailable):
                use()
