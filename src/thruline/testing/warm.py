"""Imports what operations load lazily, so that a forked process starts with it."""

from thruline.app import computing, copies, overview, people
from thruline.flows import answer, erase, quarantine, reindex, sources, why

__all__ = ["answer", "computing", "copies", "erase", "overview", "people", "quarantine", "reindex", "sources", "why"]
