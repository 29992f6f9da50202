"""A git repository for tests, committed to after each change."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_AUTHOR = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgSign=false")


class Repository:
    """A repository with a work tree at root, and a first commit that holds nothing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "uploadpack.allowFilter", "true")
        self.commit("--allow-empty")

    def git(self, *arguments: str) -> str:
        """What git says to a command."""
        done = subprocess.run(["git", *_AUTHOR, *arguments], cwd=self.root, check=True, capture_output=True, text=True)  # noqa: S603, S607
        return done.stdout.strip()

    def commit(self, *options: str) -> None:
        """Commit all that the work tree holds."""
        self.git("add", "--all", ".")
        self.git("commit", "--quiet", "-m", "change", *options)

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files: path -> bytes."""
        for path, data in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        self.commit()

    def move(self, old: str, new: str) -> None:
        """Rename a file."""
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / old).rename(self.root / new)
        self.commit()

    def delete(self, path: str) -> None:
        """Take a file out."""
        (self.root / path).unlink()
        self.commit()

    def away(self) -> None:
        """Put it where nobody looks."""
        self.root.rename(self._elsewhere)

    def back(self) -> None:
        """Put it where it was."""
        self._elsewhere.rename(self.root)

    @property
    def _elsewhere(self) -> Path:
        return self.root.with_name(f"{self.root.name}-elsewhere")


@contextmanager
def temporary_folders_in(folder: Path) -> Iterator[Path]:
    """While it lasts, temporary folders are made in a new folder, to see what is left of them."""
    before = tempfile.tempdir
    folder.mkdir()
    tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
