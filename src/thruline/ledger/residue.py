"""Looks for what should be gone: every byte of every file under a folder, in the disguises that software gives text.

Plain and in either case, as UTF-16, hexadecimal, Base64 and URL-encoded; and the same again inside what others
compressed (`ledger/unpacking.py`). What it cannot open (`OUT_OF_SIGHT`, and encryption by others) it cannot see: a
receipt of erasure says so.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import quote_from_bytes

import numpy as np

from thruline.core.errors import Unavailable
from thruline.ledger import unpacking

BLOCK_BYTES = 8 << 20
NESTING = 3
OUT_OF_SIGHT = "compressed streams other than gzip, zlib, zip, Zstandard, xz, bzip2 and Parquet were not looked into"

_WINDOW = 4  # bytes of a form that are looked for first
_COMMONEST = b"\0 etaoinsrhldcumfpgwybvkxjqz0123456789"  # in text and binaries; the first is the most common


class Hit(NamedTuple):
    """A canary stands at byte offset of path; in what was unpacked, at the byte where that starts."""

    path: Path
    offset: int
    canary: bytes


def residue(home: Path, canaries: Sequence[bytes]) -> list[Hit]:
    """Where any of the canaries (UTF-8, at least 4 bytes) still stands under a folder.

    Give short ones, a name or a few words: stores cut long texts into pages. The time hardly depends on their number.
    Each file is read once. Symbolic links are not followed; a file that vanishes meanwhile is gone.
    """
    scanner = _Scanner(canaries)
    return [Hit(path, offset, canary) for path in _files(home) for offset, canary in sorted(scanner.scan(path))]


def residue_apart(home: Path, canaries: Sequence[bytes]) -> list[Hit]:
    """As `residue`, in a process of its own: for a home whose databases this process has open.

    When a process closes a file, every lock that it holds on that file is gone (POSIX; sqlite.org/howtocorrupt.html,
    2.2). After a scan in here the next command elsewhere would believe itself alone, and throw our log away.
    """
    asked = json.dumps([str(home), [canary.hex() for canary in canaries]])
    child = subprocess.run(
        [sys.executable, "-m", "thruline.ledger.residue"], input=asked, capture_output=True, text=True, check=False
    )
    if child.returncode:
        raise Unavailable("the home could not be looked through", hint=child.stderr.strip().rpartition("\n")[2])
    return [Hit(Path(path), offset, bytes.fromhex(canary)) for path, offset, canary in json.loads(child.stdout)]


def _answer() -> None:
    """The child's part."""
    home, canaries = json.loads(sys.stdin.read())
    hits = residue(Path(home), [bytes.fromhex(canary) for canary in canaries])
    print(json.dumps([(str(hit.path), hit.offset, hit.canary.hex()) for hit in hits]))


