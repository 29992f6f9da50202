"""Bad days of a home: full disks, read-only folders, damage, wrong keys, newer formats. Every one is said in words."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.cli import main
from thruline.core.errors import Conflict, Corrupt, Denied, Invalid, NotFound, ThrulineError, Unavailable
from thruline.testing.homes import open_home, write

TEXTS = {f"page{n}": f"# Page {n}\n\nPage number {n} says that lamp {n} burns until late." for n in range(6)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A home with documents and an answer, closed."""
    with open_home(tmp_path / "home") as home:
        home.data.add(path=str(write(tmp_path / "docs", **TEXTS)))
        home.data.sync()
        home.vectors.ask(question="Which lamp burns until late?")
    return tmp_path / "home"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts file systems")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_stops_a_sync_cleanly_and_room_lets_it_go_on(small_disk: Path, tmp_path: Path) -> None:
    docs = write(tmp_path / "docs", **TEXTS)
    with open_home(small_disk / "home") as home:
        home.data.add(path=str(docs))
        home.data.sync()
        (docs / "book.txt").write_text("\n\n".join(f"Paragraph {n} speaks of thing {n * 7919}." for n in range(20_000)))
        filler = small_disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - 1_500_000))
        with pytest.raises(Unavailable, match="full"):
            home.data.sync()
        filler.unlink()
        assert home.vectors.search(question="lamp 3").passages
        (docs / "book.txt").write_text("A book that is short after all.")
        assert home.data.sync()[0].indexed == len(TEXTS) + 1
        assert home.ledger.verify().ok


