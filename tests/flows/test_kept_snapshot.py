"""The snapshot that serves is put away sealed, and the next process answers from it, unless it does not fit."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thruline.app.config import Config
from thruline.app.home import Home
from thruline.app.platform import Platform
from thruline.backends.flat4_dense import Flat4Dense
from thruline.flows import kept
from thruline.ports.dense import DenseIndex
from thruline.testing.homes import FastEngines, open_home, write
from thruline.vectors.plans import DensePlan

FILES, SECTIONS = 12, 100


class Counted(Flat4Dense):
    """Knows whether it was built, or restored."""

    is_built = False

    def build(self, vectors: np.ndarray) -> None:
        self.is_built = True
        super().build(vectors)


class Counting(FastEngines):
    """A home that keeps the dense indexes that it opened."""

    def __init__(self, home: Home, config: Config, cache: Path, progress: Any) -> None:
        super().__init__(home, config, cache, progress)
        self.opened: list[Counted] = []

    def dense(self, plan: DensePlan) -> DenseIndex:
        del plan
        self.opened.append(Counted())
        return self.opened[-1]


def document(number: int) -> str:
    return "\n\n".join(
        f"# Part {number}-{n}\n\nThe kiln{number:02}x{n:03} is fired in hall {n % 7} at dawn." for n in range(SECTIONS)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "docs", **{f"d{number}": document(number) for number in range(FILES)})


def opened(tmp_path: Path) -> Platform:
    return open_home(tmp_path / "home", {"THRULINE_INGEST__CHUNK_WORDS": "12"}, engines=Counting)


@pytest.fixture
def put_away(tmp_path: Path, folder: Path) -> Path:
    """The file, of a home that was closed."""
    with opened(tmp_path) as home:
        home.data.add(path=str(folder), name="docs")
        home.data.sync()
        assert found(home, "kiln03x042") == "d3.md"
        home.line.shelf.settle()
        assert len(home.line.shelf.serving()) >= FILES * SECTIONS
    return tmp_path / "home" / kept.FILE


def found(home: Platform, question: str) -> str:
    passages = home.vectors.search(question=question, k=1, by="words").passages
    return passages[0].path if passages else ""


def is_built_anew(home: Platform) -> bool:
    engines = home.line.engines
    assert isinstance(engines, Counting)
    return engines.opened[0].is_built


def test_the_next_process_answers_alike_and_builds_nothing(tmp_path: Path, put_away: Path) -> None:
    with opened(tmp_path) as home:
        serving = home.line.shelf.serving()
        assert not is_built_anew(home)
        fresh = home.line.shelf.snapshot(serving.generation)
        for question in ("kiln03x042 dawn", "hall 5", "which kiln is fired?"):
            vector = home.line.embedder.query(question)
            mine, theirs = (s.search(question, vector, 20, groups=frozenset("*")) for s in (serving, fresh))
            assert mine.hits == theirs.hits
    assert (put_away.stat().st_mode & 0o777) == 0o600


def test_no_word_and_no_name_stands_in_it(put_away: Path) -> None:
    data = put_away.read_bytes()
    assert b"kiln" not in data
    assert b"record:" not in data


def test_what_changed_since_is_served_as_it_is_now(tmp_path: Path, folder: Path, put_away: Path) -> None:
    (folder / "d4.md").unlink()
    (folder / "d5.md").write_text("# Part 5\n\nThe glaze05 is blue.\n")
    with opened(tmp_path) as home:
        put_away_then = put_away.read_bytes()
        home.data.sync()
        home.data.quarantine(what=next(d.record for d in home.data.documents(limit=99) if d.path == "d6.md"))
        put_away.write_bytes(put_away_then)
    with opened(tmp_path) as home:
        assert (found(home, "kiln04x001"), found(home, "kiln05x001"), found(home, "kiln06x001")) == ("", "", "")
        assert (found(home, "glaze05"), found(home, "kiln07x001")) == ("d5.md", "d7.md")
        assert not is_built_anew(home)


def test_what_has_grown_or_shrunk_much_is_put_away_again(tmp_path: Path, folder: Path, put_away: Path) -> None:
    for number in range(FILES, FILES + 4):
        (folder / f"d{number}.md").write_text(document(number))
    then = put_away.read_bytes()
    with opened(tmp_path) as home:
        home.data.sync()
    put_away.write_bytes(then)
    with opened(tmp_path) as home:
        assert found(home, "kiln15x001") == "d15.md"
        home.line.shelf.settle()
        assert len(put_away.read_bytes()) > 1.2 * len(then)
    then = put_away.read_bytes()
    for number in range(6):
        (folder / f"d{number}.md").unlink()
    with opened(tmp_path) as home:
        home.data.sync()
    put_away.write_bytes(then)
    with opened(tmp_path) as home:
        assert (found(home, "kiln01x001"), found(home, "kiln15x001")) == ("", "d15.md")
        home.line.shelf.settle()
        assert home.line.shelf.serving().dead == 0
        assert (found(home, "kiln01x001"), found(home, "kiln15x001")) == ("", "d15.md")
        assert len(put_away.read_bytes()) < 0.9 * len(then)


def test_a_rollback_to_what_was_put_away_brings_nothing_back_from_quarantine(tmp_path: Path, put_away: Path) -> None:
    then = put_away.read_bytes()
    with opened(tmp_path) as home:
        home.data.quarantine(what=next(d.record for d in home.data.documents(limit=99) if d.path == "d6.md"))
        home.vectors.rollback()
    put_away.write_bytes(then)
    with opened(tmp_path) as home:
        assert (found(home, "kiln06x001"), found(home, "kiln07x001")) == ("", "d7.md")


def test_an_erasure_deletes_it_and_no_copy_opens_again(tmp_path: Path, folder: Path, put_away: Path) -> None:
    copy = put_away.read_bytes()
    (folder / "mail.md").write_text("# Mail\n\nPlease call Ottilie Fernsby about the kiln.\n")
    with opened(tmp_path) as home:
        home.data.sync()
        report = home.data.erase(identifiers=["Ottilie Fernsby"])
        assert report.residue == 0
        assert not put_away.exists()
    put_away.write_bytes(copy)
    with opened(tmp_path) as home:
        assert found(home, "kiln03x042") == "d3.md"
        assert is_built_anew(home)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b"", lambda b: b"x" + b[1:], lambda b: b[:99] + b[:999]]
)
def test_a_damaged_or_foreign_file_is_ignored(tmp_path: Path, put_away: Path, damage: Callable[[bytes], bytes]) -> None:
    put_away.write_bytes(damage(put_away.read_bytes()))
    with opened(tmp_path) as home:
        assert found(home, "kiln03x042") == "d3.md"
        assert is_built_anew(home)


def test_where_it_cannot_be_written_everything_goes_on(tmp_path: Path, put_away: Path) -> None:
    put_away.unlink()
    put_away.mkdir()
    with opened(tmp_path) as home:
        assert found(home, "kiln03x042") == "d3.md"
        home.line.shelf.settle()
        assert list(put_away.parent.glob(f".{kept.FILE}.*")) == []


_WRITE = """\
import resource, signal, sys
from pathlib import Path
from thruline.testing.homes import open_home
with open_home(Path(sys.argv[1]), {"THRULINE_INGEST__CHUNK_WORDS": "12"}) as home:
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)  # the kernel kills who writes on
    home.line.shelf.serving()
    home.line.shelf.settle()
