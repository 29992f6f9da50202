"""A repository, its owner and whoever dies while reading it can run nothing here and leave nothing here."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from thruline.backends.git_origin import GitOrigin
from thruline.testing.git_repository import Repository
from thruline.testing.origin_suite import LIMIT

LISTS = """
import os, signal, sys
from thruline.backends.git_origin import GitOrigin
origin = GitOrigin(sys.argv[1], {})
print([item.path for item in origin.list().items], flush=True)
if sys.argv[2:] == ["and dies"]:
    os.kill(os.getpid(), signal.SIGKILL)
origin.close()
"""


def in_a_child(place: Repository, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Our code in a process of its own, whose environment is what we say."""
    return subprocess.run(
        [sys.executable, "-c", LISTS, f"git+file://{place.root}", *arguments],
        capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", **environment},
    )  # fmt: skip


def test_what_a_killed_reader_left_goes_with_the_next(place: Repository, tmp_path: Path) -> None:
    place.put({"a.md": b"one"})
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    assert in_a_child(place, "and dies", TMPDIR=str(temporary)).returncode == -signal.SIGKILL
    assert len([*temporary.iterdir()]) == 1
    assert in_a_child(place, TMPDIR=str(temporary)).stdout == "['a.md']\n"
    assert [*temporary.iterdir()] == []


def test_without_the_program_it_says_what_to_install(place: Repository) -> None:
    done = in_a_child(place, PATH="/nonexistent")
    assert "Unsupported: git is not installed" in done.stderr


@pytest.fixture
def place(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "docs")


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a trace and goes on as it was asked to."""
    program = tmp_path / "trap.sh"
    program.write_text(f'#!/bin/sh\ntouch "{tmp_path}/sprung"\n[ $# -gt 0 ] && exec "$@"\ncat\n')
    program.chmod(0o755)
    return program


def test_settings_of_the_user_do_not_reach_git(place: Repository, trap: Path, tmp_path: Path) -> None:
    place.put({"a.md": b"one"})
    user = tmp_path / "user"
    user.mkdir()
    (user / ".gitconfig").write_text(f"[uploadpack]\npackObjectsHook = {trap}\n")
    variables = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "uploadpack.packObjectsHook",
        "GIT_CONFIG_VALUE_0": str(trap),
    }
    sprung = tmp_path / "sprung"

    assert in_a_child(place, HOME=str(user), **variables).stdout == "['a.md']\n"
    assert not sprung.exists()
    subprocess.run(
        ["git", "clone", "--quiet", f"file://{place.root}", str(tmp_path / "clone")], check=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(user)},
    )  # fmt: skip
    assert sprung.exists(), "the trap would not have sprung for anybody"


def test_a_hostile_repository_runs_nothing(place: Repository, trap: Path, tmp_path: Path) -> None:
    place.put(
        {
            "a.md": b"one",
            ".gitattributes": b"* filter=x diff=x merge=x\n",
            ".gitmodules": f'[submodule "m"]\npath = m\nurl = ext::{trap}\nupdate = !{trap}\n'.encode(),
            ".lfsconfig": b"[lfs]\nurl = https://127.0.0.1:1\n",
        }
    )
    for hook in ("post-upload-pack", "pre-upload-pack", "post-checkout", "reference-transaction", "post-index-change"):
        (place.root / ".git/hooks").mkdir(exist_ok=True)
        (place.root / ".git/hooks" / hook).symlink_to(trap)
    for name in (
        "core.fsmonitor", "core.sshCommand", "core.pager", "core.askPass", "core.alternateRefsCommand",
        "filter.x.smudge", "filter.x.clean", "filter.x.process", "diff.x.textconv", "diff.external",
        "uploadpack.packObjectsHook", "credential.helper",
    ):  # fmt: skip
        place.git("config", name, str(trap))
    (tmp_path / "sprung").unlink(missing_ok=True)

    with closing(GitOrigin(f"git+file://{place.root}", {})) as origin:
        assert [origin.read(item, limit=LIMIT).data for item in origin.list().items] == [b"one"]
    assert not (tmp_path / "sprung").exists()
