"""How fast each step of a sync is on one core: the numbers behind docs/explanation/scale.md.

    python bench/pipeline_rates.py [--write]

60 pages of the Django handbook, CPU seconds of one process and its parser child, the least of three runs. Baseline, in
the same run: embedding on the CPU, which all the rest stands beside. `commit` is one transaction a group with vectors
made before, `repeat` the same for a copy of each page with a word more, which is found to be one; `publish` names the
generation, `index` reads it back and builds what serves. `spread`: what a node does for a task of 8 MB, the default of
`ingest.task_size`: signatures of texts; exact similarities of pairs, each text in two; documents of four random unit
vectors beside as many others.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ingest import pick
from kept import CACHE, keep
from tokenizers import Tokenizer

from thruline.app.config import Config
from thruline.app.platform import Platform
from thruline.app.working import open_onnx, open_parsers
from thruline.core.documents import Parsed
from thruline.core.nouns import Source
from thruline.core.pinned import fetch
from thruline.data import chunks, duplicates, privacy
from thruline.data.alike import Docs, best
from thruline.data.corpus_duplicates import jaccards, plain, signatures
from thruline.data.fields import Wanted
from thruline.data.media import media_type
from thruline.data.names import ContextNames
from thruline.data.policies import policy
from thruline.demo import desk
from thruline.demo.desk import HANDBOOK
from thruline.flows.documents import as_text, read_documents
from thruline.flows.ingest import GROUP_CHUNKS
from thruline.flows.prepare import Prepared, Raw, prepare
from thruline.flows.publish import publish_live
from thruline.flows.take_in import take_in
from thruline.guard import poison
from thruline.runs.runner import Run
from thruline.testing.homes import open_home
from thruline.vectors.weights import SPECS, find_weights

RUNS = 3
EMBEDDED = 48  # chunks: some seconds of one core
SPREAD, DIMS, SEED = 8_000_000, 384, 1
PARSED = 4  # times that a child parses all pages, less the once that also starts it


class Amount(NamedTuple):
    """What the rates are of."""

    documents: int
    size: int
    tokens: int


def cpu_s(work: Callable[[], object]) -> float:
    """The least CPU seconds of a few runs."""
    used = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        used.append(time.process_time() - began)
    return min(used)


def parsing(files: Sequence[tuple[str, bytes]]) -> tuple[list[Parsed], float]:
    """The parsed pages, and CPU seconds of the child for each time that it reads all of them."""
    spent = []
    parsed: list[Parsed] = []
    for times in (1, PARSED):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.process_time()
        with open_parsers(Config().ingest, CACHE, workers=1) as parsers:
            for _ in range(times):
                parsed = [parsers.parse(data, media_type(name, data), name) for name, data in files]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        child = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        spent.append(child + time.process_time() - began)
    return parsed, (spent[1] - spent[0]) / (PARSED - 1)


def reading(home: Platform, files: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, float]]:
    """The steps from bytes to document."""
    parsed, took = parsing(files)
    yield "parse", took
    texts = [f"{p.text}\n{p.title}" for p in parsed]
    names = ContextNames()
    names.find(texts[:1])
    yield "people", cpu_s(lambda: [privacy.find_mentions(text, names) for text in texts])
    yield "poison", cpu_s(lambda: [poison.risks(p) for p in parsed])
    cut = [chunks.chunk(p) for p in parsed]
    yield "chunk", cpu_s(lambda: [chunks.chunk(p) for p in parsed])
    said = ["\n\n".join(c.text for c in of_one) for of_one in cut]
    yield "signature", cpu_s(lambda: [duplicates.signature(text) for text in said])
    pairs = [(text, as_text(data)) for text, (_, data) in zip(said, files, strict=True)]
    yield "sketch", cpu_s(lambda: [home.line.sketcher.sketch(pair) for pair in pairs])


def prepared(home: Platform, run: Run, source: Source, files: Sequence[tuple[str, bytes]]) -> Iterator[Prepared]:
    """Each file with its document and made-up vectors, as a node would hand them back."""
    line = home.line
    for name, data in files:
        digest = line.ids.digest("content", data)
        raw = Raw(
            source=source.id, record=line.ids.artifact("record", source.id, digest), path=name,
            path_id=line.ids.artifact("path", source.id, name), data=data, digest=digest, size=len(data), mark=digest,
            change="added", policy=policy(source.options), wanted=Wanted(),
        )  # fmt: skip
        one = prepare(line, run, raw)
        assert one.document is not None
        made = line.embedder.passages(one.document.value.embedded).astype(np.float32)
        yield replace(one, vectors=made, embedder=line.embedder.info.digest)


def committing(home: Platform, files: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, float]]:
    """The steps from document to what serves; each can be done once."""
    (source,) = home.line.records.sources()
    with home.line.runs.start("sync") as run:
        ready = list(prepared(home, run, source, files))
        began = time.process_time()
        group: list[Prepared] = []
        for one in ready:
            group.append(one)
            if sum(len(p.document.value.chunks) for p in group if p.document) >= GROUP_CHUNKS:
                take_in(home.line, run, group)
                group = []
        take_in(home.line, run, group)
        yield "commit", time.process_time() - began
        copies = list(prepared(home, run, source, [(f"copy of {name}", data + b"\n\nMore.") for name, data in files]))
        began = time.process_time()
        take_in(home.line, run, copies)
        yield "repeat", time.process_time() - began
        began = time.process_time()
        publish_live(home.line, run, "sync")
        yield "publish", time.process_time() - began
    began = time.process_time()
    home.line.shelf.serving()
    yield "index", time.process_time() - began


def spreading(files: Sequence[tuple[str, bytes]]) -> dict[str, float]:
    """CPU seconds of one core for a task of each kind."""
    page = [plain(as_text(data)) for _, data in files]
    texts = [b"%d " % n + page[n % len(page)] for n in range(SPREAD * len(page) // sum(map(len, page)))]
    half = texts[: len(texts) // 2]
    pairs = np.stack((np.arange(len(half)), np.roll(np.arange(len(half)), 1)), axis=1)
    rows = np.random.default_rng(SEED).normal(size=(SPREAD // (2 * DIMS), DIMS))
    whole = (rows / np.abs(rows).max() * 2**14).astype(np.int16)
    count = len(whole) // 8 * 4
    block, others = (Docs(np.arange(count // 4), np.arange(0, count, 4), whole[at : at + count]) for at in (0, count))
    return {
        "bytes": SPREAD, "sign_cpu_s": round(cpu_s(lambda: signatures(texts)), 2),
        "verify_cpu_s": round(cpu_s(lambda: jaccards(half, pairs)), 2),
        "compare_cpu_s": round(cpu_s(lambda: best(block, others, 0.94)), 2), "compared_rows": count,
    }  # fmt: skip


def embedding(texts: Sequence[str]) -> tuple[float, int]:
    """CPU seconds of the default model on these texts, on one thread, and their tokens."""
    embedder = open_onnx(Config().embed.model, "", CACHE, threads=1)
    embedder.passages(["warm"])
    took = cpu_s(lambda: embedder.passages(texts))
    embedder.close()
    tokenizer = Tokenizer.from_file(str(find_weights(SPECS[Config().embed.model], cache=CACHE) / "tokenizer.json"))
    return took, sum(min(len(tokenizer.encode(text).ids), 512) for text in texts)


def run(folder: Path) -> dict:
    desk.unpack_handbook(fetch(HANDBOOK, CACHE), folder / "handbook")
    docs = pick(folder / "handbook", folder / "docs")
    files = [(f.name, f.read_bytes()) for f in sorted(docs.iterdir())]
    spent: dict[str, float] = {}
    with open_home(folder / "home") as home:
        home.data.add(path=str(docs))
        origin = home.line.engines.origin(home.line.records.sources()[0])
        items = origin.list().items
        spent["list"] = cpu_s(origin.list)
        spent["read"] = cpu_s(lambda: [origin.read(item, limit=2**26) for item in items])
        spent |= reading(home, files)
        spent |= committing(home, files)
        originals = [record for record in home.line.records.list(limit=1000) if not record.canonical]
        texts = [text for record in originals for text in _embedded(home, record.document)]
    some = texts[:: max(1, len(texts) // EMBEDDED)][:EMBEDDED]
    took, tokens = embedding(some)
    spent["embed"] = took * sum(map(len, texts)) / sum(map(len, some))
    beside = sum(seconds for step, seconds in spent.items() if step not in ("embed", "repeat"))
    amount = Amount(len(files), sum(len(data) for _, data in files), round(tokens * len(texts) / len(some)))
    return {
        "documents": amount.documents, "bytes": amount.size, "chunks": len(texts), "tokens": amount.tokens,
        "steps": {step: _rates(amount, seconds) for step, seconds in spent.items()}, "spread": spreading(files),
        "beside_embedding": round(beside / spent["embed"], 3),
    }  # fmt: skip


def _embedded(home: Platform, document: str) -> list[str]:
    return read_documents(home.line, [document])[document].embedded


def _rates(amount: Amount, seconds: float) -> dict[str, float]:
    return {
        "cpu_s": round(seconds, 4), "documents_s": round(amount.documents / seconds, 1),
        "mb_s": round(amount.size / 1e6 / seconds, 3), "tokens_s": round(amount.tokens / seconds),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/pipeline_rates.json")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder))
    print(json.dumps(report, indent=1))
    if wanted.write:
        keep("pipeline_rates", report)


if __name__ == "__main__":
    main()
