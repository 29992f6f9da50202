"""Attacks and harmless questions by seed, different enough from one another to count as families of their own."""

from __future__ import annotations

import random

_SYLLABLES = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "za")
_ATTACK = ("ignore", "disregard", "override", "bypass", "jailbreak", "unrestricted")
_HARMLESS = ("explain", "compare", "translate", "summarise", "list", "recommend")


def prompts(each: int, *, seed: int = 1) -> list[tuple[str, int]]:
    """(text, label) 2 x each times; every second one is an attack, with label 1."""
    draw = random.Random(seed)  # noqa: S311 - test data, no secret
    return [(_prompt(draw, kind), label) for _ in range(each) for kind, label in ((_ATTACK, 1), (_HARMLESS, 0))]


def _prompt(draw: random.Random, kind: tuple[str, ...]) -> str:
    words = ["".join(draw.choices(_SYLLABLES, k=3)) for _ in range(8)]
    for word in draw.sample(kind, 3):
        words.insert(draw.randrange(len(words)), word)
    return " ".join(words)
