"""The files of a git repository at one branch, tag or commit, told apart by their content's own id."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from thruline.backends.git_origin.blobs import Blobs
from thruline.backends.git_origin.program import Git, Remote
from thruline.backends.git_origin.workspace import Workspace
from thruline.core.errors import Invalid, Refused, Unavailable, Unsupported
from thruline.core.glimpse import counted
from thruline.core.nearest import meant
from thruline.core.units import Bytes
from thruline.ports.origin import Item, Listing, Reading, Refusal, Secret

_SCHEMES = ("https", "ssh", "file")
_ID = re.compile(r"[0-9a-f]{40}")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
# What no branch or tag can be called (git help check-ref-format), and what git would take for something else.
_NO_REF = re.compile(r"^[-+/.]|\.\.|[\x00-\x20~^:?*\[\\\x7f]|@\{|[/.]$")
_LFS = b"version https://git-lfs.github.com/spec/v1\n"


class GitOrigin:
    """The files below a folder of a repository.

    It is fetched into a temporary folder that `close` removes: what a home holds must not lie beside it. The secret is
    a token for https; ssh uses the key of the user that runs this, without asking.
    """

    options: Mapping[str, str] = {
        "ref": "branch, tag or commit; what its HEAD names unless given",
        "path": "only this folder of it, as `docs/handbook`",
        "ca": "file of the certificates to trust instead of the machine's, for a server of your own",
    }
    marks_content = True

    def __init__(self, location: str, options: Mapping[str, str], secret: Secret | None = None) -> None:
        self._remote = Remote(_url(location), options.get("ca", ""))
        self._ref = _checked_ref(options.get("ref", "HEAD"))
        self._path = _checked_path(options.get("path", ""))
        self._secret = secret
        if secret and self._remote.scheme != "https":
            raise Invalid("a token is for https", hint="over ssh, the key of the user that runs this is used")
        self._program = shutil.which("git") or ""
        if not self._program:
            raise Unsupported("git is not installed", hint="install the program `git`, for example `apt install git`")
        self._lock = threading.Lock()  # guards _clone and what is done in it
        self._clone: _Clone | None = None

    def look(self, *, within_s: float) -> str:
        """Its branches and tags; what they hold is not fetched."""
        with self._lock:
            names = self._opened().git.names(within_s)
        self._check_ref(names)
        heads, tags = (sum(name.startswith(f"refs/{kind}/") for name in names) for kind in ("heads", "tags"))
        return f"{counted(heads, 'branch', 'branches')}, {counted(tags, 'tag')}; {self._ref!r} is read"

    def list(self) -> Listing:
        """Every file; raises Unavailable where ref or path is not there: a renamed branch deletes nothing."""
        with self._lock:
            clone = self._opened()
            clone.git.fetch(self._ref)
            try:
                entries = [*_entries(clone.git.tree(self._path))]
            except Unavailable as error:
                there = f"there is no folder {self._path!r} at {self._ref!r}"
                raise Unavailable(there, hint="is it spelled right, and is it a folder?") from error
            kept = [e for e in entries if not e.refused]
            clone.blobs.expect(list(dict.fromkeys(e.blob for e in kept)))
        return Listing(
            items=[Item(e.path, e.blob) for e in kept],
            refused=[Refusal(e.path, e.refused) for e in entries if e.refused],
        )

    def read(self, item: Item, *, limit: Bytes) -> Reading:
        """The bytes that were listed, even where the branch has gone on."""
        if not _ID.fullmatch(item.mark):
            raise Refused(f"{item.path!r} was never listed", reason="unreadable")
        with self._lock:
            blob = self._opened().blobs.read(item.mark, limit=limit)
        if blob is None:
            raise Refused(f"{item.path!r} is no longer in the repository", reason="unreadable")
        if blob.size > limit:
            raise Refused(f"{item.path!r} has {blob.size} bytes, more than {limit}", reason="too_large")
        if blob.data.startswith(_LFS):
            hint = "keep documents in git itself, or add the folder of a checkout that has them"
            raise Refused(f"{item.path!r} is kept in Git LFS, which is not fetched", reason="unreadable", hint=hint)
        return Reading(blob.data, item.mark)

    def _check_ref(self, names: Sequence[str]) -> None:
        """Raises Invalid for a branch or tag that is not there; commits are told by nobody before they are fetched."""
        if self._ref in names or any(f"refs/{above}{self._ref}" in names for above in ("", "heads/", "tags/")):
            return
        if not names:
            raise Unavailable("the repository is empty", hint="a new repository needs a first commit")
        if not _COMMIT.fullmatch(self._ref):
            known = [name.partition("/")[2].partition("/")[2] for name in names if name.startswith("refs/")]
            raise Invalid(f"the repository has no branch or tag {self._ref!r}", hint=meant(self._ref, known))

    def close(self) -> None:
        """End git, and remove what was fetched."""
        with self._lock:
            if self._clone is not None:
                self._clone.blobs.close()
                self._clone.workspace.close()
                self._clone = None

    def _opened(self) -> _Clone:
        if self._clone is None:
            workspace = Workspace()
            git = Git(self._program, workspace.folder, self._remote, self._secret)
            self._clone = _Clone(workspace, git, Blobs(git))
        return self._clone


class _Clone(NamedTuple):
    """What is open while a place is read."""

    workspace: Workspace
    git: Git
    blobs: Blobs


class _Entry(NamedTuple):
    """A file of a tree, or why it is none."""

    path: str
    blob: str
    refused: str


def _entries(tree: bytes) -> Iterator[_Entry]:
    for line in tree.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _, blob = about.decode("ascii").split(" ")
        yield _Entry(path.decode("utf-8", "replace"), blob, _reason(mode, path))


def _reason(mode: str, path: bytes) -> str:
    """Why it is not taken in; nothing for files with plain names. A submodule is another repository: add it as one."""
    if path.startswith(b".") or b"/." in path:
        return "ignored"
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return "unreadable"
    return {"120000": "symlink", "160000": "unsupported_type"}.get(mode, "")


def _url(location: str) -> str:
    plus, _, url = location.partition("+")
    address = urlsplit(url)
    if plus != "git" or address.scheme not in _SCHEMES or address.query or address.fragment or not url.isprintable():
        raise Invalid(f"{location!r} names no repository", hint="git+https://…, git+ssh://… or git+file:///…")
    if address.password:
        raise Invalid("the address holds a password", hint="leave it out, and name it: --secret env:NAME")
    if address.scheme == "file":
        is_meant = not address.netloc and address.path.startswith("/")
    else:
        is_meant = bool(address.hostname) and not address.netloc.startswith("-") and len(address.path) > 1
    if not is_meant or " " in url:
        raise Invalid(f"{location!r} names no repository", hint="write git+https://host/path or git+file:///path")
    return url


def _checked_ref(ref: str) -> str:
    if not ref or _NO_REF.search(ref):
        raise Invalid(f"{ref!r} cannot name a branch, tag or commit", hint="write ref=main")
    return ref


def _checked_path(path: str) -> str:
    parts = path.strip("/").split("/")
    if path and (not path.isprintable() or any(p in ("", ".", "..") or p.startswith("-") for p in parts)):
        raise Invalid(f"{path!r} cannot name a folder of a repository", hint="write path=docs/handbook")
    return path.strip("/")
