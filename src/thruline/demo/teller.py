"""Tells the demo: chapters, what operations said, claims that hold or do not, progress."""

from __future__ import annotations

import sys
import time
from typing import Any

SAY_EVERY_S = 10.0  # where there is no terminal to overwrite


class Teller:
    """Prints to standard output, or keeps quiet and only remembers."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._said = 0.0
        self.facts: dict[str, Any] = {}
        self.ok = True

    def chapter(self, title: str) -> None:
        """A heading."""
        self.say(f"\n{_bold(title)}")

    def say(self, text: str) -> None:
        """A line."""
        if not self._quiet:
            print(text, flush=True)

    def show(self, text: str) -> None:
        """What an operation said, set in."""
        self.say("\n".join(f"  | {line}" for line in text.splitlines()))

    def claim(self, text: str, holds: bool) -> None:
        """What the step is meant to show, and whether it did."""
        self.say(f"  {'✓' if holds else '✗ NOT SO:'} {text}")
        self.fact(text, holds)
        self.ok = self.ok and holds

    def fact(self, name: str, value: Any) -> None:
        """A number for `--json`."""
        self.facts[name] = value

    def progress(self, stage: str, done: int, total: int) -> None:
        """How far a long step is."""
        if self._quiet:
            return
        text = f"  {stage} {done:,} of {total:,} ({done / max(total, 1):.0%})"
        if sys.stdout.isatty():
            print(f"\r{text}\033[K", end="\n" if done >= total else "", flush=True)
        elif time.monotonic() - self._said > SAY_EVERY_S:
            self._said = time.monotonic()
            print(text, flush=True)


def _bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else f"{text}\n{'-' * min(len(text), 100)}"
