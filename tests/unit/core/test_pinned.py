"""Pinned archives: real downloads by pip, real archives, hostile paths."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from thruline.core.errors import Corrupt, Invalid, NotFound, Unavailable
from thruline.core.pinned import Pinned, extract, fetch, names

SMALL_WHEEL = Pinned(
    name="iniconfig",
    version="2.1.0",
    filename="iniconfig-2.1.0-py3-none-any.whl",
    sha256="9deba5723312380e77435581c6bf4935c94cbfab9b1ed33ef8d238ea168eb760",
)


def _sdist(name: str, version: str, folder: Path) -> Pinned:
    """A source distribution in a folder that pip reads, whose build would leave a mark if it ran."""
    setup = b"open('/dev/stderr', 'w').write('ARCHIVE CODE RAN'); raise SystemExit('ARCHIVE CODE RAN')\n"
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for member, data in {"setup.py": setup, "docs/a.txt": b"page"}.items():
            info = tarfile.TarInfo(f"{name}-{version}/{member}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Pinned(name=name, version=version, filename=path.name, sha256=digest, kind="sdist")


def _fetch_from(folder: Path, pinned: Pinned, cache: Path) -> subprocess.CompletedProcess[str]:
    """Fetch in a process whose pip is configured, as a user would, to know one folder only."""
    code = (
        "import os, sys; from pathlib import Path; from thruline.core.pinned import Pinned, fetch;"
        f"os.environ.update(PIP_NO_INDEX='1', PIP_FIND_LINKS={str(folder)!r});"
        f"print(fetch({pinned!r}, Path({str(cache)!r})))"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_source_archive_is_fetched_without_running_it(tmp_path: Path) -> None:
    pinned = _sdist("harmful", "1.0", tmp_path)
    done = _fetch_from(tmp_path, pinned, tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert "ARCHIVE CODE RAN" not in done.stderr
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["harmful-1.0.tar.gz"]


def test_other_bytes_than_pinned_are_corrupt_and_leave_nothing(tmp_path: Path) -> None:
    pinned = _sdist("changed", "1.0", tmp_path)
    other = Pinned(name="changed", version="1.0", filename=pinned.filename, sha256="0" * 64, kind="sdist")
    done = _fetch_from(tmp_path, other, tmp_path / "cache")
    assert "Corrupt" in done.stderr
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_archive_that_no_index_has_is_unavailable_with_a_way_out(tmp_path: Path) -> None:
    pinned = Pinned(name="nowhere", version="1.0", filename="nowhere-1.0-py3-none-any.whl", sha256="0" * 64)
    done = _fetch_from(tmp_path, pinned, tmp_path / "cache")
    assert "Unavailable" in done.stderr
    assert "nowhere-1.0-py3-none-any.whl" in done.stderr


def test_a_damaged_cached_archive_is_fetched_again(tmp_path: Path) -> None:
    pinned = _sdist("again", "1.0", tmp_path)
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / pinned.filename).write_bytes(b"half a downl")
    assert _fetch_from(tmp_path, pinned, cache).returncode == 0
    assert hashlib.sha256((cache / pinned.filename).read_bytes()).hexdigest() == pinned.sha256


def test_a_cached_archive_needs_no_pip(tmp_path: Path) -> None:
    pinned = _sdist("cached", "1.0", tmp_path)
    assert fetch(pinned, tmp_path) == tmp_path / pinned.filename


def test_two_processes_at_once_both_get_the_archive(tmp_path: Path) -> None:
    pinned = _sdist("twice", "1.0", tmp_path)
    code = (
        "import os, sys; from pathlib import Path; from thruline.core.pinned import Pinned, fetch;"
        f"os.environ.update(PIP_NO_INDEX='1', PIP_FIND_LINKS={str(tmp_path)!r});"
        f"fetch({pinned!r}, Path({str(tmp_path / 'cache')!r}))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [p.wait() for p in both] == [0, 0]


def test_a_wheel_comes_from_the_index(tmp_path: Path) -> None:
    try:
        path = fetch(SMALL_WHEEL, tmp_path)
    except Unavailable as error:
        pytest.skip(f"no package index: {error.message}")
    assert "iniconfig/__init__.py" in names(path)


def _zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return path


def test_only_named_members_are_written(tmp_path: Path) -> None:
    archive = _zip(tmp_path / "a.zip", {"m/weights": b"w", "m/run.py": b"boom", "../evil": b"x"})
    extract(archive, {"m/weights": hashlib.sha256(b"w").hexdigest()}, tmp_path / "out")
    assert [str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*")] == ["m", "m/weights"]


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "c:evil", "a\\..\\evil", ""])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    archive = _zip(tmp_path / "a.zip", {"fine": b"x"})
    with pytest.raises(Invalid):
        extract(archive, {name: ""}, tmp_path / "out")


def test_a_member_that_is_missing_or_other_is_named(tmp_path: Path) -> None:
    archive = _zip(tmp_path / "a.zip", {"fine": b"x"})
    with pytest.raises(NotFound, match="gone"):
        extract(archive, {"gone": ""}, tmp_path / "out")
    with pytest.raises(Corrupt, match="fine"):
        extract(archive, {"fine": "0" * 64}, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*"))


def test_a_link_in_a_tar_archive_is_not_followed(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert names(tmp_path / "a.tar.gz") == []
    with pytest.raises(NotFound, match="link"):
        extract(tmp_path / "a.tar.gz", {"link": ""}, tmp_path / "out")


@pytest.mark.slow
def test_the_handbook_of_the_demo_is_fetched_as_data(tmp_path: Path) -> None:
    django = Pinned(
        name="Django",
        version="5.2.8",
        filename="django-5.2.8.tar.gz",
        sha256="23254866a5bb9a2cfa6004e8b809ec6246eba4b58a7589bc2772f1bcc8456c7f",
        kind="sdist",
    )
    try:
        path = fetch(django, tmp_path)
    except Unavailable as error:
        pytest.skip(f"no package index: {error.message}")
    assert sum(n.startswith("django-5.2.8/docs/") and n.endswith(".txt") for n in names(path)) > 600
    shutil.rmtree(tmp_path)
