"""kill -9 at any moment: what was acknowledged is there, a batch is whole or absent, and the chain verifies."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from thruline.backends.sqlite import SqliteDatabase
from thruline.ledger.ledger import SqlLedger
from thruline.ledger.proof import verify

KILLS = [20, pytest.param(200, marks=pytest.mark.slow)]


def append_until_killed(path: Path, seconds: float) -> list[int]:
    """The last places that a child acknowledged before it was killed, `seconds` after its first word."""
    child = subprocess.Popen(
        [sys.executable, "-m", "thruline.testing.appender", str(path), "0"], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate()
    *whole, _ = (first + rest).split("\n")  # the last line may be cut
    return [int(line) for line in whole]


@pytest.mark.parametrize("kills", KILLS)
def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path, kills: int) -> None:
    path, chance = tmp_path / "thruline.db", random.Random(7)
    acknowledged = [place for _ in range(kills) for place in append_until_killed(path, chance.uniform(0, 0.05))]

    database = SqliteDatabase(str(path))
    ledger = SqlLedger(database)
    events = list(ledger.read(limit=1 << 30))
    assert verify(ledger).problems == ()
    assert acknowledged == sorted(set(acknowledged))
    assert acknowledged[-1] <= ledger.head().seq
    batches = Counter((event.run, event.facts["chunks"]) for event in events)
    assert all(there == meant for (_, meant), there in batches.items()), "a batch is there in part"
    database.close()
