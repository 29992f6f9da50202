"""A server follows what another process changes, though nobody asks it anything."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from thruline.app.platform import Platform
from thruline.flows.shelf import keep_current
from thruline.testing.homes import open_home, write

NAME = "Ottilie Kvasthoug"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Platform]:
    """A home that is followed, whose letters are in."""
    write(tmp_path / "crm", one=f"The order of {NAME} is late.\n", two="The shop opens at nine.\n")
    stop = threading.Event()
    with open_home(tmp_path / "home") as platform:
        platform.data.add(path=str(tmp_path / "crm"))
        platform.data.sync()
        following = threading.Thread(target=keep_current, args=(platform.line, stop))
        following.start()
        yield platform
        stop.set()
        following.join(10)


def test_whoever_is_erased_elsewhere_leaves_the_memory_of_a_server_that_nobody_asks(served: Platform, tmp_path: Path):
    before = weakref.ref(served.line.shelf.serving())
    with open_home(tmp_path / "home") as other:
        other.data.erase(identifiers=(NAME,))
    until = time.monotonic() + 60
    while before() is not None and time.monotonic() < until:
        time.sleep(0.05)
    assert before() is None
    assert len(served.line.shelf.serving()) == 1
