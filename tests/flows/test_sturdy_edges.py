"""Edges that a bad day or a bad actor pushes on: odd numbers, odd names, half-made homes, crossed operations."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from thruline.app.copies import restore
from thruline.app.platform import Platform
from thruline.core.errors import Corrupt, Invalid, ThrulineError, Unavailable
from thruline.data.subjects import same_person
from thruline.testing.homes import open_home, write


@pytest.mark.parametrize("limit", [-5, 10**20])
def test_a_number_out_of_range_is_a_clear_error(home: Platform, limit: int) -> None:
    with pytest.raises(Invalid, match="out of range"):
        home.data.documents(limit=limit)


def test_a_nul_character_is_a_clear_error(home: Platform) -> None:
    with pytest.raises(Invalid, match="NUL"):
        home.data.add(path="/tmp/a\0b")


def test_a_path_that_the_system_refuses_is_no_traceback(home: Platform) -> None:
    with pytest.raises(ThrulineError):
        home.data.add(path="/tmp/" + "x" * 300)
    with pytest.raises(ThrulineError):
        home.ledger.backup(folder="/proc/nope")


def test_a_failed_restore_leaves_no_half_home(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with open_home(tmp_path / name) as platform:
            platform.data.add(path=str(write(tmp_path / f"{name}-docs", a="# A\n\nThe garage opens at six.")))
            platform.data.sync()
            platform.ledger.backup(folder=str(tmp_path / f"{name}-backup"))
    ours, theirs = tmp_path / "one-backup", tmp_path / "two-backup"

    with pytest.raises(ThrulineError):
        restore(ours / "data.tar.gz", theirs / "keys.tar.gz", tmp_path / "back")
    assert not (tmp_path / "back").exists()

    assert restore(ours / "data.tar.gz", ours / "keys.tar.gz", tmp_path / "back").ok


def test_a_home_whose_making_was_killed_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "home" / "keys").mkdir(parents=True)
    (tmp_path / "home" / "keys" / "master.key").write_text("half of a k")

    with open_home(tmp_path / "home") as platform:
        assert platform.ledger.verify().ok


def test_a_file_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a\x1b[2Jb.md").write_text("# A\n\nThe garage opens at six.")
    with open_home(tmp_path / "home") as platform:
        platform.data.add(path=str(docs))
        platform.data.sync()

    command = [sys.executable, "-m", "thruline.cli", "documents", "--home", str(tmp_path / "home")]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "\\x1b[2J" in shown
    assert "\x1b" not in shown


def test_a_root_that_became_a_link_is_not_followed(home: Platform, docs: Path, tmp_path: Path) -> None:
    write(docs, a="# A\n\nThe garage opens at six.")
    home.data.add(path=str(docs))
    home.data.sync()
    elsewhere = write(tmp_path / "elsewhere", secret="# S\n\nNobody is to read this.")
    docs.rename(tmp_path / "moved")
    docs.symlink_to(elsewhere)

    with pytest.raises(Unavailable, match="become a link"):
        home.data.sync()


def test_an_address_that_fits_two_people_joins_neither() -> None:
    pairs = [("email", "m.oslovsen@example.org"), ("name", "Marit Oslovsen"), ("name", "Martin Oslovsen")]

    assert same_person(pairs) == []
    assert same_person(pairs[:2]) == [(pairs[0], pairs[1])]


def test_a_damaged_backup_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "data.tar.gz").write_bytes(b"no archive")

    with pytest.raises(Corrupt, match=r"data\.tar\.gz"):
        restore(tmp_path / "data.tar.gz", tmp_path / "data.tar.gz", tmp_path / "home")
    assert not (tmp_path / "home").exists()
