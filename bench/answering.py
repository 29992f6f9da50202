"""Does an answer without a language model rest on the right page, and does it know when there is none?

    python bench/answering.py [HOME] [--write]

HOME: a home that `thruline demo` made, by default its own place; skips without one. 32 questions that the handbook
answers (judged by reading, src/thruline/demo/judgements.json) and 20 from elsewhere that nothing in it answers.
Baseline, in the same run: deciding by the words that question and answer share.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sklearn.metrics import roc_auc_score

from thruline.app.platform import Platform
from thruline.demo import desk
from thruline.flows import answer as answering
from thruline.vectors.extract import extract

FOREIGN = (
    "Which VAT rate do we charge on an order that is shipped to Switzerland?",
    "How many Kubernetes replicas does the web tier need at Christmas, and what scales them?",
    "How do we page through results by cursor in our GraphQL endpoint?",
    "What is the capital of Mongolia?",
    "How do I bake sourdough bread at home?",
    "Who won the 1998 football world cup?",
    "How do I configure a Kafka consumer group rebalance?",
    "What is the boiling point of nitrogen?",
    "How do I write a React hook for fetching data?",
    "How much annual leave do employees get in France?",
    "What are the side effects of ibuprofen?",
    "How do I set up a Terraform remote backend?",
    "Which mortgage rate is best for first time buyers?",
    "How do I tune the garbage collector of the JVM?",
    "How do I train a neural network with PyTorch?",
    "When was the Treaty of Westphalia signed?",
    "How do I change the oil of a diesel engine?",
    "How does the Rust borrow checker work?",
    "What is our refund policy for damaged vases?",
    "How do I book a meeting room in the Berlin office?",
)


class Tried(NamedTuple):
    """What came of a question: how sure, share of its words covered, what was said, pages that it rests on."""

    sure: float
    support: float
    outcome: str
    pages: frozenset[str]


def main() -> None:
    """Print the table, and write it when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", nargs="?", type=Path, default=Path.home() / ".thruline-demo" / "home")
    parser.add_argument("--write", action="store_true", help="write bench/results/answering.json")
    arguments = parser.parse_args()
    if not (arguments.home / "format").exists():
        print(f"skipped: no home at {arguments.home}; `thruline demo` makes one")
        return
    with Platform.open(arguments.home) as platform:
        judged = desk.judgements()
        known = [_try(platform, j.question) for j in judged]
        foreign = [_try(platform, question) for question in FOREIGN]
    hits = sum(not t.pages.isdisjoint(j.pages) for t, j in zip(known, judged, strict=True))
    result = {
        "questions": len(known),
        "foreign": len(foreign),
        "answers that cite a judged page": hits / len(known),
        "known questions answered": _share(known, "answered"),
        "foreign questions answered": _share(foreign, "answered"),
        "AUROC of sureness": _auroc([t.sure for t in known], [t.sure for t in foreign]),
        "AUROC of shared words (baseline)": _auroc([t.support for t in known], [t.support for t in foreign]),
    }
    for name, value in result.items():
        print(f"{name:<36} {value:.3f}" if isinstance(value, float) else f"{name:<36} {value}")
    if arguments.write:
        target = Path(__file__).parent / "results" / "answering.json"
        target.write_text(json.dumps(result | {"cores": os.cpu_count()}, indent=1) + "\n", "utf-8")


def _try(platform: Platform, question: str) -> Tried:
    line = platform.line
    asked = answering.prepare(line, platform.operator, question)
    words = answering.by_extract(line, asked)
    paths = {p.number: p.path for p in asked.passages}
    cited = frozenset(paths[n] for sentence in words.sentences for n in sentence.citations)
    return Tried(words.sure or 0.0, extract(question, asked.context).support, words.outcome, cited)


def _share(tried: Sequence[Tried], outcome: str) -> float:
    return sum(t.outcome == outcome for t in tried) / len(tried)


def _auroc(known: Sequence[float], foreign: Sequence[float]) -> float:
    return float(roc_auc_score([1] * len(known) + [0] * len(foreign), [*known, *foreign]))


if __name__ == "__main__":
    main()
