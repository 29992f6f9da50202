"""Runs the `git` program in a bare repository of our own, and nothing but it.

No hooks, filters, prompts, settings of the user or the machine, and one transport alone. A token stands in a file that
only we may read, for as long as a fetch lasts: never among arguments or in the environment, where others could see it.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from thruline.core.errors import Denied, ThrulineError, Unavailable
from thruline.core.unreachable import cause_of
from thruline.ports.origin import Secret

TIP = "refs/thruline/tip"
_LONGEST_S = 3600.0
_ANY_NAME = "oauth2"  # what the common servers take beside a token
_SSH = "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20 -o ServerAliveInterval=20"
_FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no", "--filter=blob:none")
_NOT_THERE = ("not our ref", "did not send all necessary objects")
_DENIED = (
    "Authentication failed", "could not read Username", "could not read Password", "returned error: 401",
    "returned error: 403", "Permission denied (", "dubious ownership",
)  # fmt: skip
_GONE = ("not found", "does not exist", "does not appear to be a git repository")


class Remote(NamedTuple):
    """Where a repository lies. ca: a file of certificates that are trusted instead of the machine's."""

    url: str
    ca: str = ""

    @property
    def scheme(self) -> str:
        """The one transport that may be used."""
        return urlsplit(self.url).scheme


class Git:
    """The program, at work below a folder that is ours alone. Not for several threads at once."""

    def __init__(self, program: str, folder: Path, remote: Remote, secret: Secret | None) -> None:
        self._program = program
        self._folder = folder
        self._remote = remote
        self._secret = secret
        self._write(".gitconfig", _settings(remote, self._token_file))
        self._run("init", "--quiet", "--bare", "--template=", str(self._repository))

    def names(self, within_s: float) -> list[str]:
        """What the repository calls its commits: HEAD, its branches and its tags; empty for one without commits."""
        wanted = ("HEAD", "refs/heads/*", "refs/tags/*")
        with self._token():
            out = self._run("ls-remote", "origin", *wanted, protocol=self._remote.scheme, longest_s=within_s)
        names = (line.partition("\t")[2] for line in out.decode("utf-8", "replace").splitlines())
        return [name for name in names if not name.endswith("^{}")]

    def fetch(self, ref: str) -> None:
        """Bring the commit and the trees that ref names to TIP, without what the files hold.

        A server that cannot leave the files' content out sends it all; then nothing is missing later.
        """
        with self._token():
            self._run(*_FETCH, "--depth=1", "--update-shallow", "origin", f"+{ref}:{TIP}", protocol=self._remote.scheme)

    def fetch_blobs(self, ids: Sequence[str]) -> bool:
        """Bring these; False where the repository has lost one of them."""
        wanted = "".join(f"{i}\n" for i in ids).encode()
        try:
            with self._token():
                self._run(*_FETCH, "--stdin", "origin", stdin=wanted, protocol=self._remote.scheme)
        except Unavailable as error:
            if any(words in str(error) for words in _NOT_THERE):
                return False
            raise
        return True

    def tree(self, path: str) -> bytes:
        """All files below path at TIP, as `ls-tree -r -z` tells them; raises Unavailable where it is no folder."""
        return self._run("ls-tree", "-r", "-z", "--full-tree", f"{TIP}:{path}")

    def start_reading(self) -> subprocess.Popen[bytes]:
        """A process that is asked for blobs by id and can reach no server."""
        return subprocess.Popen(  # noqa: S603 - git, with our arguments
            self._command("cat-file", "--batch"), env=self._environment("none"), cwd=self._folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def _run(self, *arguments: str, stdin: bytes = b"", protocol: str = "none", longest_s: float = _LONGEST_S) -> bytes:
        process = subprocess.Popen(  # noqa: S603 - git, with our arguments
            self._command(*arguments), env=self._environment(protocol), cwd=self._folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        with process:
            try:
                out, err = process.communicate(stdin, timeout=longest_s)
            except subprocess.TimeoutExpired as error:
                raise Unavailable(f"git took more than {longest_s:.0f} s", hint="is its server stuck?") from error
            finally:
                _end(process)
        if process.returncode:
            raise _meant(err.decode("utf-8", "replace"))
        return out

    def _command(self, *arguments: str) -> list[str]:
        return [self._program, f"--git-dir={self._repository}", *arguments]

    def _environment(self, protocol: str) -> Mapping[str, str]:
        """All that git and its children see: our settings, and of the machine's only where programs lie."""
        return {
            "HOME": str(self._folder),
            "XDG_CONFIG_HOME": str(self._folder),
            "PATH": f"{os.path.dirname(self._program)}:/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": protocol,
            "GIT_SSH_COMMAND": _SSH,
        }

    @contextmanager
    def _token(self) -> Iterator[None]:
        """While it lasts, git finds the token for this host, and for no other that it may be sent on to."""
        if not self._secret:
            yield
            return
        address = urlsplit(self._remote.url)
        user, host = unquote(address.username or _ANY_NAME), address.netloc.rpartition("@")[2]
        self._write(self._token_file.name, f"https://{quote(user, '')}:{quote(self._secret(), '')}@{host}\n")
        try:
            yield
        finally:
            self._token_file.unlink(missing_ok=True)

    def _write(self, name: str, text: str) -> None:
        file = os.open(self._folder / name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with open(file, "w", encoding="utf-8") as opened:
            opened.write(text)

    @property
    def _repository(self) -> Path:
        return self._folder / "repository"

    @property
    def _token_file(self) -> Path:
        return self._folder / "token"


def _settings(remote: Remote, token_file: Path) -> str:
    values = {
        'remote "origin".url': remote.url,
        "core.hooksPath": os.devnull,
        "core.askPass": "",
        "credential.helper": f"store --file={shlex.quote(str(token_file))}",
        "fetch.negotiationAlgorithm": "noop",  # as git's own fetches of single blobs: there is nothing to negotiate
        "gc.auto": "0",
        "maintenance.auto": "false",
        "http.lowSpeedLimit": "1",
        "http.lowSpeedTime": "60",
    } | ({"http.sslCAInfo": remote.ca} if remote.ca else {})
    lines = (f"[{name.rpartition('.')[0]}]\n{name.rpartition('.')[2]} = {_quoted(v)}\n" for name, v in values.items())
    return "".join(lines)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _end(process: subprocess.Popen[bytes]) -> None:
    """Also of what it started: a transport of a git that was given up would go on."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _meant(said: str) -> ThrulineError:
    """What git's complaint means for the place."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    fatal = next(
        (line for line in lines if line.startswith(("fatal:", "ssh:", "Host key"))), lines[-1] if lines else ""
    )
    words = "".join(c for c in fatal if c.isprintable())[:300]
    if any(sign in said for sign in _DENIED):
        return Denied(f"the repository refuses us: {words}", hint="check the token, its scope, or who owns the folder")
    if "find remote ref" in said:
        hint = "is the branch or tag spelled right? a new repository needs a first commit"
        return Unavailable(f"the repository does not have what is asked for: {words}", hint=hint)
    if "Host key" in said:
        hint = "connect to it once by hand with `ssh`, as the user that runs this"
        return Unavailable(f"the server is not known: {words}", hint=hint)
    if any(sign in said for sign in _GONE):
        return Unavailable(f"there is no repository: {words}", hint="is its address right, and may we see it?")
    cause = cause_of(words)
    hint = cause.hint if cause else "check its address, and whether it is up"
    return Unavailable(f"git cannot read the repository: {words}", hint=hint)
