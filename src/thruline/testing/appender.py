"""A process that appends batches and says so: `python -m thruline.testing.appender ADDRESS BATCHES`.

It prints the place of each batch's last event only when the append has returned, so that a test which kills it knows
what was acknowledged. The events of a batch name one run and say as their `chunks` how many they are.
"""

from __future__ import annotations

import sys
from itertools import count, islice

from thruline.backends.postgres import PostgresDatabase
from thruline.backends.sqlite import SqliteDatabase
from thruline.core.ids import random_id
from thruline.ledger.ledger import SqlLedger
from thruline.testing.drafts import made, new

SIZES = 5


def append_batches(address: str, batches: int) -> None:
    """Append so many batches, 0 for as many as it lives."""
    backend = PostgresDatabase if address.startswith("postgresql:") else SqliteDatabase
    ledger = SqlLedger(backend(address))
    for batch in islice(count(), batches or None):
        run, size = random_id("run"), batch % SIZES + 1
        events = ledger.append([made(*new(1), of=tuple(new(1)), run=run, chunks=size) for _ in range(size)])
        print(events[-1].seq, flush=True)


if __name__ == "__main__":
    append_batches(sys.argv[1], int(sys.argv[2]))
