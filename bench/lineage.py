"""How long the line around a thing takes in a home of 50,000 chunks.

    python bench/lineage.py [--write]

Baseline, in the same run: all edges above the index, as one recursive query reads them. 5,000 documents of ten passages
each, in 64 segments of one generation; 200 answers. Medians of five, CPU time.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kept import keep

from thruline.app.platform import Platform
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft
from thruline.testing.homes import open_home

RECORDS, CHUNKS, SEGMENTS, ANSWERS, RUNS = 5_000, 10, 64, 200, 5


def an(kind: str, number: int) -> ArtifactId:
    return ArtifactId(f"{kind}:{number:032x}")


def line() -> Iterator[Draft]:
    """What a sync and its questions write, without the bytes."""
    for n in range(RECORDS):
        chunks = tuple(an("chunk", n * CHUNKS + k) for k in range(CHUNKS))
        yield Draft(verb="record.seen", inputs=(an("source", 1),), outputs=(an("record", n),))
        yield Draft(verb="record.chunked", inputs=(an("record", n),), outputs=chunks)
        yield Draft(verb="chunk.embedded", inputs=chunks, outputs=(an("vectors", n),), via=(an("model", 1),))
    for s in range(SEGMENTS):
        sets = tuple(an("vectors", n) for n in range(s, RECORDS, SEGMENTS))
        yield Draft(verb="index.segmented", inputs=sets, outputs=(an("segment", s),))
    parts = tuple(an("segment", s) for s in range(SEGMENTS))
    yield Draft(verb="index.built", inputs=parts, outputs=(an("index", 1),), via=(an("model", 1),))
    for a in range(ANSWERS):
        used = tuple(an("chunk", a * 37 % (RECORDS * CHUNKS) + k) for k in range(8))
        yield Draft(verb="answer.given", inputs=used, outputs=(an("answer", a),), via=(an("index", 1),))


def cpu_ms(work: Callable[[], object]) -> float:
    """The median."""
    used = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        used.append((time.process_time() - began) * 1000)
    return round(statistics.median(used), 1)


def run(home: Platform) -> dict[str, float]:
    home.line.ledger.append(list(line()))
    ids = {"source": an("source", 1), "record": an("record", 7), "index": an("index", 1), "answer": an("answer", 3)}
    measured = {f"{name}_ms": cpu_ms(lambda id=id: home.ledger.lineage(artifact=id)) for name, id in ids.items()}
    every = cpu_ms(lambda: home.line.ledger.edges([an("index", 1)], "up"))
    return {"chunks": RECORDS * CHUNKS, **measured, "all_edges_above_an_index_ms": every}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/lineage.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_home(Path(folder) / "home") as home:
        # The tables are empty: what is drawn is what the ledger says, `gone` for its words.
        report = run(home)
    print(report)
    if wanted.write:
        keep("lineage", report)


if __name__ == "__main__":
    main()
