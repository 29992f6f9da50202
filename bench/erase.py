"""How long it takes to erase a person from 100 of 2,000 records, and what of 200 planted words is left in any byte.

    python bench/erase.py [--write]

Each of the 100 holds a word that stands nowhere else, and bears another in its file's name; they come as Markdown,
HTML, UTF-16, Word (zip) and e-mail in Base64. The words also stand in questions and their answers, in a job, and in a
copy made for the person. Afterwards every byte of the home is searched for them as text, UTF-16, hexadecimal, Base64
and inside gzip, zlib and zip, and for the 100 vectors as float16 and float32. That there was something to find is shown
first: the same search through all that the home keeps, decrypted, finds them all.

Baseline, in the same run: plain `DELETE` of the same 100 records' rows and payloads and `VACUUM`, in a copy of the
same two databases: what a table would do that neither looks for anything nor proves anything. Targets: 0 bytes, at most
1 s. A fake embedder (64 dimensions) makes the vectors.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import random
import resource
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import docx
import numpy as np
from kept import keep

from thruline.app.platform import Platform
from thruline.ledger.residue import residue
from thruline.testing.homes import open_home

RECORDS, OF_THE_PERSON, ASKED = 2_000, 100, 20
NAME = "Ottilie Kvasthoug"
TARGET_S = 1.0
SEED = 11


class Canary(NamedTuple):
    """Two words that stand nowhere else: one for a text, one for the name of its file."""

    said: str
    named: str


def canaries() -> list[Canary]:
    """A pair for each record of the person; letters alone, so that they pass for words."""
    drawn = random.Random(SEED)
    words = ["".join(drawn.choices("bcdfghjklmnpqrstvwxz", k=12)) for _ in range(2 * OF_THE_PERSON)]
    assert len(set(words)) == len(words)
    return [Canary(*pair) for pair in zip(words[::2], words[1::2], strict=True)]


def words_of(number: int) -> str:
    return " ".join(
        f"Order {number * 31 + k} holds vase {k * number % 977} and lamp {(number + k) * 7 % 991}." for k in range(12)
    )


def word_document(text: str) -> bytes:
    document, file = docx.Document(), io.BytesIO()
    for paragraph in text.split("\n\n"):
        document.add_paragraph(paragraph)
    document.save(file)
    return file.getvalue()


def letter(text: str) -> bytes:
    head = "From: desk@shop.example\nSubject: A ticket\nContent-Type: text/plain; charset=utf-8\n"
    return f"{head}Content-Transfer-Encoding: base64\n\n{base64.encodebytes(text.encode()).decode()}".encode()


FORMATS: Sequence[tuple[str, Callable[[str], bytes]]] = (
    (".md", str.encode),
    (".html", lambda text: f"<html><body><p>{text.replace(chr(10) * 2, '</p><p>')}</p></body></html>".encode()),
    (".txt", lambda text: text.encode("utf-16")),
    (".docx", word_document),
    (".eml", letter),
)


def fill(folder: Path, planted: Sequence[Canary]) -> Path:
    """A folder of short tickets; every twentieth is the person's."""
    folder.mkdir(parents=True)
    every = RECORDS // OF_THE_PERSON
    for n in range(RECORDS):
        if n % every:
            (folder / f"ticket{n:04}.md").write_text(f"# Ticket {n}\n\nDear customer,\n\n{words_of(n)}\n")
            continue
        canary, (ending, written) = planted[n // every], FORMATS[n // every % len(FORMATS)]
        text = f"Ticket {n}\n\nDear {NAME},\n\nyour password is {canary.said}.\n\n{words_of(n)}\n"
        (folder / f"ticket{n:04}-{canary.named}{ending}").write_bytes(written(text))
    return folder


def use(home: Platform, planted: Sequence[Canary]) -> None:
    """What else a home keeps of somebody: questions and answers, a job, a copy that they asked for."""
    for canary in planted[:ASKED]:
        home.vectors.ask(question=f"What is the password {canary.said} of {NAME} for?")
    home.infra.run(command=("echo", f"{NAME} {planted[0].said}"))
    home.data.export(identifiers=(NAME,))


def kept_words(home: Platform, folder: Path, words: Sequence[str]) -> int:
    """How many of the words stand in what the home keeps, once it is decrypted."""
    folder.mkdir()
    ids = [row[0] for row in home.line.database.query("SELECT id FROM payloads")]
    for start in range(0, len(ids), 256):
        page = home.line.payloads.get_many(ids[start : start + 256])
        (folder / str(start)).write_bytes(b"\n".join(page.values()))
    return len({hit.canary for hit in residue(folder, [word.encode() for word in words])})


def vectors_of(home: Platform) -> list[bytes]:
    """The person's vectors as they are kept and as they are searched, row by row."""
    records = [d.record for d in home.data.erase(identifiers=(NAME,), dry_run=True).records]
    sets = home.line.generations.load(home.line.generations.sets_of(records))
    rows = np.concatenate([s.vectors for s in sets.values()])
    return [row.astype(form).tobytes() for row in rows for form in ("<f2", "<f4")]


def bytes_left(home: Path, words: Sequence[str], vectors: Sequence[bytes]) -> int:
    """How often one of these stands in a file of the home."""
    files = (path.read_bytes() for path in home.rglob("*") if path.is_file())
    return len(residue(home, [word.encode() for word in words])) + sum(v in data for data in files for v in vectors)


def baseline(home: Path) -> float:
    """Seconds of a plain DELETE and VACUUM of as many records."""
    copy = home.with_name("copy.db")
    shutil.copy(home / "thruline.db", copy)
    database = sqlite3.connect(copy, isolation_level=None)
    database.execute("PRAGMA secure_delete = ON")
    began = time.monotonic()
    database.execute("BEGIN")
    ids = [row[0] for row in database.execute("SELECT id FROM records ORDER BY id LIMIT ?", (OF_THE_PERSON,))]
    for id in ids:
        document, vectors = database.execute("SELECT document, vectors FROM records WHERE id = ?", (id,)).fetchone()
        database.executemany("DELETE FROM payloads WHERE id = ?", [(id,), (document,), (vectors,)])
        for table, column in (("chunks", "record"), ("bands", "record"), ("entries", "record"), ("records", "id")):
            database.execute(f"DELETE FROM {table} WHERE {column} = ?", (id,))
    database.execute("COMMIT")
    database.execute("VACUUM")
    took = time.monotonic() - began
    database.close()
    return took


def cpu_s() -> float:
    """Of this process, and of the one that looks through the home."""
    own, children = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def run(folder: Path) -> dict:
    planted = canaries()
    words = [word for canary in planted for word in canary]
    with open_home(folder / "home") as home:
        home.data.add(path=str(fill(folder / "docs", planted)))
        home.data.sync()
        home.vectors.search(question="vase")
        use(home, planted)
        before, vectors = kept_words(home, folder / "before", words), vectors_of(home)
    assert before == len(words), f"{before} of {len(words)} words came in"
    plain = baseline(folder / "home")
    with open_home(folder / "home") as home:
        used = cpu_s()
        report = home.data.erase(identifiers=(NAME,))
        used = cpu_s() - used
        size, after = home.ledger.status().size, kept_words(home, folder / "after", words)
    return {
        "records": RECORDS, "erased": len(report.records), "canaries": len(words), "vectors": len(vectors) // 2,
        "canaries_kept_before": before, "canaries_kept_after": after,
        "bytes_found_in_home": bytes_left(folder / "home", words, vectors), "residue": report.residue,
        "home_bytes": size, "erase_s": round(report.seconds, 3), "erase_cpu_s": round(used, 3),
        "plain_delete_and_vacuum_s": round(plain, 3),
        "of_plain": round(report.seconds / plain, 2), "targets": {"bytes_found_in_home": 0, "erase_s": TARGET_S},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/erase.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder))
    print(json.dumps(report, indent=1))
    if wanted.write:
        keep("erase", report)


if __name__ == "__main__":
    main()
