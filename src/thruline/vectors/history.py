"""What a rollback walks back over, in a history in which rollbacks stand, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def standing(history: Iterable[tuple[T, str]], first: Sequence[T] = ()) -> list[T]:
    """Of (what, why), oldest first, what is not taken back: what is in force last, what a rollback returns to before.

    first: what was in force before the history began.
    """
    stack = list(first)
    for what, why in history:
        if why == "rollback":
            stack.pop()
        elif stack[-1:] != [what]:
            stack.append(what)
    return stack
