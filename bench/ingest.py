"""What ingesting costs beside the embedding: 60 pages of the Django handbook through the whole line.

    python bench/ingest.py [FOLDER] [--write]

FOLDER holds documents, by default the handbook that `thruline demo` unpacks. Baseline, in the same run: the same
embedder on the same chunks, in batches of the size that a sync uses. Target: at most 1.2 times the baseline. Of the CPU
time of the sync, the share that appending to the ledger takes; target: below 5 %.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from kept import CACHE, keep

from thruline.app.platform import Platform
from thruline.core.nouns import Draft, Event
from thruline.core.pinned import fetch
from thruline.demo import desk
from thruline.demo.desk import HANDBOOK
from thruline.flows.documents import read_documents
from thruline.flows.ingest import GROUP_CHUNKS
from thruline.ledger.ledger import SqlLedger

PAGES = 60
LARGEST = 40_000  # bytes: release notes alone would make the pages unlike one another
TARGET = 1.2


def pick(source: Path, folder: Path) -> Path:
    """60 pages, evenly through the folder."""
    pages = sorted(f for f in source.rglob("*.txt") if 2_000 < f.stat().st_size < LARGEST)
    for n, page in enumerate(pages[:: max(1, len(pages) // PAGES)][:PAGES]):
        folder.mkdir(exist_ok=True)
        shutil.copy(page, folder / f"{n:02}-{page.name}")
    return folder


def embed_again(home: Platform) -> tuple[int, float]:
    """Chunks, and seconds of the embedder alone on them."""
    line = home.line
    documents = read_documents(line, [r.document for r in line.records.list(limit=1_000)])
    texts = [f"{c.title}\n{c.text}" for d in documents.values() for c in d.chunks]
    began = time.monotonic()
    for start in range(0, len(texts), GROUP_CHUNKS):
        line.embedder.passages(texts[start : start + GROUP_CHUNKS])
    return len(texts), time.monotonic() - began


class Metered(SqlLedger):
    """A ledger that knows the CPU time of its appends."""

    appending_s = 0.0

    def append(self, drafts: Sequence[Draft]) -> list[Event]:
        began = time.thread_time()
        try:
            return super().append(drafts)
        finally:
            Metered.appending_s += time.thread_time() - began


def run(source: Path, folder: Path) -> dict:
    with Platform.open(folder / "home", create=True) as home:
        home.data.add(path=str(pick(source, folder / "docs")))
        home.line.embedder.passages(["warm"])
        home.line.ledger.__class__ = Metered
        began, busy = time.monotonic(), time.process_time()
        (report,) = home.data.sync()
        took, cpu = time.monotonic() - began, time.process_time() - busy
        chunks, bare = embed_again(home)
    return {
        "pages": report.seen, "indexed": report.indexed, "chunks": chunks, "sync_s": round(took, 2),
        "embedder_alone_s": round(bare, 2), "of_embedder": round(took / bare, 3), "target": TARGET,
        "ledger_share_of_cpu": round(Metered.appending_s / cpu, 4), "ledger_target": 0.05,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="documents")
    parser.add_argument("--write", action="store_true", help="write bench/results/ingest.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = wanted.folder or Path(folder) / "handbook"
        if wanted.folder is None:
            desk.unpack_handbook(fetch(HANDBOOK, CACHE), source)
        report = run(source, Path(folder))
    print(json.dumps(report, indent=1))
    if wanted.write:
        keep("ingest", report)


if __name__ == "__main__":
    main()
