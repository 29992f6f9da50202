"""Residency: the regions that a source's documents may be in, and which parts outside this machine stand in one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from thruline.core.errors import Invalid

OPTION = "residency"
_REGION = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+){0,7}")
Job = Literal["reads", "keeps", "answers", "ranks", "computes", "searches"]


class Part(NamedTuple):
    """Something outside this process that is given texts or vectors.

    job: `answers` and `ranks` are given passages with a question, `computes` rows of a training set, `searches` vectors
    where the plan of an index says so, the others every document. region: empty where nobody stated it.
    """

    name: str
    job: Job
    setting: str
    region: str


def labels(options: Mapping[str, str]) -> frozenset[str]:
    """The regions that a source names, as `eu,ch`; none where its documents may be anywhere."""
    return frozenset(word.strip().casefold() for word in options.get(OPTION, "").split(",") if word.strip())


def checked(region: str) -> str:
    """The region, in small letters; raises Invalid for what cannot name one."""
    if not _REGION.fullmatch(region.strip().casefold()):
        raise Invalid(f"{region[:80]!r} cannot name a region", hint="short words, as eu, ch or eu-central-1")
    return region.strip().casefold()


def admits(wanted: frozenset[str], region: str) -> bool:
    """Whether what stands in a region may be given what is labelled so: `eu` admits eu and eu-central-1.

    A region that nobody stated is admitted by no label.
    """
    return not wanted or any(region == label or region.startswith(f"{label}-") for label in wanted)


def away(options: Mapping[str, str], parts: Iterable[Part], *jobs: Job) -> list[Part]:
    """The parts that do one of these jobs and may not be given what this source holds."""
    wanted = labels(options)
    return [part for part in parts if part.job in jobs and not admits(wanted, part.region)]