class _Scanner:
    """Finds forms by their rarest four bytes: two table look-ups a position, and a comparison where both say yes."""

    def __init__(self, canaries: Sequence[bytes]) -> None:
        self._exact: dict[bytes, list[_Form]] = {}
        self._folded: dict[bytes, list[_Form]] = {}
        self._first, self._second = np.zeros((2, 1 << 16), np.bool_)
        for canary in canaries:
            for form in {form.lower() for form in _spellings(canary)}:
                self._add(self._folded, form, canary)
            for form in set(_base64(canary)):  # another case means another text
                self._add(self._exact, form, canary)
        forms = [form for found in (*self._exact.values(), *self._folded.values()) for form in found]
        self._longest = max((len(form.text) for form in forms), default=0)

    def scan(self, path: Path) -> set[tuple[int, bytes]]:
        """(offset, canary) in a file."""
        try:
            with path.open("rb") as file:
                found = self._find(file, NESTING)
                for text in unpacking.columns(file):
                    found |= {(0, canary) for _, canary in self._find(io.BytesIO(text), 0)}
                return found
        except FileNotFoundError:
            return set()

    def _add(self, forms: dict[bytes, list[_Form]], text: bytes, canary: bytes) -> None:
        if len(text) < _WINDOW:
            return
        at = max(range(len(text) - _WINDOW + 1), key=lambda i: _rarity(text[i : i + _WINDOW]))
        window = text[at : at + _WINDOW]
        forms.setdefault(window, []).append(_Form(text, at, canary))
        for table, pair in ((self._first, window[:2]), (self._second, window[2:])):
            for cased in _cases(pair) if forms is self._folded else [pair]:
                table[int.from_bytes(cased, "little")] = True

    def _find(self, file: BinaryIO, nesting: int) -> set[tuple[int, bytes]]:
        found: set[tuple[int, bytes]] = set()
        for offset, block in _blocks(file, self._longest):
            found |= {(offset + place, canary) for place, canary in self._in_block(block)}
            for start in unpacking.starts(block) if nesting else ():
                start += offset
                inside = self._find(io.BytesIO(unpacking.unpacked(file, start)), nesting - 1)
                found |= {(start, canary) for _, canary in inside}
        return found

    def _in_block(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        for place in self._candidates(block):
            window = block[place : place + _WINDOW]
            for form in self._exact.get(window, ()):
                if block.startswith(form.text, place - form.at) and place >= form.at:
                    yield place - form.at, form.canary
            for form in self._folded.get(window.lower(), ()):
                start = place - form.at
                if start >= 0 and block[start : start + len(form.text)].lower() == form.text:
                    yield start, form.canary

    def _candidates(self, block: bytes) -> Iterator[int]:
        for odd in (0, 1):
            pairs = np.frombuffer(block, "<u2", max(len(block) - odd, 0) // 2, odd) if len(block) > odd else _NONE
            maybe = np.flatnonzero(self._first[pairs[:-1]])
            yield from (maybe[self._second[pairs[maybe + 1]]] * 2 + odd).tolist()


class _Form(NamedTuple):
    """How a canary may be spelt; its rarest bytes begin at `at`."""

    text: bytes
    at: int
    canary: bytes


_NONE = np.zeros(0, "<u2")


def _rarity(window: bytes) -> int:
    # what is not listed is found at -1, and so counts as the rarest
    return sum(_COMMONEST.find(byte) % len(_COMMONEST) for byte in window.lower())


def _cases(pair: bytes) -> set[bytes]:
    a, b = pair[:1], pair[1:]
    return {x + y for x in (a, a.upper()) for y in (b, b.upper())}


def _spellings(canary: bytes) -> Iterator[bytes]:
    text = canary.decode("utf-8", "surrogateescape")
    for cased in {text, text.lower(), text.upper(), text.casefold()}:
        raw = cased.encode("utf-8", "surrogateescape")
        quoted = quote_from_bytes(raw, safe="").encode()
        yield from (raw, raw.hex().encode(), quoted, quoted.replace(b"%20", b"+"))
        yield from (cased.encode("utf-16-le", "surrogatepass"), cased.encode("utf-16-be", "surrogatepass"))


def _base64(canary: bytes) -> Iterator[bytes]:
    """The characters that only the canary decides, at each of the three places where it can begin."""
    for before in range(3):
        whole = b64encode(b"\0" * before + canary + b"\0\0")
        core = whole[-(-before * 8 // 6) : (before + len(canary)) * 8 // 6]
        yield from (core, core.replace(b"+", b"-").replace(b"/", b"_"))


def _files(home: Path) -> Iterator[Path]:
    return (path for path in sorted(home.rglob("*")) if path.is_file() and not path.is_symlink())


def _blocks(file: BinaryIO, overlap: int) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes), each block beginning with the end of the one before, so that no form is cut in two."""
    offset, kept = 0, b""
    while True:
        file.seek(offset + len(kept))  # unpacking moves the file's position
        read = file.read(BLOCK_BYTES)
        if not read:
            return
        block = kept + read
        yield offset, block
        kept = block[-overlap:] if overlap else b""
        offset += len(block) - len(kept)


if __name__ == "__main__":
    _answer()
