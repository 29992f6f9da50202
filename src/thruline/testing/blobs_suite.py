"""What every blob store promises, as tests: subclass BlobsSuite and give a `blobs` fixture."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from thruline.core.errors import NotFound
from thruline.core.ids import random_id
from thruline.ports.blobs import Blobs

WRITERS = 8


class BlobsSuite:
    """Write-once bytes by name."""

    @pytest.mark.parametrize("size", [0, 1, 4096, 5_000_000])
    def test_bytes_come_back_as_they_went_in(self, blobs: Blobs, size: int) -> None:
        name, data = random_id("chunk"), os.urandom(size)
        blobs.put(name, data)
        assert blobs.get(name) == data

    def test_the_first_put_of_a_name_stays(self, blobs: Blobs) -> None:
        name = random_id("chunk")
        blobs.put(name, b"first")
        blobs.put(name, b"second")
        assert blobs.get(name) == b"first"

    def test_what_is_missing_is_not_found(self, blobs: Blobs) -> None:
        blobs.put(random_id("chunk"), b"another")
        with pytest.raises(NotFound):
            blobs.get(random_id("chunk"))

    def test_what_was_deleted_is_gone_and_deleting_again_is_fine(self, blobs: Blobs) -> None:
        name, other = random_id("chunk"), random_id("chunk")
        blobs.put(name, b"one")
        blobs.put(other, b"two")
        blobs.delete(name)
        blobs.delete(name)
        with pytest.raises(NotFound):
            blobs.get(name)
        assert list(blobs.names()) == [other]

    def test_a_deleted_name_can_be_written_anew(self, blobs: Blobs) -> None:
        name = random_id("chunk")
        blobs.put(name, b"old key")
        blobs.delete(name)
        blobs.put(name, b"new key")
        assert blobs.get(name) == b"new key"

    def test_names_are_all_names(self, blobs: Blobs) -> None:
        assert list(blobs.names()) == []
        names = {random_id(kind) for kind in ("chunk", "record", "model", "chunk")}
        for name in names:
            blobs.put(name, name.encode())
        assert sorted(blobs.names()) == sorted(names)

    def test_many_writers_of_one_name_leave_one_whole_blob(self, blobs: Blobs) -> None:
        name = random_id("model")
        versions = [bytes([n]) * 200_000 for n in range(WRITERS)]
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda data: blobs.put(name, data), versions))
        assert blobs.get(name) in versions
        assert list(blobs.names()) == [name]