def test_a_read_only_home_is_refused_in_words(path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    path.chmod(0o500)
    with pytest.raises(Denied, match="read-only"):
        Platform.open(path)
    path.chmod(0o700)


def test_a_read_only_file_system_is_refused_in_words(small_disk: Path) -> None:
    open_home(small_disk / "home").close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(Denied, match="read-only"):
        Platform.open(small_disk / "home")


def _bytes_of(path: Path) -> dict[str, bytes]:
    return {str(f.relative_to(path)): f.read_bytes() for f in sorted(path.rglob("*")) if f.is_file()}


def test_a_newer_format_is_refused_and_untouched(path: Path) -> None:
    (path / "format").write_text("99\n")
    before = _bytes_of(path)
    with pytest.raises(Unavailable, match="format 99") as newer:
        Platform.open(path)
    assert "upgrade" in newer.value.hint
    assert _bytes_of(path) == before


def test_a_format_that_is_no_number_is_corrupt(path: Path) -> None:
    (path / "format").write_text("one\n")
    with pytest.raises(Corrupt, match="'one'"):
        Platform.open(path)


@pytest.mark.parametrize("damage", [b"not a database at all" * 400, b"SQLite format 3\0" + bytes(8000)])
def test_a_damaged_database_is_corrupt_and_the_cure_is_named(path: Path, damage: bytes) -> None:
    for log in path.glob("thruline.db-*"):
        log.unlink()
    (path / "thruline.db").write_bytes(damage)
    with pytest.raises(Corrupt, match="damaged") as broken:
        open_home(path).ledger.status()
    assert "backup" in broken.value.hint


def test_a_missing_master_key_says_where_it_was_looked_for(path: Path) -> None:
    (path / "keys" / "master.key").unlink()
    with pytest.raises(Invalid, match=r"master\.key"):
        open_home(path).ledger.status()


def test_a_wrong_master_key_opens_nothing_and_shows_nothing(path: Path) -> None:
    (path / "keys" / "master.key").write_text("0" * 64)
    with open_home(path) as home, pytest.raises(ThrulineError) as refused:
        home.vectors.search(question="lamp")
    assert "0000" not in refused.value.message


def test_a_master_key_that_is_none_is_denied_without_being_shown(path: Path) -> None:
    (path / "keys" / "master.key").write_text("hunter2hunter2")
    with pytest.raises(Denied, match="64 hex digits") as refused:
        open_home(path).ledger.status()
    assert "hunter2" not in str(refused.value)


def test_a_tampered_ledger_is_named_by_its_event(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = sqlite3.connect(path / "thruline.db")
    triggers = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    for trigger in triggers:
        database.execute(f'DROP TRIGGER "{trigger}"')
    (seq,) = database.execute("SELECT min(seq) FROM events WHERE verb = 'record.seen'").fetchone()
    database.execute("UPDATE events SET body = replace(body, '\"added\"', '\"moved\"') WHERE seq = ?", (seq,))
    database.commit()
    database.close()
    assert main(["verify", "--home", str(path)]) == 1
    assert f"event {seq}:" in capsys.readouterr().out


def test_a_folder_that_is_no_home_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no home") as missing:
        Platform.open(tmp_path / "nowhere")
    assert "thruline init" in missing.value.hint


def test_a_folder_with_other_things_in_it_does_not_become_a_home(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(Conflict, match="not empty"):
        Platform.open(tmp_path, create=True)
    assert [f.name for f in tmp_path.iterdir()] == ["photo.jpg"]


def test_an_unknown_setting_lists_near_ones(path: Path) -> None:
    (path / "thruline.toml").write_text("[answer]\npasages = 3\n")
    with pytest.raises(Invalid, match=r"'answer\.pasages'") as unknown:
        Platform.open(path)
    assert "answer.passages" in unknown.value.hint


def test_a_secret_in_the_settings_is_refused_and_not_repeated(path: Path) -> None:
    (path / "thruline.toml").write_text('[answer]\nllm_key = "sk-very-secret"\n')
    with pytest.raises(Invalid, match=r"answer\.llm_key holds a secret itself") as refused:
        Platform.open(path)
    assert "sk-very" not in refused.value.message + refused.value.hint


def test_a_secret_that_is_not_set_is_named_not_guessed(path: Path) -> None:
    with (
        pytest.raises(Invalid, match="'NOT_SET_ANYWHERE' is not set"),
        open_home(path, {"THRULINE_STORE__MASTER_KEY": "env:NOT_SET_ANYWHERE"}) as home,
    ):
        home.ledger.status()


def test_settings_that_are_no_toml_name_their_file(path: Path) -> None:
    (path / "thruline.toml").write_text("[answer\n")
    with pytest.raises(Invalid, match=r"thruline\.toml' is not TOML"):
        Platform.open(path)


def test_weights_that_are_not_where_they_were_said_to_be_say_what_to_do(tmp_path: Path) -> None:
    setting = {"THRULINE_EMBED__FOLDER": str(tmp_path / "empty")}
    with Platform.open(tmp_path / "new", create=True, overrides=setting) as home:
        home.data.add(path=str(write(tmp_path / "docs", one="The lamp burns until late.")))
        with pytest.raises(NotFound, match=r"no file 'model.*' in") as missing:
            home.data.sync()
        assert "tokenizer.json" in missing.value.hint


def test_a_backup_comes_back_as_it_was(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_home(path) as home:
        said = home.vectors.ask(question="Which lamp burns until late?")
        made = home.ledger.backup(folder=str(tmp_path / "copy"))
    assert main(["restore", made.data, "--keys", made.keys, "--home", str(tmp_path / "again")]) == 0
    with open_home(tmp_path / "again") as again:
        assert again.vectors.why(answer=said.id).answer == said
        assert again.vectors.replay(answer=said.id).generation == "same"
        assert again.ledger.verify().ok


def test_a_backup_of_the_data_alone_is_noise(path: Path, tmp_path: Path) -> None:
    import tarfile

    with open_home(path) as home:
        made = home.ledger.backup(folder=str(tmp_path / "copy"))
    with tarfile.open(made.data) as archive:
        archive.extractall(tmp_path / "out", filter="data")
    everything = b"".join(_bytes_of(tmp_path / "out").values())
    assert b"lamp" not in everything
    assert b"page1.md" not in everything


@pytest.mark.parametrize("broken", ["cut", "swapped", "missing"])
def test_a_broken_backup_is_refused_in_words(path: Path, tmp_path: Path, broken: str) -> None:
    with open_home(path) as home:
        made = home.ledger.backup(folder=str(tmp_path / "copy"))
    data, keys = made.data, made.keys
    if broken == "cut":
        Path(data).write_bytes(Path(data).read_bytes()[:-2000])
    data = {"cut": data, "swapped": keys, "missing": "/nowhere.tar.gz"}[broken]
    assert main(["restore", data, "--keys", keys, "--home", str(tmp_path / "again")]) in (1, 2)
