"""Whether two are one: evidence by named features, each worth as much as it was seen to be worth.

A feature's weight is the logarithm of how much oftener it is seen between two tellings of one person than between
tellings of two (Fellegi and Sunter 1969); the sum, with the share of candidates that are one person, gives the odds.
The weights come from invented people, `bench/subject_resolution.py --fit`, of seeds that judge nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from thruline.data.kin import Told, formal

Verdict = Literal["same", "different", "doubtful"]
SURE, OUT_OF_THE_QUESTION = 0.99, 0.02
RARE = -6.0  # bits of a combination that the invented people never showed
# Bits of evidence by feature and level.
WEIGHTS: Mapping[str, float] = {
    "crowd none": 0.26,
    "crowd some": -0.13,
    "name familiar near": 2.23,
    "name familiar other": -6.25,
    "name familiar same": 3.29,
    "name initial near": 7.92,
    "name initial other": 3.7,
    "name initial same": 2.66,
    "name near same": -0.96,
    "name other near": -3.96,
    "name other other": -6.68,
    "name other same": -8.58,
    "name same near": 2.86,
    "name same other": -4.25,
    "name same same": 2.59,
    "own other": -2.42,
    "own same": 11.54,
    "phone other": -2.27,
    "phone same": 3.04,
}
PRIOR = -1.63
_SAYS: Mapping[str, str] = {
    "own same": "the same e-mail address or personal number", "own other": "other e-mail addresses or numbers",
    "phone same": "the same telephone", "phone other": "other telephones",
    "crowd none": "nobody else here shares surname and initial",
    "crowd some": "others here share surname and initial, too",
}  # fmt: skip
_SAYS_NAME: Mapping[str, str] = {
    "same": "the same {}", "familiar": "a {} and its short form", "initial": "a {} and its initial",
    "near": "{}s one letter apart", "other": "other {}s",
}  # fmt: skip


class Feature(NamedTuple):
    """One piece of evidence, in words, and its weight in bits: above 0 it speaks for one person."""

    says: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the evidence comes to. probability: that two candidates with this evidence are one person."""

    verdict: Verdict
    probability: float
    features: tuple[Feature, ...]


class Crowd:
    """How many different people may stand behind a surname and an initial here."""

    def __init__(self, people: Iterable[Told]) -> None:
        known = {(p.words, p.ids) for p in people if p.ids} | {(p.words, frozenset()) for p in people}
        self._count = Counter((words[-1], words[0][0]) for words, ids in known if ids)

    def beside(self, one: Told, other: Told) -> int:
        """Those with identifiers of their own, beside these two."""
        here = self._count[(one.surname, one.given[0])]
        return max(here - bool(one.ids) - (bool(other.ids) and other.surname == one.surname), 0)


def judge(one: Told, other: Told, crowd: Crowd) -> Judged:
    """Whether two tellings are of one person; `doubtful` is for a person to decide.

    The program is sure of nobody who shares no identifier: one name is no proof, even where nobody else bears it.
    """
    found = levels(one, other, crowd)
    features = tuple(Feature(says(level), WEIGHTS.get(level, RARE)) for level in found)
    odds = 2.0 ** (PRIOR + sum(f.weight for f in features))
    probability = odds / (1 + odds)
    proved = "own same" in found or "phone same" in found
    if probability >= SURE and proved:
        return Judged(verdict="same", probability=probability, features=features)
    verdict: Verdict = "different" if probability <= OUT_OF_THE_QUESTION else "doubtful"
    return Judged(verdict=verdict, probability=probability, features=features)


def levels(one: Told, other: Told, crowd: Crowd) -> list[str]:
    """The features that two tellings show; of what one of them does not say, none."""
    crowded = "crowd some" if crowd.beside(one, other) else "crowd none"
    found = [name_level(one, other), crowded]
    for feature in ("own", "phone"):
        ours, theirs = _ids(one, feature), _ids(other, feature)
        if ours & theirs:
            found.append(f"{feature} same")
        elif {kind for kind, _ in ours} & {kind for kind, _ in theirs}:
            found.append(f"{feature} other")
    return found


def name_level(one: Told, other: Told) -> str:
    """How the given names and the surnames of two compare: `name near same`."""
    return f"name {_given(one.given, other.given)} {_near(one.surname, other.surname)}"


def says(level: str) -> str:
    """A level in words."""
    if level in _SAYS:
        return _SAYS[level]
    _, given, surname = level.split()
    return f"{_SAYS_NAME[given].format('given name')}, {_SAYS_NAME[surname].format('surname')}"


def _ids(person: Told, feature: str) -> set[tuple[str, str]]:
    """A telephone is shared by a household; whatever else identifies is one's own."""
    return {x for x in person.ids if (x[0] == "phone") == (feature == "phone")}


def _given(one: str, other: str) -> str:
    if one != other and min(len(one), len(other)) == 1:
        initials = {form[0] for form in formal(max(one, other, key=len))}
        return "initial" if min(one, other, key=len) in initials else "other"
    near = _near(one, other)
    return "familiar" if near != "same" and formal(one) & formal(other) else near


def _near(one: str, other: str) -> str:
    if one == other:
        return "same"
    return "near" if min(len(one), len(other)) > 3 and is_one_off(one, other) else "other"


def is_one_off(one: str, other: str) -> bool:
    """Whether one letter more, less, other, or swapped with its neighbour makes one word of the other."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    at = next((i for i in range(len(short)) if short[i] != long[i]), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = long[at + 1 : at + 2] + long[at : at + 1] + long[at + 2 :]
    return short[at + 1 :] == long[at + 1 :] or short[at:] == swapped
