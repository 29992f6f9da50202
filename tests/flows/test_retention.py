"""What may be kept only for so long is deleted when its time is over, and does not come back by itself."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.core.errors import Invalid
from thruline.flows.schedule import keep_fresh
from thruline.testing.canary import assert_gone
from thruline.testing.homes import write

LETTER = "# Letter\n\nThe marzipan anvil stands in the yard."


def keep(home: Platform, docs: Path, time_: str) -> None:
    home.data.add(path=str(write(docs, letter=LETTER)), options=(f"keep={time_}",))
    home.data.sync()


def test_what_is_over_time_goes_with_every_byte_and_with_the_answers_made_of_it(home: Platform, docs: Path):
    keep(home, docs, "1h")
    assert "marzipan" in home.vectors.ask(question="Where does the marzipan anvil stand?").text
    home.line.database.execute("UPDATE records SET seen = seen - 7200000000")
    (report,) = home.data.sync()
    assert [(r.path, r.reason) for r in report.refused] == [("letter.md", "expired")]
    assert home.vectors.answers() == ()
    assert_gone(home.home.path, ["marzipan anvil"])
    assert home.ledger.verify().ok


def test_the_same_bytes_do_not_come_back_and_changed_ones_do(home: Platform, docs: Path):
    keep(home, docs, "1h")
    home.line.database.execute("UPDATE records SET seen = seen - 7200000000")
    for _ in range(3):
        (report,) = home.data.sync()
        assert [r.reason for r in report.refused] == ["expired"]
    write(docs, letter=LETTER + " It is new.")
    assert home.data.sync()[0].refused == ()
    assert [d.state for d in home.data.documents(source="docs", state="live")] == ["live"]


def test_what_is_in_time_or_held_stays(home: Platform, docs: Path):
    keep(home, docs, "1h")
    home.data.sync()
    assert len(home.data.documents(state="live")) == 1
    home.data.hold(name="a case", what="docs")
    home.line.database.execute("UPDATE records SET seen = seen - 7200000000")
    home.data.sync()
    assert len(home.data.documents(state="live")) == 1


def test_records_that_are_sent_expire_while_the_server_runs(home: Platform):
    home.data.add(path="push://crm", options=("keep=1ms",))
    home.data.push(source="crm", path="a.md", text=LETTER)
    stop = threading.Event()
    thread = threading.Thread(target=keep_fresh, args=(home.line, stop))
    thread.start()
    for _ in range(400):
        if not home.data.documents(state="live"):
            break
        time.sleep(0.02)
    stop.set()
    thread.join(30)
    assert home.data.documents(state="live") == ()


def test_a_time_that_cannot_be_meant_is_refused(home: Platform, docs: Path):
    with pytest.raises(Invalid, match="'long' is not a duration"):
        home.data.add(path=str(write(docs, a="# A\n\nB.")), options=("keep=long",))
