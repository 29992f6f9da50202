"""Repetitions that workers look for, and an index that they make anew, are the same as those of one machine."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import msgspec
import polars as pl
import pytest

from thruline.core.errors import Unavailable
from thruline.flows.backfill import SENT
from thruline.testing.homes import ApartEngines, FastEngines, OtherApartEngines, OtherEngines, open_home, write
from thruline.testing.manifest import manifest
from thruline.testing.workers import WorkersHere

SMALL = {"THRULINE_INGEST__TASK_SIZE": "128B"}
COUNT = 24


def page(n: int) -> str:
    words = [f"w{(n * 37 + k * (n + 11)) % 997}" for k in range(80)]
    return " ".join(words)


@pytest.fixture
def twins(tmp_path: Path) -> tuple[Path, Path]:
    """Two homes with one key that hold pages, the same in another order, and near-copies."""
    docs = tmp_path / "docs"
    write(docs, **{f"a{n:02}": f"# Page\n\n{page(n)}." for n in range(COUNT)})
    with open_home(tmp_path / "one") as home:
        home.data.add(path=str(docs), name="wiki")
        home.data.sync()
        turned = {f"b{n:02}": f"# Page\n\n{' '.join(reversed(page(n).split()))}." for n in range(0, COUNT, 3)}
        copies = {f"c{n:02}": f"# Page\n\n{page(n)} and so on." for n in range(0, COUNT, 4)}
        write(docs, **turned, **copies)
        home.data.sync()
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    return tmp_path / "one", tmp_path / "two"


def kinds(workers: WorkersHere) -> Counter[str]:
    """How many tasks of each kind were done."""
    return Counter(msgspec.msgpack.decode(task)["type"] for task in workers.done)


def test_what_is_said_in_other_words_is_the_same_edges_wherever_it_is_compared(twins: tuple[Path, Path]):
    one, two = twins
    with open_home(one) as home:
        here = home.data.alike(limit=99)
        held = manifest(home.line)
    with open_home(two, SMALL, engines=ApartEngines) as home:
        apart = home.data.alike(limit=99)
        assert manifest(home.line) == held
        assert kinds(home.line.workers)["compare"] > 10
        assert home.ledger.verify().ok
    assert here.alike == COUNT // 3
    assert {**asdict(apart), "seconds": 0} == {**asdict(here), "seconds": 0}


def test_a_set_for_training_is_the_same_wherever_its_test_set_is_looked_for(twins: tuple[Path, Path], tmp_path: Path):
    held_out = tmp_path / "held_out.parquet"
    pl.DataFrame({"text": [f"{page(n)} but changed" for n in range(0, COUNT, 5)]}).write_parquet(held_out)
    written = []
    for path, engines in zip(twins, (FastEngines, ApartEngines), strict=True):
        with open_home(path, SMALL, engines=engines) as home:
            out = path / "set.parquet"
            report = home.data.corpus(sources=("wiki",), out=str(out), purpose="rag", held_out=str(held_out))
            written.append((out.read_bytes(), report.contaminated, report.written))
            done = kinds(home.line.workers) if home.line.workers else Counter()
    assert written[0] == written[1]
    assert written[0][1] == len(range(0, COUNT, 5))
    assert done.keys() == {"sign", "bucket", "verify"}


def test_what_is_not_worth_a_journey_stays_at_home(twins: tuple[Path, Path]):
    with open_home(twins[0], engines=ApartEngines) as home:
        assert home.data.alike().alike == COUNT // 3
        assert "workers" not in home.line.__dict__


def test_what_may_not_leave_its_region_is_compared_at_home(twins: tuple[Path, Path], tmp_path: Path):
    on_ray = SMALL | {"THRULINE_INGEST__BACKEND": "ray"}
    held_out = tmp_path / "held_out.parquet"
    pl.DataFrame({"text": [f"{page(0)} but changed"]}).write_parquet(held_out)
    asked = {"sources": ("wiki",), "purpose": "rag", "held_out": str(held_out)}
    with open_home(twins[0], on_ray, engines=ApartEngines) as home:
        home.data.change(source="wiki", options=("residency=eu",))
        assert home.data.alike().alike == COUNT // 3
        assert home.data.corpus(**asked, out=str(tmp_path / "one.parquet")).contaminated == 1
        assert "workers" not in home.line.__dict__
    with open_home(twins[0], on_ray | {"THRULINE_REGIONS__CLUSTER": "eu-north-1"}, engines=ApartEngines) as home:
        home.data.alike()
        assert kinds(home.line.workers)["compare"] > 10


def test_an_index_that_workers_make_anew_is_the_same_generation(twins: tuple[Path, Path]):
    held = []
    for path, engines in zip(twins, (OtherEngines, OtherApartEngines), strict=True):
        with open_home(path, engines=engines) as home:
            rebuilt = home.vectors.rebuild()
            held.append((rebuilt[0].id, manifest(home.line)))
    assert held[0] == held[1]


def test_an_index_whose_workers_went_away_goes_on_where_it_was(twins: tuple[Path, Path]):
    class Leaving(WorkersHere):
        at_once = 1

        def do(self, task: bytes) -> bytes:
            if len(self.done) == 3:
                raise Unavailable("no place is left")
            return super().do(task)

    class LeavingEngines(OtherEngines):
        def workers(self, tools):
            return Leaving(self._bench(tools))

    one, two = twins
    with open_home(one, engines=OtherEngines) as home:
        home.vectors.rebuild()
        whole = manifest(home.line)
    with open_home(two, engines=LeavingEngines) as home:
        before = home.vectors.generations()[0].id
        with pytest.raises(Unavailable):
            home.vectors.rebuild()
        assert home.vectors.generations()[0].id == before
    with open_home(two, engines=OtherApartEngines) as home:
        home.vectors.rebuild()
        assert manifest(home.line) == whole
        records = len(home.line.records.list(limit=999))
        assert len(home.line.workers.done) == -(-(records - 3 * SENT) // SENT)


def test_no_key_and_no_id_goes_along_with_what_is_compared(twins: tuple[Path, Path], tmp_path: Path):
    _, two = twins
    held_out = tmp_path / "held_out.parquet"
    pl.DataFrame({"text": [page(0)]}).write_parquet(held_out)
    with open_home(two, SMALL, engines=ApartEngines) as home:
        home.data.alike()
        home.data.corpus(
            sources=("wiki",), out=str(tmp_path / "set.parquet"), purpose="rag", held_out=str(held_out)
        )  # fmt: skip
        said = b"".join(home.line.workers.done)
        keys = [(two / "keys" / "master.key").read_bytes().strip(), home.ids._key, home.ids._key.hex().encode()]
        ids = [part.encode() for r in home.line.records.list(limit=999) for part in (r.id, r.id.partition(":")[2])]
    assert not [part for part in keys + ids if part in said]
