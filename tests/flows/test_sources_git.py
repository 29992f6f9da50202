"""A git repository as a source, through the public door: added, changed, moved, deleted, away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Denied, Invalid, Unavailable
from thruline.flows.reports import SyncReport
from thruline.testing.git_repository import Repository, temporary_folders_in
from thruline.testing.git_server import TOKEN, GitServer

VALVE = b"# Valve\n\nThe blue valve opens at nine in the morning and closes at noon."
PUMP = b"# Pump\n\nThe red pump runs at night, when power is cheap, and rests by day."


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "served" / "handbook")


def add(home: Platform, repository: Repository, *options: str) -> None:
    home.data.add(path=f"git+file://{repository.root}", options=("tries=1", *options))


def sync(home: Platform) -> SyncReport:
    (report,) = home.data.sync(source="handbook")
    assert report.indexed + report.duplicates + report.quarantined + len(report.refused) == report.seen
    return report


def texts_found(home: Platform, question: str) -> dict[str, str]:
    return {p.path: p.text for p in home.vectors.search(question=question).passages}


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[Path]:
    with temporary_folders_in(tmp_path / "temporary") as folder:
        yield folder


def test_files_answer_change_move_and_go(home: Platform, repository: Repository) -> None:
    repository.put({"valve.md": VALVE, "pump.md": PUMP})
    add(home, repository)
    assert (sync(home).added, sync(home).unchanged) == (2, 2)

    repository.put({"valve.md": VALVE.replace(b"nine", b"seven")})
    repository.move("pump.md", "machines/pump.md")
    report = sync(home)
    assert (report.added, report.changed, report.moved, report.deleted) == (0, 1, 1, 0)
    found = texts_found(home, "When does the blue valve open?")
    assert set(found) == {"valve.md", "machines/pump.md"}
    assert "seven" in found["valve.md"]
    assert "nine" not in found["valve.md"]

    repository.delete("valve.md")
    assert sync(home).deleted == 1
    assert set(texts_found(home, "When does the blue valve open?")) == {"machines/pump.md"}


def test_a_branch_is_read_and_another_ones_changes_are_not(home: Platform, repository: Repository) -> None:
    repository.put({"docs/valve.md": VALVE, "other/pump.md": PUMP})
    repository.git("checkout", "--quiet", "-b", "draft")
    repository.put({"docs/pump.md": PUMP})
    add(home, repository, "ref=main", "path=docs")
    assert sync(home).seen == 1
    assert set(texts_found(home, "red pump")) == {"valve.md"}


def test_a_repository_that_went_away_or_lost_its_branch_deletes_nothing(
    home: Platform, repository: Repository, temporary: Path
) -> None:
    repository.put({"valve.md": VALVE})
    add(home, repository, "ref=main")
    sync(home)
    repository.git("branch", "--move", "main", "trunk")
    with pytest.raises(Unavailable, match="does not have what is asked for"):
        sync(home)
    repository.away()
    with pytest.raises(Unavailable):
        sync(home)
    assert "valve.md" in texts_found(home, "blue valve")
    repository.back()
    repository.git("branch", "--move", "trunk", "main")
    assert sync(home).unchanged == 1
    assert [*temporary.glob("thruline-git-*")] == []


def test_what_git_does_not_hold_itself_is_refused_by_name(home: Platform, repository: Repository) -> None:
    (repository.root / "link.md").symlink_to("valve.md")
    repository.put({"valve.md": VALVE, "scan.md": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"})
    add(home, repository)
    assert {(r.path, r.reason) for r in sync(home).refused} == {("link.md", "symlink"), ("scan.md", "unreadable")}


def test_a_token_opens_a_server_and_is_kept_nowhere(home: Platform, repository: Repository, tmp_path: Path) -> None:
    repository.put({"valve.md": VALVE})
    token = tmp_path / "token"
    token.write_text("an old token")
    with GitServer(repository.root.parent) as server:
        place = {
            "path": f"git+{server.url}/handbook/.git", "name": "handbook", "secret": f"file:{token}",
            "options": (f"ca={server.certificate}", "tries=1"),
        }  # fmt: skip
        with pytest.raises(Denied, match="refuses us"):
            home.data.add(**place)
        home.data.add(**place, unseen=True)
        with pytest.raises(Denied, match="refuses us"):
            sync(home)
        token.write_text(TOKEN)
        assert sync(home).added == 1
    with pytest.raises(Unavailable):
        sync(home)
    assert "valve.md" in texts_found(home, "blue valve")
    held = [f for f in (tmp_path / "home").rglob("*") if f.is_file() and TOKEN.encode() in f.read_bytes()]
    assert held == []


@pytest.mark.parametrize(
    ("path", "options", "says"),
    [
        ("git://example.org/x", (), "names no repository"),
        ("git+https://user:hidden@example.org/x", (), "holds a password"),
        ("git+file:///srv/x", ("ref=--upload-pack=x",), "cannot name a branch"),
        ("git+file:///srv/x", ("branch=main",), "'branch' is no option"),
    ],
)
def test_what_cannot_be_meant_is_refused_when_it_is_added(
    home: Platform, path: str, options: tuple[str, ...], says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        home.data.add(path=path, options=options)
    assert home.data.sources() == ()
