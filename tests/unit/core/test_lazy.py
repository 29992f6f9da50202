"""Modules that load at their first use."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from thruline.core.lazy import lazy


@pytest.fixture
def slow_module(tmp_path):
    """A module that takes its time before it has its attribute."""
    (tmp_path / "slow_to_load.py").write_text("import time\ntime.sleep(0.2)\nanswer = object()\n")
    sys.path.insert(0, str(tmp_path))
    yield "slow_to_load"
    sys.path.remove(str(tmp_path))
    sys.modules.pop("slow_to_load", None)


def test_a_lazy_module_is_loaded_when_an_attribute_is_asked_for(slow_module):
    module = lazy(slow_module)
    assert slow_module not in sys.modules
    assert module.answer is sys.modules[slow_module].answer


def test_threads_that_ask_at_once_all_find_the_module_whole(slow_module):
    module, together = lazy(slow_module), Barrier(4)

    def ask(_: int) -> object:
        together.wait()
        return module.answer

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(ask, range(4)))) == 1


def test_what_a_lazy_module_lacks_is_said_as_any_module_says_it():
    with pytest.raises(AttributeError, match="module 'math' has no attribute 'no_such'"):
        _ = lazy("math").no_such
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = lazy("no_such_module").anything
