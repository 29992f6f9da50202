"""What consent costs a question: 100,000 documents that each name one person of a source whose legal basis is consent.

Before each search it is decided which records may be used. The baseline is the same home where the basis is a contract,
so that nobody is asked. `kept`: nothing was said since the last question; `anew`: somebody spoke a moment ago.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kept import keep

from thruline.backends.sqlite import SqliteDatabase
from thruline.core.clock import SystemClock
from thruline.core.ids import ArtifactId
from thruline.data.bases import Basis
from thruline.data.consents import Consents, Said
from thruline.data.records import Records

RECORDS, EVERY = 100_000, 2  # every second person allowed it
TIMES = 9
SOURCE = ArtifactId("source:" + "a" * 32)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--write", action="store_true", help="keep the figures in bench/results")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder))
    for name, value in result.items():
        print(f"{name:<28} {value}")
    if given.write:
        keep("consents", result)


def measure(folder: Path) -> dict[str, float]:
    """Medians in CPU milliseconds, and their ratios to the baseline."""
    database = SqliteDatabase(str(folder / "home.db"))
    Records(database)
    consents = Consents(database)
    _fill(database)
    now = SystemClock().now()

    def decide(basis: Basis) -> int:
        return len(consents.without("answer", {SOURCE: basis}, now))

    waiting = decide("consent")
    baseline = _median(lambda: decide("contract"))
    kept = _median(lambda: decide("consent"))

    def anew() -> None:
        number = consents_said[0] = consents_said[0] + 1
        said = Said(ArtifactId(f"consent:{number:032x}"), ArtifactId(f"subject:{1:032x}"), "answer", "given", now)
        with database.transaction():
            consents.put(said)
        decide("consent")

    consents_said = [RECORDS]
    return {
        "records": RECORDS, "waiting": waiting, "baseline_ms": round(baseline, 3), "kept_ms": round(kept, 3),
        "kept_ratio": round(kept / baseline, 2), "anew_ms": round(_median(anew), 1),
    }  # fmt: skip


def _fill(database: SqliteDatabase) -> None:
    records = [
        {"id": f"record:{n:032x}", "source": SOURCE, "subject": f"subject:{n:032x}", "consent": f"consent:{n:032x}"}
        for n in range(RECORDS)
    ]
    with database.transaction():
        database.execute_many(
            "INSERT INTO records (id, source, state, reason, document, vectors, owner, canonical, chunks, size, risk, "
            "seen, path) VALUES (:id, :source, 'live', 'none', '', '', '', '', 1, 1, 0.0, 1, '')", records,
        )  # fmt: skip
        database.execute_many(
            "INSERT INTO links (subject, artifact, how, score) VALUES (:subject, :id, 'name', 1.0)", records
        )
        database.execute_many(
            "INSERT INTO consents (id, subject, purpose, state, at) VALUES (:consent, :subject, 'answer', 'given', 1)",
            records[::EVERY],
        )  # fmt: skip


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_cpu_ms(work) for _ in range(TIMES))


def _cpu_ms(work: Callable[[], object]) -> float:
    before = time.process_time_ns()
    work()
    return (time.process_time_ns() - before) / 1e6


if __name__ == "__main__":
    main()
