"""A first look at a source's place, so that what is wrong with it is said to whoever declares it, and not at night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from thruline.core.errors import Denied, Invalid, NotFound, ThrulineError, Unavailable
from thruline.core.nouns import Source
from thruline.data.places import PUSH

if TYPE_CHECKING:
    from thruline.flows.line import Line

WITHIN_S = 5.0  # somebody waits for it
UNSEEN = "where it is only away for now, add it unseen: --unseen"


def look(line: Line, source: Source) -> str:
    """What is there, in one line; nothing for a source that is sent to.

    Raises what keeps it from being read, with the way to do without a look where it may only be away for now.
    """
    if source.kind == PUSH:
        return ""
    with _or_unseen(Invalid):
        line.engines.check_secret(source)
    with _or_unseen(Denied, NotFound, Unavailable), closing(line.engines.origin(source)) as origin:
        return origin.look(within_s=WITHIN_S)


@contextmanager
def _or_unseen(*kinds: type[ThrulineError]) -> Iterator[None]:
    try:
        yield
    except kinds as error:
        asks = error.hint.endswith("?")
        error.hint = f"{error.hint}{' ' if asks else '; ' if error.hint else ''}{UNSEEN}"
        raise
