"""A folder is a place as any other."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from thruline.backends.folder_origin import FolderOrigin
from thruline.testing.origin_suite import OriginSuite


class Folder:
    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()

    def put(self, files: Mapping[str, bytes]) -> None:
        for path, data in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def move(self, old: str, new: str) -> None:
        (self.root / new).parent.mkdir(parents=True, exist_ok=True)
        (self.root / old).rename(self.root / new)

    def delete(self, path: str) -> None:
        (self.root / path).unlink()

    def origin(self) -> FolderOrigin:
        return FolderOrigin(str(self.root))

    def away(self) -> None:
        self.root.rename(self.root.with_name("elsewhere"))

    def denied(self) -> FolderOrigin:
        raise AssertionError("a folder refuses nobody")


class TestFolderOrigin(OriginSuite):
    never_denies = "a folder that may not be read counts as away: a mount can lose its rights for a moment"

    @pytest.fixture
    def place(self, tmp_path: Path) -> Folder:
        return Folder(tmp_path / "docs")

    def test_what_begins_with_a_dot_is_left_out_and_said(self, place: Folder) -> None:
        place.put({"a.md": b"one", ".hidden.md": b"two", ".git/config": b"three"})
        assert {r.path: r.reason for r in place.origin().list().refused} == {".hidden.md": "ignored", ".git": "ignored"}

    def test_a_name_that_is_no_text_is_refused_by_a_name_that_is(self, place: Folder) -> None:
        Path(os.fsdecode(bytes(place.root) + b"/\xff.md")).write_bytes(b"one")
        (refusal,) = place.origin().list().refused
        assert refusal == ("\N{REPLACEMENT CHARACTER}.md", "unreadable")
