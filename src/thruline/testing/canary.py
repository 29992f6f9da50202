"""Canaries: words that stand nowhere else, planted in what should be erased and looked for afterwards."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote_plus

from hypothesis import strategies as st

from thruline.core.ids import random_id
from thruline.ledger.residue import residue_apart

# As a name is made: a first name that many have, a last name that nobody has
_FIRST = ("Ada", "Zoë", "Jürgen", "Nguyễn", "O'Neil", "Łucja", "Søren", "María José")


def canary() -> str:
    """A person's name that was never used before."""
    unique = random_id("name").partition(":")[2]
    return f"{_FIRST[int(unique, 16) % len(_FIRST)]} Q{unique[:12]}"


def names() -> st.SearchStrategy[str]:
    """Names with spaces, accents and apostrophes, each with a part that is unlikely by chance."""
    last = st.text("bcdfghjkqvwxzäéøł", min_size=8, max_size=20).map(str.capitalize)
    return st.tuples(st.sampled_from(_FIRST), last).map(" ".join)


def assert_gone(home: Path, canaries: Sequence[str]) -> None:
    """Fails, and says where, if any of the canaries stands anywhere under home in any disguise."""
    hits = residue_apart(home, [canary.encode() for canary in canaries])
    where = "\n".join(f"  {hit.path.relative_to(home)} at {hit.offset}: {hit.canary.decode()}" for hit in hits)
    assert not hits, f"{len(hits)} traces are left:\n{where}"


def _zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("other.txt", b"nothing here" * 20)
        archive.writestr("letter.txt", data)
    return file.getvalue()


DISGUISES: Mapping[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "lower case": lambda text: text.lower().encode(),
    "upper case": lambda text: text.upper().encode(),
    "case-folded": lambda text: text.casefold().encode(),
    "UTF-16 little-endian": lambda text: text.encode("utf-16-le"),
    "UTF-16 big-endian": lambda text: text.encode("utf-16-be"),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "upper-case hexadecimal": lambda text: text.encode().hex().upper().encode(),
    "Base64": lambda text: base64.b64encode(f"Dear {text}, hello".encode()),
    "Base64, one byte on": lambda text: base64.b64encode(f"Dear  {text}, hello".encode()),
    "Base64, two bytes on": lambda text: base64.b64encode(f"Dear   {text}, hello".encode()),
    "Base64 for URLs": lambda text: base64.urlsafe_b64encode(f"To {text}!".encode()),
    "URL-encoded": lambda text: quote_plus(text).encode(),
    "gzip": lambda text: gzip.compress(f"{'x' * 500}{text}{'y' * 500}".encode()),
    "zlib": lambda text: zlib.compress(f"{'x' * 500}{text}{'y' * 500}".encode()),
    "zip": lambda text: _zipped(f"To {text}".encode()),
    "gzip in zip": lambda text: _zipped(gzip.compress(text.encode())),
    "UTF-16 in zlib": lambda text: zlib.compress(text.encode("utf-16-le")),
}
"""How software writes a text down."""
