"""What a source's documents may be used for: purposes that its options name, or any where they name none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from thruline.core.errors import Invalid

ANSWER, TRAIN, STATISTICS = "answer", "train", "statistics"
OPTION = "uses"
Stance = Literal["open", "stated"]
_PURPOSE = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def checked(purpose: str) -> str:
    """The purpose; raises Invalid for what cannot be one."""
    if not _PURPOSE.fullmatch(purpose):
        raise Invalid(f"{purpose!r} cannot name a purpose", hint=f"one word, as {ANSWER}, {TRAIN} or research")
    return purpose


def uses(options: Mapping[str, str]) -> frozenset[str] | None:
    """The purposes that a source names, None where it names none; raises Invalid."""
    said = [purpose.strip() for purpose in options.get(OPTION, "").split(",") if purpose.strip()]
    return frozenset(map(checked, said)) or None


def allows(options: Mapping[str, str], purpose: str, stance: Stance) -> bool:
    """Whether a source may be used so; stance says what holds for one that names no purposes."""
    named = uses(options)
    return stance == "open" if named is None else purpose in named
