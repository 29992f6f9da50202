"""What does a change of chunking cost those who ask? Questions a second and failures from its begin to its rollback.

    python bench/change.py [--write]

A home of 1,500 documents, embedded by hashes of their words: what is measured is ours, not a model's. One thread asks
all the time. Baseline, in the same run: the same home at rest; for the first question after the switch, making the
snapshot that it used to wait for; for what comes in meanwhile, the same documents when nothing is under way.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from kept import keep

from thruline.app.platform import Platform
from thruline.testing.homes import open_home, write

DOCUMENTS, COMING, SECTIONS, REST_S, SEED = 1_500, 150, 8, 5.0, 7
CHUNKING = "words=40"
WORDS = tuple(f"w{n:04}" for n in range(4_000))


class Asked(NamedTuple):
    """A question: when it ended, how long it took, and which version answered; empty where it failed."""

    at: float
    ms: float
    generation: str


class Asking:
    """Asks all the time until it is closed."""

    def __init__(self, home: Platform) -> None:
        self.asked: list[Asked] = []
        self._home = home
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def since(self, began: float) -> list[Asked]:
        """What ended after a moment."""
        return [one for one in self.asked if one.at >= began]

    def _ask(self) -> None:
        draw = random.Random(SEED)
        while not self._ended.is_set():
            began, said = time.monotonic(), ""
            with suppress(Exception):  # a failure is what is counted here
                said = self._home.vectors.search(question=" ".join(draw.sample(WORDS, 3)), k=10).generation
            now = time.monotonic()
            self.asked.append(Asked(now, (now - began) * 1000, said))


def main() -> None:
    """Print the figures; with --write keep them as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_home(Path(folder) / "home") as home:
        docs = documents(Path(folder) / "docs", 0, DOCUMENTS)
        home.data.add(path=str(docs))
        home.data.sync()
        result = asked(home) | came(home, docs)
    print("\n".join(f"{name}: {value}" for name, value in result.items()))
    if args.write:
        keep("change", result)


def documents(folder: Path, start: int, count: int) -> Path:
    """So many of eight sections each, of words drawn by a seed."""
    draw = random.Random(SEED + start)
    for n in range(start, start + count):
        parts = [f"# Part {n} {part}\n\n{' '.join(draw.choices(WORDS, k=35))}." for part in range(SECTIONS)]
        write(folder, **{f"d{n}": "\n\n".join(parts)})
    return folder


def asked(home: Platform) -> dict[str, Any]:
    """Questions a second at rest and through the change, failures, and what the first question waits for."""
    home.vectors.search(question="w0001")
    with Asking(home) as asking:
        began = time.monotonic()
        time.sleep(REST_S)
        rest, changing = asking.since(began), time.monotonic()
        home.vectors.change(chunking=CHUNKING, force=True, questions=0)
        built, switched = asking.since(changing), time.monotonic()
        in_place(home)
        after, back = asking.since(switched), time.monotonic()
        home.vectors.rollback()
        in_place(home)
        undone = asking.since(back)
    snapshot = time.monotonic()
    home.line.shelf.snapshot(home.vectors.generations()[0].id).close()
    waited = (time.monotonic() - snapshot) * 1000
    return {
        "passages": home.vectors.generations()[0].chunks, "failed": sum(not one.generation for one in asking.asked),
        "asked": len(asking.asked), "versions_that_answered": len({one.generation for one in asking.asked}),
        "per_s_at_rest": per_s(rest), "per_s_while_built": per_s(built),
        "ratio_while_built": round(per_s(built) / per_s(rest), 2), "median_ms_at_rest": median(rest),
        "first_after_switch_ms": round(after[0].ms, 1), "slowest_after_switch_ms": slowest(after),
        "slowest_after_rollback_ms": slowest(undone), "snapshot_ms": round(waited, 1),
    }  # fmt: skip


def in_place(home: Platform) -> None:
    """Wait until what is in force answers, and a second of questions more."""
    home.line.shelf.serving()
    home.line.shelf.settle()
    time.sleep(1)


def came(home: Platform, docs: Path) -> dict[str, Any]:
    """CPU seconds of documents that come in while nothing is under way, and while a change is."""
    alone = synced(home, docs, DOCUMENTS)

    def cut_short(*_: object) -> None:
        raise KeyboardInterrupt

    home.progress = cut_short
    with suppress(KeyboardInterrupt):
        home.vectors.change(chunking="words=60", share=1)
    home.progress = None
    beside = synced(home, docs, DOCUMENTS + COMING)
    home.vectors.change(stop=True)
    return {
        "documents_coming": COMING, "cpu_s_alone": round(alone, 2), "cpu_s_cut_both_ways": round(beside, 2),
        "ratio_cut_both_ways": round(beside / alone, 2),
    }  # fmt: skip


def synced(home: Platform, docs: Path, start: int) -> float:
    """CPU seconds of the home's process: parsers are others."""
    documents(docs, start, COMING)
    began = time.process_time()
    home.data.sync()
    return time.process_time() - began


def per_s(asked: list[Asked]) -> float:
    """Questions a second."""
    return round((len(asked) - 1) / (asked[-1].at - asked[0].at), 1)


def median(asked: list[Asked]) -> float:
    """Of what they took, in milliseconds."""
    return round(statistics.median(one.ms for one in asked), 1)


def slowest(asked: list[Asked]) -> float:
    """In milliseconds."""
    return round(max(one.ms for one in asked), 1)


if __name__ == "__main__":
    main()
