"""What the ledger costs beside a bare insert of the same bytes: append one by one, in batches, and verify.

    python bench/ledger.py [--write]

CPU time of this process (user + system), best of three rounds; both sides write the same bodies to a SQLite file in
write-ahead mode with synchronous = FULL in the same folder. Events are chunked records (1 input, 2 outputs: 2 edges, 3
artifacts); `wide` ones are answers with 5 inputs and an index (6 edges, 7 artifacts). Seed 7.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from kept import keep

from thruline.backends.ed25519_signer import Ed25519Signer
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Draft
from thruline.ledger.ledger import GENESIS, SqlLedger, chain
from thruline.ledger.proof import seal, verify

SINGLES, BATCHED, BATCH, ROUNDS, SEED = 300, 20_000, 1000, 3, 7
TARGETS = {"single_ms": 0.3, "batched_per_s": 10_000, "verify_per_s": 50_000}


def an(kind: str, chance: random.Random) -> ArtifactId:
    return ArtifactId(f"{kind}:{chance.getrandbits(128):032x}")


def narrow(chance: random.Random) -> Draft:
    made = (an("chunk", chance), an("chunk", chance))
    facts = {"chunks": 2, "characters": chance.randrange(9999)}
    return Draft(verb="record.chunked", inputs=(an("record", chance),), outputs=made, facts=facts)


def wide(chance: random.Random) -> Draft:
    facts = {"outcome": "answered", "cited": 3, "context": 5, "ms": 12.5}
    inputs = tuple(an("chunk", chance) for _ in range(5))
    return Draft(
        verb="answer.given", inputs=inputs, outputs=(an("answer", chance),), via=(an("index", chance),), facts=facts
    )


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU."""
    start = time.process_time()
    work()
    return time.process_time() - start


def bare(path: Path, bodies: Sequence[str], batch: int) -> float:
    """CPU seconds to insert the bodies into one table, `batch` to a transaction."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT")

    def insert() -> None:
        for start in range(0, len(bodies), batch):
            connection.execute("BEGIN IMMEDIATE")
            rows = [(body,) for body in bodies[start : start + batch]]
            connection.executemany("INSERT INTO events (body) VALUES (?)", rows)
            connection.execute("COMMIT")

    spent = cpu(insert)
    connection.close()
    return spent


def measure(make: Callable[[random.Random], Draft], folder: Path) -> dict[str, float]:
    """One round on fresh files."""
    chance, signer = random.Random(SEED), Ed25519Signer(bytes(32))
    database = SqliteDatabase(str(folder / "thruline.db"))
    ledger = SqlLedger(database)
    many, few = [make(chance) for _ in range(BATCHED)], [make(chance) for _ in range(SINGLES)]
    bodies = [body for _, body in chain(many, GENESIS, 0)]
    batches = [many[start : start + BATCH] for start in range(0, BATCHED, BATCH)]

    batched = cpu(lambda: [ledger.append(batch) for batch in batches])
    single = cpu(lambda: [ledger.append([draft]) for draft in few])
    seal(ledger, signer)
    events = ledger.head().seq
    verified = cpu(lambda: verify(ledger, [signer.public_key]))
    bare_batched = bare(folder / "bare.db", bodies, BATCH)
    bare_single = bare(folder / "bare1.db", bodies[:SINGLES], 1)
    database.close()
    return {
        "single_ms": single / SINGLES * 1000,
        "bare_single_ms": bare_single / SINGLES * 1000,
        "batched_per_s": BATCHED / batched,
        "bare_batched_per_s": BATCHED / bare_batched,
        "verify_per_s": events / verified,
    }


def best(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    """Of each figure its best: other programs on the machine only ever make it worse."""
    pick = {name: min if name.endswith("_ms") else max for name in rounds[0]}
    return {name: round(pick[name](one[name] for one in rounds), 4) for name in rounds[0]}


def run() -> dict[str, dict[str, float]]:
    """Both kinds of event, ROUNDS times each."""
    results: dict[str, dict[str, float]] = {}
    for name, make in (("narrow", narrow), ("wide", wide)):
        rounds = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                rounds.append(measure(make, Path(folder)))
        results[name] = best(rounds)
    return results


def show(name: str, found: dict[str, float]) -> None:
    """Three lines beside the bare insert."""
    single, bare_single = found["single_ms"], found["bare_single_ms"]
    batched, bare_batched = found["batched_per_s"], found["bare_batched_per_s"]
    print(f"{name}: append one     {single:.3f} ms CPU ({single / bare_single:.1f}x a bare insert's {bare_single:.3f})")
    print(f"{name}: append batched {batched:,.0f} events per CPU s (a bare insert's {bare_batched:,.0f})")
    print(f"{name}: verify         {found['verify_per_s']:,.0f} events per CPU s")


def main() -> None:
    parser = argparse.ArgumentParser(description="What the ledger costs beside a bare insert of the same bytes.")
    parser.add_argument("--write", action="store_true", help="write bench/results/ledger.json")
    options = parser.parse_args()
    results = run()
    for name, found in results.items():
        show(name, found)
    if options.write:
        machine = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "cpus": os.cpu_count()}
        keep("ledger", {"targets": TARGETS, "machine": machine, "seed": SEED, "rounds": ROUNDS, "results": results})


if __name__ == "__main__":
    main()
