"""How long it takes to plan an erasure (`erase --dry-run`) in a home of 1 M chunks that knows 10,000 people.

    python bench/erasure_plan.py [--write]

50,000 documents of 20 chunks of 25 words; one in five names a customer out of 10,000; the words are drawn from 20,000
by Zipf's law (seed 7). The home is built through its own stores as a sync does: records, chunks, vectors, payloads and
their keys, sketches, links and events; only parsing, looking for names and the model are left out, since the plan looks
at nothing of them. Building takes nearly all the time of this bench: six CPU minutes, and half an hour where the disk
is slow (`TMPDIR=/dev/shm` spares it the 2.3 GB). The plan is that of three people, one after the other, the median of
three.

Baseline, in the same run: what the plan would cost without sketches, every kept document decrypted and searched;
measured on 2,000 of them and multiplied. Target: at most 5 s.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from kept import keep

from thruline.app.platform import Platform
from thruline.core.documents import Chunk, Mention
from thruline.core.nouns import Source
from thruline.data import sketch
from thruline.data.called import Called
from thruline.data.fields import Wanted
from thruline.data.policies import policy
from thruline.flows.documents import PAGE, Document, read_documents
from thruline.flows.prepare import Prepared, Raw, owner_of
from thruline.flows.take_in import take_in
from thruline.ports.embedder import EmbedderSettings
from thruline.runs.runner import Run, Step
from thruline.testing.embedders import HashEmbedder
from thruline.testing.homes import SETTINGS, FastEngines

RECORDS, CHUNKS, WORDS, PEOPLE = 50_000, 20, 25, 10_000
GROUP = 250  # documents that commit together
VOCABULARY, SEED, TARGET_S = 20_000, 7, 5.0
STEP = Step(name="bench", modules=(sketch,))
SAMPLE, PLANS = 2_000, 3


class Drawn(HashEmbedder):
    """Vectors by chance: the plan looks at none."""

    def passages(self, texts: Sequence[str]) -> np.ndarray:
        """(texts, dims) float32."""
        return np.random.default_rng(len(texts)).random((len(texts), self.info.dims), np.float32)


class Engines(FastEngines):
    """A test's, with such vectors."""

    def embedder(self, how: EmbedderSettings) -> Drawn:  # noqa: ARG002
        """The one that draws."""
        return Drawn()


def customer(number: int) -> str:
    """A name that nobody else has; a tenth of them share each surname."""
    return f"Ada{chr(97 + number % 26)}{number:05} Lovel{number % (PEOPLE // 10):04}"


def documents(records: int, chunks: int) -> Iterator[tuple[str, Document]]:
    """(path, document), the same for the same number."""
    random = np.random.default_rng(SEED)
    words = np.array([f"w{n:05}" for n in range(VOCABULARY)])
    for number in range(records):
        drawn = words[random.zipf(1.3, chunks * WORDS) % VOCABULARY]
        texts = [" ".join(part) for part in np.split(drawn, chunks)]
        mentions = ()
        if number % 5 == 0:
            name = customer(number // 5 % PEOPLE)
            texts[0] = f"Dear {name}, {texts[0]}"
            mentions = (Mention(kind="name", start=5, end=5 + len(name), value=name, score=0.9),)
        yield f"{number:07}.txt", _document(texts, mentions, random.bytes(256))


def _document(texts: list[str], mentions: tuple[Mention, ...], signature: bytes) -> Document:
    chunks = tuple(Chunk(text=text, title="", start=n * 1000, end=n * 1000 + len(text)) for n, text in enumerate(texts))
    return Document(
        title="", media_type="text/plain", parser="bench", chunks=chunks, mentions=mentions, risks=(),
        signature=signature,
    )  # fmt: skip


def fill(home: Platform, records: int, chunks: int) -> None:
    """A source `crm` of so many documents, taken in group by group."""
    home.data.add(path="push://crm")
    source = home.line.records.source("crm")
    with home.line.runs.start("sync", only=source.id) as run:
        waiting = documents(records, chunks)
        while group := list(islice(waiting, GROUP)):
            with run.commit():
                take_in(home.line, run, [_prepared(home, run, source, path, document) for path, document in group])


def _prepared(home: Platform, run: Run, source: Source, path: str, document: Document) -> Prepared:
    ids, text = home.line.ids, document.text
    digest = ids.digest("content", text)
    raw = Raw(
        source=source.id, record=ids.artifact("record", source.id, digest), path=path,
        path_id=ids.artifact("path", source.id, path), data=text.encode(), digest=digest, size=len(text), mark=digest,
        change="added", policy=policy({}), wanted=Wanted(),
    )  # fmt: skip
    made = run.step(
        STEP, (raw.record,), {}, lambda: _sketched(home, document), Document,
        owner=lambda document: owner_of(raw, document),
    )  # fmt: skip
    return Prepared(raw=raw, document=made)


def _sketched(home: Platform, document: Document) -> Document:
    return replace(document, sketch=sketch.Sketcher(home.line.ids).sketch((document.searchable,)))


def without_sketches(home: Platform) -> float:
    """Seconds to decrypt and search every document, from a sample."""
    looked_for = Called([customer(1)])
    ids = home.line.payloads.ids("memo")
    began = time.monotonic()
    for start in range(0, SAMPLE, PAGE):
        for document in read_documents(home.line, ids[:SAMPLE][start : start + PAGE]).values():
            looked_for.is_in(document.searchable)
    return (time.monotonic() - began) * len(ids) / min(SAMPLE, len(ids))


def run(folder: Path) -> dict:
    with Platform.open(folder / "home", create=True, overrides=SETTINGS, engines=Engines) as home:
        began = time.monotonic()
        fill(home, RECORDS, CHUNKS)
        built_s = time.monotonic() - began
        plans = []
        for number in range(PLANS):
            began, cpu = time.monotonic(), time.process_time()
            report = home.data.erase(identifiers=(customer(number * 97),), dry_run=True)
            plans.append((time.monotonic() - began, time.process_time() - cpu, len(report.records)))
        plain_s = without_sketches(home)
        size = home.ledger.status().size
    took, cpu, found = (float(np.median(column)) for column in zip(*plans, strict=True))
    return {
        "records": RECORDS, "chunks": RECORDS * CHUNKS, "people": PEOPLE, "home_bytes": size,
        "built_s": round(built_s, 1), "found": int(found), "plan_s": round(took, 3), "plan_cpu_s": round(cpu, 3),
        "without_sketches_s": round(plain_s, 1), "of_that": round(took / plain_s, 4), "target_s": TARGET_S,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/erasure_plan.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder))
    print(json.dumps(report, indent=1))
    if wanted.write:
        keep("erasure_plan", report)


if __name__ == "__main__":
    main()
