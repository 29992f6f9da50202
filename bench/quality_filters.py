"""How fast are the quality scores and the training rules over many documents?

    python bench/quality_filters.py [--write]

Data: the documentation of Django 5.2.19 (the pinned archive, fetched when it is not in the cache), as pages and as
passages of 200 words. The columnar path is `quality_columns.scores` and `failing`, median of five. Baseline, in the
same run: the loop `verdict(score(text), TRAINING)` over every tenth document. Both must name the same failures.
Target: 20 MB a CPU second.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tarfile
import time
from collections.abc import Callable, Sequence

from kept import CACHE, keep

from thruline.core.pinned import fetch
from thruline.data.quality import score
from thruline.data.quality_columns import failing, scores
from thruline.data.quality_rules import RAG, TRAINING, Rule, verdict
from thruline.models.datasets import DJANGO_DOCS

PASSAGE_WORDS = 200
TARGET = 20.0
EVERY = 10
TIMES = 5


def pages() -> list[str]:
    """The pages of the documentation, in the archive's order."""
    with tarfile.open(fetch(DJANGO_DOCS, CACHE)) as archive:
        wanted = (m for m in archive if "/docs/" in m.name and m.name.endswith(".txt"))
        return [file.read().decode() for m in wanted if (file := archive.extractfile(m))]


def passages(texts: list[str]) -> list[str]:
    """The pages cut after each 200 words, lines kept."""
    cut = []
    for text in texts:
        lines: list[str] = []
        for line in text.splitlines(keepends=True):
            lines.append(line)
            if sum(len(x.split()) for x in lines) >= PASSAGE_WORDS:
                cut.append("".join(lines))
                lines = []
        cut.append("".join(lines))
    return [text for text in cut if text.strip()]


def judged(texts: list[str], rules: Sequence[Rule]) -> dict[str, list[int]]:
    """Rule -> the documents that fail it, by the columns, as the product asks."""
    none = [0] * len(texts)
    columns = scores(texts, mentions=none, secrets=none)
    return {rule.score: failing(columns, rule).tolist() for rule in rules}


def measured(texts: list[str]) -> dict:
    """Both paths over the same documents."""
    sample = texts[::EVERY]
    judged(texts[:10], TRAINING)
    columnar = statistics.median(cpu_seconds(lambda: judged(texts, TRAINING)) for _ in range(TIMES))
    loop = cpu_seconds(lambda: [verdict(score(text), TRAINING) for text in sample])
    fast, slow = megabytes(texts) / columnar, megabytes(sample) / loop
    return {
        "documents": len(texts), "megabytes": round(megabytes(texts), 2), "mb_per_cpu_s": round(fast, 1),
        "python_loop_mb_per_cpu_s": round(slow, 2), "ratio": round(fast / slow, 1), "target_mb_per_cpu_s": TARGET,
        "same_failures": same_failures(texts), "failing_training": share_failing(texts, TRAINING),
        "failing_rag": share_failing(texts, RAG),
    }  # fmt: skip


def same_failures(texts: list[str]) -> bool:
    """Whether the columns and the loop agree, rule by rule, on the sample."""
    found = {(n, rule) for rule, rows in judged(texts, TRAINING).items() for n in rows if n % EVERY == 0}
    return found == {(n, f.rule) for n in range(0, len(texts), EVERY) for f in verdict(score(texts[n]), TRAINING)}


def share_failing(texts: list[str], rules: Sequence[Rule]) -> dict[str, float]:
    """Rule -> share of the documents that fail it, and `any`."""
    found = sorted(judged(texts, rules).items(), key=lambda item: -len(item[1]))
    anyhow = {n for _, rows in found for n in rows}
    shares = {"any": len(anyhow)} | {rule: len(rows) for rule, rows in found if rows}
    return {rule: round(n / len(texts), 3) for rule, n in shares.items()}


def cpu_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def megabytes(texts: list[str]) -> float:
    return sum(len(text.encode()) for text in texts) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write bench/results/quality_filters.json")
    wanted = parser.parse_args()
    texts = pages()
    report = {"pages": measured(texts), "passages": measured(passages(texts))}
    print(json.dumps(report, indent=1))
    if wanted.write:
        keep("quality_filters", report)


if __name__ == "__main__":
    main()
