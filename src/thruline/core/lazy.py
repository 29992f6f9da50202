"""Modules that load at their first use: `thruline --help` costs no numpy, a sync no training library."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def lazy(name: str) -> Any:
    """Stands for the module until one of its attributes is asked for, by whichever thread, and then has it."""
    return _Lazy(name)


class _Lazy:
    """Not importlib's LazyLoader: before Python 3.12 a second thread finds that module half executed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = self.__dict__[attribute] = getattr(import_module(self._name), attribute)
        return found