"""


def test_a_process_that_is_killed_in_the_middle_of_writing_it_leaves_nothing_for_long(
    tmp_path: Path, put_away: Path
) -> None:
    size = put_away.stat().st_size
    put_away.unlink()
    killed = subprocess.run([sys.executable, "-c", _WRITE, tmp_path / "home", str(size // 2)], check=False)
    assert killed.returncode == -signal.SIGXFSZ
    assert [f.stat().st_size for f in put_away.parent.glob(f".{kept.FILE}.*")] == [size // 2]
    assert not put_away.exists()
    with opened(tmp_path) as home:
        assert found(home, "kiln03x042") == "d3.md"
        home.line.shelf.settle()
        assert put_away.exists()
        assert list(put_away.parent.glob(f".{kept.FILE}.*")) == []
        assert home.ledger.verify().ok


def test_whose_records_are_restricted_is_in_it_and_never_answers(tmp_path: Path, folder: Path, put_away: Path) -> None:
    (folder / "mail.md").write_text("# Mail\n\nOttilie Fernsby asked for the glaze77 of the kiln.\n")
    with opened(tmp_path) as home:
        home.data.sync()
    put_away.unlink()
    with opened(tmp_path) as home:
        assert found(home, "glaze77") == "mail.md"
        home.line.shelf.settle()
    then = put_away.read_bytes()
    with opened(tmp_path) as home:
        home.data.restrict(identifiers=("Ottilie Fernsby",))
    put_away.write_bytes(then)
    with opened(tmp_path) as home:
        serving, vector = home.line.shelf.serving(), home.line.embedder.query("glaze77")
        assert not is_built_anew(home)
        assert found(home, "glaze77") == ""
        asked = serving.search("glaze77 kiln", vector, 5000, groups=frozenset("*"))
        assert not {home.line.records.get(hit.record).reason for hit in asked.hits} - {"none"}
        home.data.unrestrict(who=("Ottilie Fernsby",))
        assert found(home, "glaze77") == "mail.md"


def test_two_processes_on_one_home_see_what_the_other_did(tmp_path: Path, folder: Path, put_away: Path) -> None:
    assert put_away.exists()
    with opened(tmp_path) as one, opened(tmp_path) as other:
        assert found(one, "kiln06x001") == found(other, "kiln06x001") == "d6.md"
        one.data.quarantine(what=next(d.record for d in one.data.documents(limit=99) if d.path == "d6.md"))
        assert found(other, "kiln06x001") == ""
        (folder / "d12.md").write_text("# Glaze\n\nThe glaze12 is blue.\n")
        other.data.sync()
        assert found(one, "glaze12") == "d12.md"
        one.vectors.rollback()
        assert found(other, "glaze12") == found(one, "glaze12") == ""
