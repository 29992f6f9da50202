"""Finds the examples of a page and runs them, in order, as a reader would: a scratch home folder, our commands on PATH.

A fenced block `console` runs what stands after `$ `; a block `python` runs as a program. A comment before the block
changes that: `<!-- skip: why -->` leaves it out, `<!-- exits 1 -->` expects that code of its last command. Where a page
shows an id, a key or a receipt, the last one of its kind that was printed is meant, as it is for a reader.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "README.md",
    *sorted((ROOT / "docs" / "tutorial").glob("*.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
)
PORT = "7070"
READY_S = 60.0
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>.*?) -->\n\n?)?^```(?P<language>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_ID = re.compile(r"\b([a-z]+):[0-9a-f]{32}\b")
_KEY = re.compile(r"\btl_[0-9a-f]{8}_[\w-]{43}\b")
_RECEIPT = re.compile(r"\berasure-[0-9a-f]{12}\.json\b")


class Block(NamedTuple):
    """A fenced block, and what the comment before it says."""

    language: str
    body: str
    mark: str

    @property
    def skipped(self) -> str:
        """Why it is not run; empty when it is."""
        return self.mark.removeprefix("skip: ") if self.mark.startswith("skip: ") else ""

    @property
    def code(self) -> int:
        """What its last command ends with."""
        return int(self.mark.removeprefix("exits ")) if self.mark.startswith("exits ") else 0

    @property
    def commands(self) -> list[str]:
        """What stands after the prompts, with the lines that a backslash continues."""
        found: list[str] = []
        for line in self.body.splitlines():
            if found and found[-1].endswith("\\"):
                found[-1] = f"{found[-1][:-1]} {line.strip()}"
            elif line.startswith("$ "):
                found.append(line[2:])
        return found


def blocks(page: Path) -> Iterator[Block]:
    """Every fenced block of a page."""
    for found in _BLOCK.finditer(page.read_text("utf-8")):
        yield Block(found["language"], found["body"], found["mark"] or "")


@dataclass
class Reader:
    """Somebody who follows a page: what they have been shown, and the server that they started."""

    folder: Path
    environment: dict[str, str]
    port: str
    seen: dict[str, str]
    server: subprocess.Popen[str] | None = None

    @classmethod
    def at(cls, folder: Path, cache: Path) -> Self:
        """A reader whose home folder is empty but for what lies there."""
        port = str(_free_port())
        environment = {
            "HOME": str(folder), "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "THRULINE_STORE__CACHE": str(cache), "THRULINE_SERVER__PORT": port, "LC_ALL": "C.UTF-8",
        }  # fmt: skip
        return cls(folder, environment, port, {})

    def follow(self, block: Block) -> None:
        """Run a block; raises AssertionError with what was printed when it ends otherwise than the page says."""
        if block.language == "python":
            self._run([sys.executable, "-c", self._meant(block.body)], block.body, 0)
            return
        for number, command in enumerate(block.commands, 1):
            self._command(self._meant(command), block.code if number == len(block.commands) else 0)

    def leave(self) -> None:
        """Stop the server, where one was started."""
        if self.server:
            self.server.terminate()
            self.server.communicate(timeout=READY_S)

    def _command(self, command: str, code: int) -> None:
        if name := re.match(r"export (\w+)=(\S+)$", command):
            self.environment[name[1]] = name[2]
        elif command.startswith("thruline up") and code == 0:
            self._serve(command)
        else:
            self._run(["bash", "-euc", command], command, code)

    def _run(self, words: list[str], shown: str, code: int) -> None:
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, f"{shown}\nended with {done.returncode}:\n{said}"
        self._remember(said)

    def _serve(self, command: str) -> None:
        self.server = subprocess.Popen(
            command.split(), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        end = time.monotonic() + READY_S
        while not _answers(int(self.port)):
            assert self.server.poll() is None, self.server.communicate()[0]
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.1)

    def _remember(self, said: str) -> None:
        self.seen |= {kind[1]: kind[0] for kind in _ID.finditer(said)}
        for name, pattern in (("key of a user", _KEY), ("receipt file", _RECEIPT)):
            if found := pattern.findall(said):
                self.seen[name] = found[-1]

    def _meant(self, text: str) -> str:
        text = text.replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{self.port}")
        text = _ID.sub(lambda found: self.seen.get(found[1], found[0]), text)
        text = _KEY.sub(lambda found: self.seen.get("key of a user", found[0]), text)
        return _RECEIPT.sub(lambda found: self.seen.get("receipt file", found[0]), text)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
        return True
    return False
