"""A git repository is a place as any other; read by file and by https, by the real git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from glob import glob
from pathlib import Path
from urllib.parse import quote

import pytest

from thruline.backends.git_origin import GitOrigin
from thruline.backends.git_origin.blobs import Ahead
from thruline.core.errors import Denied, Invalid, Refused, Unavailable
from thruline.ports.origin import Item
from thruline.testing.git_repository import Repository, temporary_folders_in
from thruline.testing.git_server import TOKEN, GitServer
from thruline.testing.origin_suite import LIMIT, OriginSuite


class ByFile(Repository):
    """Read where it lies."""

    def origin(self, **options: str) -> GitOrigin:
        return GitOrigin(f"git+file://{self.root}", options)

    def denied(self) -> GitOrigin:
        raise AssertionError("a file refuses nobody")


class ByHttps(Repository):
    """Read from a server with a token."""

    def __init__(self, server: GitServer, name: str) -> None:
        super().__init__(server.root / name)
        self._address = f"git+{server.url}/{name}/.git"
        self._options = {"ca": str(server.certificate)}

    def origin(self, token: str = TOKEN) -> GitOrigin:
        return GitOrigin(self._address, self._options, lambda: token)

    def denied(self) -> GitOrigin:
        return self.origin("a wrong token")


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[Path]:
    with temporary_folders_in(tmp_path / "temporary") as folder:
        yield folder


class TestGitOriginByFile(OriginSuite):
    keeps_listed = True
    never_denies = "what may not be read as a file is not there for git either"

    @pytest.fixture
    def place(self, tmp_path: Path) -> ByFile:
        return ByFile(tmp_path / "docs")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    with GitServer(tmp_path_factory.mktemp("served")) as running:
        yield running


class TestGitOriginByHttps(OriginSuite):
    keeps_listed = True

    @pytest.fixture
    def place(self, server: GitServer, tmp_path: Path) -> ByHttps:
        server.asked = lambda: None
        return ByHttps(server, tmp_path.name)

    def test_many_small_files_come_in_few_fetches(self, place: ByHttps, server: GitServer) -> None:
        place.put({f"{n:04}.md": str(n).encode() for n in range(500)})
        asked = counted(server)
        with closing(place.origin()) as origin:
            assert len([origin.read(item, limit=LIMIT) for item in origin.list().items]) == 500
        assert len(asked) < 40

    def test_one_file_in_the_middle_comes_alone(self, place: ByHttps, server: GitServer) -> None:
        place.put({f"{n:04}.md": str(n).encode() * 100_000 for n in range(60)})
        with closing(place.origin()) as origin:
            item = origin.list().items[30]
            sent = server.sent
            assert origin.read(item, limit=LIMIT).data == b"30" * 100_000
            assert server.sent - sent < 10_000

    def test_the_token_shows_nowhere_while_git_is_at_work(
        self, place: ByHttps, server: GitServer, temporary: Path
    ) -> None:
        place.put({"a.md": b"one"})
        shown: list[str] = []
        modes: set[int] = set()

        def look() -> None:
            shown.extend(p for p in processes() if TOKEN in p or quote(TOKEN, "") in p)
            modes.update(token.stat().st_mode & 0o777 for token in temporary.glob("*/token"))

        server.asked = look
        with closing(place.origin()) as origin:
            origin.read(origin.list().items[0], limit=LIMIT)
            assert [*temporary.glob("*/token")] == []
        assert (shown, modes) == ([], {0o600})

    def test_a_refusal_does_not_quote_the_token(self, place: ByHttps) -> None:
        with closing(place.denied()) as origin, pytest.raises(Denied) as denied:
            origin.list()
        assert "wrong token" not in f"{denied.value} {denied.value.hint} {denied.value.__cause__}"

    def test_a_server_with_another_certificate_is_not_talked_to(self, server: GitServer) -> None:
        asked = counted(server)
        with closing(GitOrigin(f"git+{server.url}/x", {}, lambda: TOKEN)) as origin, pytest.raises(Unavailable):
            origin.list()
        assert asked == []


@pytest.fixture
def place(tmp_path: Path) -> ByFile:
    return ByFile(tmp_path / "docs")


def refusals(place: ByFile, **options: str) -> dict[str, str]:
    with closing(place.origin(**options)) as origin:
        return {r.path: r.reason for r in origin.list().refused}


def paths(place: ByFile, **options: str) -> set[str]:
    with closing(place.origin(**options)) as origin:
        return {item.path for item in origin.list().items}


def test_what_is_no_plain_file_is_refused_with_its_reason(place: ByFile) -> None:
    (place.root / "link.md").symlink_to("a.md")
    (place.root / os.fsdecode(b"\xff.md")).write_bytes(b"x")
    place.git("update-index", "--add", "--cacheinfo", f"160000,{place.git('rev-parse', 'HEAD')},module")
    place.put({"a.md": b"one", ".github/x.md": b"two", "sub/.hidden": b"three"})
    place.git("update-index", "--add", "--cacheinfo", f"160000,{place.git('rev-parse', 'HEAD')},module")
    place.git("commit", "--quiet", "-m", "module")
    assert paths(place) == {"a.md"}
    assert refusals(place) == {
        "link.md": "symlink", "module": "unsupported_type", "\N{REPLACEMENT CHARACTER}.md": "unreadable",
        ".github/x.md": "ignored", "sub/.hidden": "ignored",
    }  # fmt: skip


def test_a_pointer_of_lfs_is_refused_in_words(place: ByFile) -> None:
    place.put({"big.pdf": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"})
    with closing(place.origin()) as origin, pytest.raises(Refused, match="Git LFS") as refused:
        origin.read(origin.list().items[0], limit=LIMIT)
    assert refused.value.reason == "unreadable"


def test_branches_tags_and_commits_are_read_as_named(place: ByFile) -> None:
    place.put({"a.md": b"one"})
    place.git("tag", "-a", "-m", "first", "v1/first")
    first = place.git("rev-parse", "HEAD")
    place.git("checkout", "--quiet", "-b", "feature/new")
    place.put({"b.md": b"two"})
    place.git("checkout", "--quiet", "main")
    assert paths(place) == paths(place, ref="v1/first") == paths(place, ref=first) == {"a.md"}
    assert paths(place, ref="feature/new") == paths(place, ref="refs/heads/feature/new") == {"a.md", "b.md"}


def test_a_subfolder_is_listed_by_the_names_in_it(place: ByFile) -> None:
    place.put({"docs/hand book/a.md": b"one", "docs/b.md": b"two", "c.md": b"three"})
    assert paths(place, path="docs/hand book") == {"a.md"}
    assert paths(place, path="/docs/") == {"hand book/a.md", "b.md"}


@pytest.mark.parametrize("options", [{"ref": "no-such"}, {"path": "no/such"}, {"path": "a.md"}, {"ref": "0" * 40}])
def test_what_is_not_there_is_unavailable_and_not_empty(place: ByFile, options: dict[str, str]) -> None:
    place.put({"a.md": b"one"})
    with pytest.raises(Unavailable):
        paths(place, **options)


def test_a_repository_without_a_commit_is_unavailable(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "new")], check=True)
    with closing(GitOrigin(f"git+file://{tmp_path}/new", {})) as origin, pytest.raises(Unavailable, match="have what"):
        origin.list()


def test_a_server_that_sends_everything_is_read_as_well(place: ByFile) -> None:
    place.git("config", "uploadpack.allowFilter", "false")
    place.put({"a.md": b"one"})
    with closing(place.origin()) as origin:
        assert origin.read(origin.list().items[0], limit=LIMIT).data == b"one"


def test_a_shallow_repository_is_read_as_well(place: ByFile, tmp_path: Path) -> None:
    place.put({"a.md": b"one"})
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{place.root}", str(tmp_path / "shallow")], check=True)
    with closing(GitOrigin(f"git+file://{tmp_path}/shallow", {})) as origin:
        assert [item.path for item in origin.list().items] == ["a.md"]


def test_what_was_rewritten_away_after_the_listing_is_unreadable(place: ByFile) -> None:
    place.put({"a.md": b"one", "b.md": b"two"})
    with closing(place.origin()) as origin:
        a, b = origin.list().items
        (place.root / "a.md").unlink()
        place.commit("--amend")
        place.git("reflog", "expire", "--expire=all", "--all")
        place.git("gc", "--quiet", "--prune=all")
        with pytest.raises(Refused) as refused:
            origin.read(a, limit=LIMIT)
        assert refused.value.reason == "unreadable"
        assert origin.read(b, limit=LIMIT).data == b"two"


@pytest.mark.parametrize("mark", ["", "HEAD", "0" * 39, f"{'0' * 40}\nHEAD"])
def test_a_mark_that_is_no_id_is_never_asked_for(place: ByFile, mark: str) -> None:
    with closing(place.origin()) as origin, pytest.raises(Refused):
        origin.read(Item("a.md", mark), limit=LIMIT)


def test_nothing_is_left_behind(place: ByFile, temporary: Path) -> None:
    place.put({"a.md": b"one"})
    origin = place.origin()
    origin.read(origin.list().items[0], limit=LIMIT)
    (folder,) = temporary.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    origin.close()
    assert [*temporary.iterdir()] == []


@pytest.mark.parametrize(
    ("location", "options"),
    [
        ("git+ext://sh -c touch% x", {}),
        ("git+http://example.org/x", {}),
        ("git://example.org/x", {}),
        ("git+ssh://-oProxyCommand=touch/x", {}),
        ("git+https://example.org", {}),
        ("git+https://user:hidden@example.org/x", {}),
        ("git+file://host/srv/x", {}),
        ("git+file:///srv/x\n[core]", {}),
        ("git+file:///srv/x", {"ref": "--upload-pack=touch x"}),
        ("git+file:///srv/x", {"ref": "-x"}),
        ("git+file:///srv/x", {"ref": "a:refs/heads/b"}),
        ("git+file:///srv/x", {"ref": "a..b"}),
        ("git+file:///srv/x", {"ref": ""}),
        ("git+file:///srv/x", {"path": "-x"}),
        ("git+file:///srv/x", {"path": "../x"}),
        ("git+file:///srv/x", {"path": "a//b"}),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(location: str, options: dict[str, str]) -> None:
    with pytest.raises(Invalid) as error:
        GitOrigin(location, options)
    assert "hidden" not in str(error.value)


def test_a_token_for_anything_but_https_is_refused() -> None:
    with pytest.raises(Invalid, match="https"):
        GitOrigin("git+ssh://git@example.org/x", {}, lambda: TOKEN)


def test_a_server_that_is_not_up_is_unavailable() -> None:
    for location in ("git+ssh://git@127.0.0.1:1/x", "git+https://127.0.0.1:1/x"):
        with closing(GitOrigin(location, {})) as origin, pytest.raises(Unavailable):
            origin.list()


def test_groups_double_while_they_are_read_in_order_and_else_hold_one() -> None:
    order = [str(n) for n in range(1000)]
    ahead = Ahead(order)
    sizes = []
    while (done := sum(sizes)) < 500:
        sizes.append(len(ahead.group(order[done])))
    assert sizes == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert ahead.group("900") == ["900"]
    assert ahead.group("3") == ["3"]
    assert ahead.group("901") == ["901", "902"]
    assert ahead.group("never listed") == ["never listed"]


def counted(server: GitServer) -> list[int]:
    """Grows by one with each request."""
    asked: list[int] = []
    server.asked = lambda: asked.append(1)
    return asked


def processes() -> Iterator[str]:
    """What each process on this machine shows of itself: its arguments and its environment."""
    for found in glob("/proc/[0-9]*/cmdline") + glob("/proc/[0-9]*/environ"):
        with suppress(OSError):
            yield Path(found).read_bytes().decode("utf-8", "replace")
