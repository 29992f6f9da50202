"""The full-text index keeps its promise."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest

from thruline.backends.tantivy_text import TantivyText
from thruline.core.errors import Corrupt
from thruline.testing.text_suite import TextSuite


class TestTantivyText(TextSuite):
    def open(self) -> TantivyText:
        return TantivyText()

    def test_its_folder_in_memory_goes_with_it_and_so_does_what_a_killed_process_left(self) -> None:
        memory, names = Path("/dev/shm"), f"thruline-words-{os.getuid()}-*"
        if not memory.is_dir():
            pytest.skip("no folder in memory here")
        left = Path(tempfile.mkdtemp(prefix=names[:-1], dir=memory))
        os.utime(left, (time.time() - 60,) * 2)
        before = set(memory.glob(names))
        index = self.open()
        index.build([f"pump {row}" for row in range(1_000)], [""] * 1_000)
        (mine,) = set(memory.glob(names)) - before
        assert not left.exists()
        assert mine.stat().st_mode & 0o777 == 0o700
        again = self.open()
        parts = index.dump()
        assert parts is not None
        again.restore(parts)
        again.add(["a valve"], [""])
        again.delete(again.search("7", 1).rows)
        assert again.search("valve", 1).rows.tolist() == [1_000]
        assert index.search("pump", 3).scores.tolist() != []
        index.close()
        again.close()
        assert mine not in set(memory.glob(names))

    def test_what_was_put_away_finds_in_its_languages_and_other_terms_are_not_read(self) -> None:
        if not Path("/dev/shm").is_dir():
            pytest.skip("no folder in memory here")
        index, again = self.open(), self.open()
        index.build(["Die Anträge wurden genehmigt"] + ["the pump"] * 1_000, [""] * 1_001, ["de"] + ["en"] * 1_000)
        parts = index.dump()
        assert parts is not None
        again.restore(parts)
        assert again.search("Antrag", 1).rows.tolist() == [0]
        for other in ({}, {"terms": b"1 de"}, {"terms": b"\xff"}):
            with pytest.raises(Corrupt, match="other terms"):
                self.open().restore({name: data for name, data in parts.items() if name != "terms"} | other)
        index.close()
        again.close()
