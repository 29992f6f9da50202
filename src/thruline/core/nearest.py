"""The name that somebody meant: a hint for whoever typed one that nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_MOST = 40  # names that a person looks through


def meant(word: str, known: Iterable[str], *, none: str = "none") -> str:
    """`did you mean 'wiki'? known: mail, wiki`; without the question where nothing is near, `none` without a name."""
    names = sorted(set(known))
    folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(word.casefold(), folded, n=1)
    question = f"did you mean {folded[near[0]]!r}? " if near else ""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{question}known: {', '.join(names[:_MOST]) or none}{more}"
