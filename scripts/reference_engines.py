"""The page of dense engines: what each promises, by its traits, and what bench/engines.py measured of it."""

# ruff: noqa: E501 - a table and a list are read line by line

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from thruline.ports.dense import PROMISES, DenseTraits

RESULT = Path(__file__).parent.parent / "bench" / "results" / "engines.json"
ENGINES = ("exact", "flat4", "pq4", "hnsw", "pgvector", "qdrant")
EXTRAS = {"pq4": "faiss", "hnsw": "faiss", "pgvector": "postgres"}
LIVES = {"process": "this process", "files": "files", "server": "a server"}
MASKS = {"before": "before anything is ranked", "after": "on candidates, else every allowed row is scored"}
OWN = ("self", "url", "name", "key")  # of a constructor: not the plan's

INTRO = (
    "What searches by meaning. `flat4` does until `thruline index tune` or `thruline index move` chooses another; "
    "`thruline index plans` says which is in force. Options are whole numbers: `thruline index move --to 'hnsw m=32'`."
)
HELD = (
    "One suite holds every engine to these promises (`thruline.testing.dense_suite`). A gap is declared by the engine, and "
    "the suite then expects it to be there: the day it is closed, the declaration has to go."
)
HOW = """1. One file in `thruline/backends` (or a package of your own) with a class that fills `thruline.ports.dense.DenseIndex`.
2. Its `traits` say what it does not promise; its options are whole numbers, keyword-only, each with a default.
3. Scores are made by `thruline.ports.scoring` from the rows themselves, so that all engines agree to the bit.
4. The mask is the reader's rights: no row outside may come back, and `k` have to while `k` are allowed.
5. Name it in an entry point of the group `thruline.backends`: `"dense:mine" = "my_package:MyDense"`.
6. Where rows lie on a server, fill `KeptIndex` too, and name rows by `thruline.ports.row_keys`.
7. Say what an erasure cannot reach there in `out_of_scope`: the receipt repeats it.
8. A test of five lines: a subclass of `DenseSuite` with `open()`.
9. Add its name to `ENGINES` in `core/facts.py`, so that the ledger can say it, and to this page.
10. Measure it: `python bench/engines.py`.

[What a Milvus adapter has to do](../explanation/a-milvus-adapter.md) goes through it for one that is not written yet."""


def declared(load: Any) -> list[str]:
    """Tables of what the engines say of themselves."""
    engines = {name: load("dense", name) for name in ENGINES}
    rows = [_one(name, engine) for name, engine in engines.items()]
    return [
        INTRO,
        _table(("engine", "extra", "rows lie in", "mask", "recall held to", "options"), rows),
        "## Promises",
        HELD,
        _table(("promise", *(f"`{name}`" for name in ENGINES)), _promises({n: e.traits for n, e in engines.items()})),
    ]


def measured() -> list[str]:
    """What the bench kept."""
    kept = json.loads(RESULT.read_text("utf-8"))
    names = list(next(iter(kept["engines"].values()))["recall"])
    rows = [
        (f"`{name}`", *(_share(one["recall"][f]) for f in names), f"{one['search_cpu_ms']:.2f}", f"{one['build_cpu_s']:.1f}",
         f"{one['delete_cpu_s']:.2f}", f"{one['memory'] / 1e6:.0f}", f"{one['disk'] / 1e6:.0f}" if one["disk"] else "")
        for name, one in kept["engines"].items()
    ]  # fmt: skip
    return [
        "## Measured",
        f"`bench/engines.py` on {kept['rows']:,} clustered rows of {kept['dims']} dimensions, {kept['questions']} questions: "
        "recall of the ten nearest by filter, then CPU time (a server's included) and bytes. These rows are made by seed; "
        "`thruline index tune` measures yours. `qdrant` is Qdrant's engine behind an HTTP server in Python, which made most of that time: "
        "no real server was met ([how it was tested](../how-to/search-on-qdrant.md)).",
        _table(
            ("engine", *(f"recall, {name}" for name in names), "ms a search", "s to build", "s to delete 5 %",
             "MB memory", "MB disk"),
            rows,
        ),
        "## Add an engine",
        HOW,
    ]  # fmt: skip


def _one(name: str, engine: Any) -> tuple[str, ...]:
    traits: DenseTraits = engine.traits
    options = [
        f"`{p.name}={p.default}`" for p in inspect.signature(engine.__init__).parameters.values() if p.name not in OWN
    ]
    extra = f"`{EXTRAS[name]}`" if name in EXTRAS else ""
    recall = "all of it" if traits.is_exact else f"{traits.recall:g}"
    return (f"`{name}`", extra, LIVES[traits.lives], MASKS[traits.mask], recall, " ".join(options))


def _promises(traits: dict[str, DenseTraits]) -> Iterator[tuple[str, ...]]:
    for promise, says in PROMISES.items():
        yield (says, *(f"no: {t.gaps[promise]}" if promise in t.gaps else "yes" for t in traits.values()))


def _share(value: float) -> str:
    return f"{value:.3f}"


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
