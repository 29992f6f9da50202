import os
from pathlib import Path

import pytest

from thruline.backends.folder_origin import FolderOrigin
from thruline.core.errors import Unavailable
from thruline.data.sources import Changes, Move, compare, pair_moves

OLD = 1_700_000_000_000_000_000


def write(root: Path, path: str, text: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, ns=(OLD, OLD))
    return file


def scan(root: Path, known: dict[str, str], *, allow_empty: bool = False) -> Changes:
    listing = FolderOrigin(str(root)).list()
    return compare(listing, known, where=str(root), marks_content=True, allow_empty=allow_empty)


def known(root: Path) -> dict[str, str]:
    folder = FolderOrigin(str(root))
    return {item.path: folder.read(item, limit=10**6).mark for item in folder.list().items}


def test_a_scan_tells_added_changed_moved_deleted_and_unchanged(tmp_path):
    for name in ("same", "edited", "moved", "dropped"):
        write(tmp_path, f"{name}.txt", name)
    before = known(tmp_path)
    write(tmp_path, "edited.txt", "edited twice")
    write(tmp_path, "new.txt", "new")
    (tmp_path / "sub").mkdir()
    (tmp_path / "moved.txt").rename(tmp_path / "sub" / "renamed.txt")
    (tmp_path / "dropped.txt").unlink()
    after = scan(tmp_path, before)
    assert [f.path for f in after.added] == ["new.txt"]
    assert [f.path for f in after.changed] == ["edited.txt"]
    assert after.moved == (Move("moved.txt", "sub/renamed.txt"),)
    assert after.deleted == ("dropped.txt",)
    assert after.unchanged == 1


def test_a_file_read_right_after_it_was_written_is_looked_at_again(tmp_path):
    (tmp_path / "fresh.txt").write_text("fresh")
    assert [f.path for f in scan(tmp_path, known(tmp_path)).changed] == ["fresh.txt"]


def test_a_missing_root_is_unavailable_and_not_empty(tmp_path):
    with pytest.raises(Unavailable):
        scan(tmp_path / "gone", {})


def test_an_emptied_root_is_not_taken_for_a_deletion_unless_told_so(tmp_path):
    before = {f"{n}.txt": f"1:{OLD}:{n}" for n in range(20)}
    with pytest.raises(Unavailable, match="held 20 items"):
        scan(tmp_path, before)
    assert len(scan(tmp_path, before, allow_empty=True).deleted) == 20


def test_files_below_an_unreadable_folder_are_not_deleted(tmp_path):
    write(tmp_path, "a.txt", "a")
    before = known(tmp_path)
    deep = "/".join(["d" * 250] * 17)  # longer than any path that the system opens in one go
    at = os.open(tmp_path, os.O_DIRECTORY)
    for folder in deep.split("/"):
        os.mkdir(folder, dir_fd=at)
        below = os.open(folder, os.O_DIRECTORY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    inside = f"{deep}/b.txt"
    result = scan(tmp_path, {**before, inside: f"1:{OLD}:1"})
    assert (result.deleted, result.unseen) == ((), (inside,))
    assert [r.reason for r in result.refused] == ["unreadable"]


def test_moves_pair_equal_content_by_name_first():
    deleted = {"a/x.txt": "1", "a/y.txt": "1", "gone.txt": "2"}
    added = {"b/y.txt": "1", "b/z.txt": "1", "c/w.txt": "1"}
    assert pair_moves(deleted, added) == (Move("a/x.txt", "b/z.txt"), Move("a/y.txt", "b/y.txt"))
