"""Sync: what a folder holds, what changed since, what was refused, and numbers that add up."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.app.render import render
from thruline.core.errors import Conflict, Invalid, NotFound, Unavailable
from thruline.flows.reports import SyncReport
from thruline.testing.homes import write

VALVE = "# Valve\n\nThe blue valve opens at nine in the morning and closes at noon."
PUMP = "# Pump\n\nThe red pump runs at night, when power is cheap, and rests by day."
LONG = "# Manual\n\n" + " ".join(f"Step {n} turns screw number {n} by {n} degrees." for n in range(60))


def sync(home: Platform, source: str = "docs") -> SyncReport:
    (report,) = home.data.sync(source=source)
    assert report.indexed + report.duplicates + report.quarantined + len(report.refused) == report.seen
    return report


def add(home: Platform, folder: Path, **texts: str) -> None:
    home.data.add(path=str(write(folder, **texts)))


def paths_found(home: Platform, question: str) -> set[str]:
    return {p.path for p in home.vectors.search(question=question).passages}


def test_a_new_file_answers_after_the_next_sync(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE)
    assert sync(home).added == 1
    write(docs, pump=PUMP)
    report = sync(home)
    assert (report.added, report.unchanged, report.seen) == (1, 1, 2)
    assert "pump.md" in paths_found(home, "When does the red pump run?")


def test_a_changed_file_answers_with_its_new_words_only(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE, pump=PUMP)
    sync(home)
    write(docs, valve=VALVE.replace("nine", "seven"))
    assert sync(home).changed == 1
    texts = [p.text for p in home.vectors.search(question="When does the blue valve open?").passages]
    assert any("seven" in t for t in texts)
    assert not any("nine" in t for t in texts)


def test_a_moved_file_keeps_its_record_and_is_not_read_again(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE)
    generation = sync(home).generation
    (docs / "valve.md").rename(docs / "water.md")
    report = sync(home)
    assert (report.moved, report.added, report.deleted, report.generation) == (1, 0, 0, generation)
    assert [d.path for d in home.data.documents()] == ["water.md"]


def test_a_deleted_file_no_longer_answers(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE, pump=PUMP)
    sync(home)
    (docs / "valve.md").unlink()
    report = sync(home)
    assert (report.deleted, report.seen) == (1, 1)
    assert paths_found(home, "blue valve") == {"pump.md"}


def test_an_unchanged_folder_makes_no_new_generation(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE, pump=PUMP)
    first, second = sync(home), sync(home)
    assert second.unchanged == 2
    assert second.generation == first.generation
    assert second.chunks == 0


def test_the_same_content_twice_in_a_source_is_one_record_and_counts_as_a_duplicate(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE, copy=VALVE)
    report = sync(home)
    assert (report.indexed, report.duplicates) == (1, 1)
    assert len(home.vectors.search(question="blue valve").passages) == 1
    (docs / "copy.md").unlink()
    sync(home)
    assert paths_found(home, "blue valve") == {"valve.md"}


def test_a_near_duplicate_in_another_source_answers_when_the_original_is_removed(
    home: Platform, tmp_path: Path
) -> None:
    home.data.add(path=str(write(tmp_path / "one", manual=LONG)))
    home.data.add(path=str(write(tmp_path / "two", manual=LONG + "\n\nPrinted in May.")))
    sync(home, "one")
    assert sync(home, "two").duplicates == 1
    assert {p.source for p in home.vectors.search(question="turn screw number 7").passages} == {"one"}
    home.data.remove(source="one")
    assert {p.source for p in home.vectors.search(question="turn screw number 7").passages} == {"two"}


def test_a_near_duplicate_for_other_readers_answers_beside_the_original(home: Platform, tmp_path: Path) -> None:
    home.data.add(path=str(write(tmp_path / "one", manual=LONG)), groups=("staff",))
    home.data.add(path=str(write(tmp_path / "two", manual=LONG + "\n\nPrinted in May.")), groups=("everyone",))
    home.data.sync()
    assert {p.source for p in home.vectors.search(question="turn screw number 7").passages} == {"one", "two"}


def test_sharing_the_original_away_uncovers_the_copy_at_once(home: Platform, tmp_path: Path) -> None:
    home.data.add(path=str(write(tmp_path / "one", manual=LONG)))
    home.data.add(path=str(write(tmp_path / "two", manual=LONG + "\n\nPrinted in May.")))
    home.data.sync()
    home.data.share(source="one", groups=("board",))
    found = {p.source for p in home.vectors.search(question="turn screw number 7").passages}
    assert found == {"one", "two"}


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.md", b"", "empty"),
        ("blank.txt", b" \n\n ", "empty"),
        ("broken.pdf", b"%PDF-1.7 nothing", "parser_failed"),
        ("film.mp4", b"\x89PNG\r\n\x1a\n" + bytes(64), "unsupported_type"),
        ("huge.txt", b"word " * 300_000, "too_large"),
    ],
)
def test_a_file_that_cannot_be_taken_in_is_refused_with_its_reason(
    tmp_path: Path, docs: Path, name: str, data: bytes, reason: str
) -> None:
    from thruline.testing.homes import open_home

    (docs / name).write_bytes(data)
    write(docs, valve=VALVE)
    with open_home(tmp_path / "home", {"THRULINE_INGEST__MAX_FILE": "1MB"}) as home:
        home.data.add(path=str(docs))
        report = sync(home)
        assert [(r.path, r.reason) for r in report.refused] == [(name, reason)]
        assert [(d.path, d.reason) for d in home.data.documents(state="refused")] == [(name, reason)]
        assert sync(home).refused == report.refused


def test_links_are_refused_and_dot_files_are_left_alone(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE, **{".secret": PUMP})
    (docs / "link.md").symlink_to(docs / "valve.md")
    report = sync(home)
    assert [(r.path, r.reason) for r in report.refused] == [("link.md", "symlink")]
    assert report.seen == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_becomes_readable_is_read_although_its_times_are_the_same(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE)
    (docs / "valve.md").chmod(0)
    assert [r.reason for r in sync(home).refused] == ["unreadable"]
    (docs / "valve.md").chmod(0o600)
    assert sync(home).indexed == 1


def test_a_file_that_was_repaired_is_taken_in(home: Platform, docs: Path) -> None:
    add(home, docs, valve="", pump=PUMP)
    assert [r.path for r in sync(home).refused] == ["valve.md"]
    write(docs, valve=VALVE)
    assert (sync(home).refused, sync(home).indexed) == ((), 2)


def test_a_folder_of_changing_files_is_read_to_its_last_state(home: Platform, docs: Path) -> None:
    add(home, docs, **{f"note{n}": f"# Note {n}\n\nNote number {n} speaks of topic {n}." for n in range(12)})
    stop = threading.Event()

    def scribble() -> None:
        n = 0
        while not stop.is_set():
            write(docs, note3=f"# Note 3\n\nNote number 3 is at version {(n := n + 1)}.")

    writer = threading.Thread(target=scribble)
    writer.start()
    sync(home)
    stop.set()
    writer.join()
    sync(home)
    write(docs, note3="# Note 3\n\nNote number 3 is finished.")
    report = sync(home)
    assert (report.seen, report.indexed) == (12, 12)
    assert "finished" in home.vectors.search(question="Note number 3 finished").passages[0].text


def test_a_root_that_is_gone_deletes_nothing(home: Platform, docs: Path, tmp_path: Path) -> None:
    add(home, docs, valve=VALVE)
    sync(home)
    docs.rename(tmp_path / "unmounted")
    with pytest.raises(Unavailable, match="cannot be read"):
        sync(home)
    assert paths_found(home, "blue valve") == {"valve.md"}


def test_a_root_that_became_empty_is_believed_only_when_told(home: Platform, docs: Path) -> None:
    add(home, docs, **{f"note{n}": f"# Note {n}\n\nAbout topic {n} and no other." for n in range(12)})
    sync(home)
    for file in docs.iterdir():
        file.unlink()
    with pytest.raises(Unavailable, match="empty"):
        sync(home)
    (report,) = home.data.sync(source="docs", allow_empty=True)
    assert (report.deleted, report.seen) == (12, 0)


def test_two_syncs_of_one_source_at_once_are_one_and_a_conflict(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE)
    source = home.line.records.source("docs")
    with home.line.runs.start("sync", only=source.id), pytest.raises(Conflict, match="under way") as refused:
        sync(home)
    assert "cancel" in refused.value.hint
    assert sync(home).added == 1


def test_a_home_cannot_be_its_own_source(home: Platform) -> None:
    with pytest.raises(Invalid, match="holds the home"):
        home.data.add(path=str(home.home.path.parent))


def test_an_unknown_source_is_named_with_those_that_are_known(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE)
    with pytest.raises(NotFound, match="'dox'") as unknown:
        home.data.sync(source="dox")
    assert "docs" in unknown.value.hint


def test_removing_a_source_takes_everything_of_it_out(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE, pump=PUMP)
    sync(home)
    assert len(home.data.remove(source="docs", dry_run=True).records) == 2
    assert paths_found(home, "blue valve")
    home.data.remove(source="docs")
    assert home.data.sources() == ()
    assert paths_found(home, "blue valve") == set()
    assert home.line.payloads.ids("record") == []


def test_a_name_that_was_taken_is_refused(home: Platform, docs: Path) -> None:
    add(home, docs, valve=VALVE)
    with pytest.raises(Conflict, match="already"):
        home.data.add(path=str(docs))


def test_a_known_file_that_became_a_link_is_refused_by_its_name(home: Platform, docs: Path) -> None:
    home.data.add(path=str(write(docs, a="# A\n\nAlpha.", b="# B\n\nBeta.")))
    home.data.sync()
    (docs / "a.md").unlink()
    (docs / "a.md").symlink_to(docs / "b.md")
    (report,) = home.data.sync()
    assert [(r.path, r.reason) for r in report.refused] == [("a.md", "symlink")]


def test_what_a_place_says_of_its_content_is_kept_keyed(home: Platform, docs: Path) -> None:
    home.data.add(path=str(write(docs, a="# A\n\nAlpha.")))
    os.utime(docs / "a.md", ns=(10**18, 10**18))
    home.data.sync()
    (mark,) = (row[0] for row in home.line.database.query("SELECT mark FROM entries"))
    assert str(10**18) not in mark
    assert len(mark) == 32
    assert home.data.sync()[0].unchanged == 1


def test_a_source_that_is_away_holds_up_no_other_and_is_named(home: Platform, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        home.data.add(path=str(write(tmp_path / name, page=f"# {name}\n\nThe page of {name}.")))
    (tmp_path / "b" / "page.md").unlink()
    (tmp_path / "b").rmdir()
    reports = {r.source: r for r in home.data.sync()}
    assert [reports[name].ok for name in ("a", "b", "c")] == [True, False, True]
    assert "cannot be read" in reports["b"].error
    assert "b: NOT read" in render(reports["b"])
    assert len(home.data.documents(state="live")) == 2
