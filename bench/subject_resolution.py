"""How well tellings of invented people are put together: what the program joins, and what it leaves to a person.

    python bench/subject_resolution.py [--write] [--fit]

1,000 people write 1 to 6 letters each. Every tenth bears another's full name, one in eight shares a telephone with a
household, one in five has a second telephone, as many a second e-mail address, one in twelve has changed their surname;
a letter names its writer in full, by initial, by a short form, or
with a letter wrong, beside an e-mail address (half), a telephone (.4), both or none. The detectors of a sync read them.
Names are drawn from lists by Zipf's law, so that surnames and given names are shared as in life.

Precision and recall are over pairs of letters (one person or not). Baselines, in the same run: letters are one person's
when the names are letter for letter the same; and when they share any identifier or name, as it was before. Target:
precision of what the program joins itself >= .98, the rest to a person.

Judged on seeds 301 to 303. `--fit` prints the weights of data/kin_score from seeds 1 to 4: no seed is in both.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from kept import keep

from thruline.data import kin, kin_score
from thruline.data.identities import Identity, identities, pairs
from thruline.data.names import ContextNames
from thruline.data.privacy import find_mentions

PEOPLE, FIT_SEEDS, TEST_SEEDS, TARGET = 1_000, (1, 2, 3, 4), (301, 302, 303), 0.98
# fmt: off
GIVEN = (
    "Anna", "Elizabeth", "William", "Robert", "Katherine", "Thomas", "Margaret", "James", "Susan", "Michael", "Maria",
    "Daniel", "Laura", "Peter", "Christina", "Andrew", "Julia", "Martin", "Helen", "Stephen", "Emma", "Richard",
    "Sophie", "Edward", "Clara", "Patrick", "Nora", "Benjamin", "Ingrid", "Nicholas", "Marta", "Samuel", "Petra",
    "Joseph", "Silvia", "Frederick", "Monica", "Gregory", "Vera", "Alexander", "Judith", "Philip", "Astrid", "Matthew",
)
SYLLABLES = (
    "Ber", "Hol", "Lind", "Mar", "Sten", "Kar", "Wal", "Nor", "Fal", "Hart", "Mor", "Gran", "Bel", "Tor", "Ros",
)
ENDINGS = ("berg", "man", "sen", "ton", "ford", "dale", "stad", "feld", "ley", "ridge", "wick", "nes", "holm", "gren")
MIDDLES = ("", "a", "en", "er", "i", "il", "in", "o", "or", "ul", "um", "yn")
SHORT = {"Elizabeth": ("Liz", "Beth"), "William": ("Bill", "Will"), "Robert": ("Bob", "Rob"), "Katherine": ("Kate",),
         "Thomas": ("Tom",), "Margaret": ("Maggie", "Greta"), "James": ("Jim",), "Susan": ("Sue",),
         "Michael": ("Mike",), "Daniel": ("Dan",), "Peter": ("Pete",), "Christina": ("Tina",), "Andrew": ("Andy",),
         "Stephen": ("Steve",), "Richard": ("Rick", "Dick"), "Edward": ("Ted", "Ed"), "Patrick": ("Pat",),
         "Benjamin": ("Ben",), "Nicholas": ("Nick",), "Samuel": ("Sam",), "Joseph": ("Joe",),
         "Frederick": ("Fred",), "Gregory": ("Greg",), "Alexander": ("Alex",), "Philip": ("Phil",),
         "Matthew": ("Matt",)}
# fmt: on


class Person(NamedTuple):
    given: str
    surname: str
    later: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]


class Letter(NamedTuple):
    writer: int
    text: str


def people(random: np.random.Generator) -> list[Person]:
    """Invented people; see above."""
    surnames = [a + b + c for a in SYLLABLES for b in MIDDLES for c in ENDINGS]
    random.shuffle(surnames)
    drawn = _zipf(random, len(GIVEN), PEOPLE), _zipf(random, len(surnames), PEOPLE)
    names = [(GIVEN[g], surnames[s]) for g, s in zip(*drawn, strict=True)]
    for n in range(0, PEOPLE, 10):
        names[n] = names[int(random.integers(PEOPLE))]
    phones = [f"+44 20 7946 {n:04}" for n in random.permutation(10_000)[:PEOPLE]]
    found: list[Person] = []
    for n, (given, surname) in enumerate(names):
        home = int(random.integers(n)) if n and random.random() < 1 / 8 else -1
        if home >= 0 and n % 10 and random.random() < 0.6:
            surname = found[home].surname
        later = surnames[int(random.integers(len(surnames)))] if random.random() < 1 / 12 else surname
        local = (f"{given}.{surname}", f"{given[0]}{surname}", f"{given}", f"user{n}")[int(random.integers(4))]
        emails = (f"{local}{n}@mail{n % 7}.org".lower(), f"{given[0]}.{surname}{n}@work{n % 90}.com".lower())
        shared = found[home].phones[0] if home >= 0 else phones[n]
        numbers = (shared, f"+44 161 496 {n:04}")
        found.append(Person(given, surname, later, *(x[: 1 + (random.random() < 0.2)] for x in (emails, numbers))))
    return found


def letters(seed: int) -> list[Letter]:
    """What they wrote."""
    random = np.random.default_rng(seed)
    known = people(random)
    return [
        Letter(n, _letter(random, person, late=k > 2))
        for n, person in enumerate(known) for k in range(int(random.integers(1, 7)))
    ]  # fmt: skip


def _letter(random: np.random.Generator, person: Person, *, late: bool) -> str:
    given, surname = person.given, person.later if late else person.surname
    form = random.random()
    if form < 0.12:
        given = f"{given[0]}."
    elif form < 0.2 and given in SHORT:
        given = SHORT[given][int(random.integers(len(SHORT[given])))]
    elif form < 0.27:
        at = int(random.integers(1, len(surname) - 1))
        surname = surname[:at] + surname[at + 1] + surname[at] + surname[at + 2 :]
    email = f" <{_one(random, person.emails)}>" if random.random() < 0.5 else ""
    phone = f"\nPhone: {_one(random, person.phones)}" if random.random() < 0.4 else ""
    return f"The parcel came on day {random.integers(900)}.\n\nCustomer: {given} {surname}{email}{phone}\n"


def _one(random: np.random.Generator, several: Sequence[str]) -> str:
    return several[int(random.integers(len(several)))]


def _zipf(random: np.random.Generator, size: int, many: int) -> np.ndarray:
    shares = 1 / np.arange(10, size + 10)
    return random.choice(size, many, p=shares / shares.sum())


def tellings(written: Sequence[Letter]) -> list[tuple[str, kin.Told]]:
    """(number of the letter, whom it tells of), as a sync reads them."""
    names = ContextNames()
    return [
        (str(n), told)
        for n, letter in enumerate(written)
        for told in kin.told([(0, letter.text)], find_mentions(letter.text, names))
    ]


def fit(seeds: Iterable[int]) -> tuple[float, dict[str, float]]:
    """The prior and the weights, in bits, from people of these seeds."""
    seen: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    total: Counter[bool] = Counter()
    for seed in seeds:
        written = letters(seed)
        known = identities(tellings(written))
        crowd = kin_score.Crowd(i.told for i in known)
        for one, other in pairs(known):
            same = _writer(written, one) == _writer(written, other)
            total[same] += 1
            seen[same].update(kin_score.levels(one.told, other.told, crowd))
    names = sorted(seen[True].keys() | seen[False].keys())
    of = {feature: sorted(n for n in names if n.startswith(feature)) for feature in {n.split()[0] for n in names}}
    weights = {}
    for levels in of.values():
        sums = {same: sum(seen[same][level] for level in levels) + len(levels) for same in (True, False)}
        for level in levels:
            share = {same: (seen[same][level] + 1) / sums[same] for same in (True, False)}
            weights[level] = round(math.log2(share[True] / share[False]), 2)
    return round(math.log2(total[True] / total[False]), 2), weights


def _writer(written: Sequence[Letter], identity: Identity) -> int:
    return Counter(written[int(r)].writer for r in identity.records).most_common(1)[0][0]


def measure(seed: int) -> dict[str, float]:
    """Of one seed: what the program joins, what it asks, and both baselines."""
    written = letters(seed)
    told = tellings(written)
    known = identities(told)
    crowd = kin_score.Crowd(i.told for i in known)
    judged = [(a, b, kin_score.judge(a.told, b.told, crowd).verdict) for a, b in pairs(known)]
    within = [i.records for i in known]
    joined = _clusters([*within, *(a.records + b.records for a, b, verdict in judged if verdict == "same")])
    doubtful = [(a, b) for a, b, verdict in judged if verdict == "doubtful"]
    right = [a.records + b.records for a, b in doubtful if _writer(written, a) == _writer(written, b)]
    same_name = _clusters(_shared((r, t.words) for r, t in told))
    anything = _clusters(_shared((r, x) for r, t in told for x in (t.words, *t.ids)))
    truth = {p for p in combinations(range(len(written)), 2) if written[p[0]].writer == written[p[1]].writer}
    return {
        "letters": len(written), "told": len({r for r, _ in told}), **_scored("program", joined, truth),
        **_scored("with_a_person", _clusters([*joined, *right]), truth),
        "questions_a_person": round(len(doubtful) / PEOPLE, 3), "rightly_asked": round(len(right) / len(doubtful), 3),
        **_scored("same_name", same_name, truth), **_scored("any_shared", anything, truth),
    }  # fmt: skip


def _shared(said: Iterable[tuple[str, object]]) -> list[tuple[str, ...]]:
    by: dict[object, list[str]] = defaultdict(list)
    for record, what in said:
        by[what].append(record)
    return [tuple(records) for records in by.values()]


def _clusters(groups: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """Groups that share a letter, as one."""
    parent: dict[str, str] = {}

    def root(x: str) -> str:
        while parent.setdefault(x, x) != x:
            x = parent[x]
        return x

    for group in groups:
        for other in group[1:]:
            parent[root(other)] = root(group[0])
        root(group[0])
    found: dict[str, list[str]] = defaultdict(list)
    for x in parent:
        found[root(x)].append(x)
    return [tuple(sorted(c, key=int)) for c in found.values()]


def _scored(name: str, clusters: Iterable[Sequence[str]], truth: set[tuple[int, int]]) -> dict[str, float]:
    said = {tuple(sorted((int(a), int(b)))) for c in clusters for a, b in combinations(c, 2)}
    hits = len(said & truth)
    return {f"{name}_precision": round(hits / max(len(said), 1), 4), f"{name}_recall": round(hits / len(truth), 4)}


def run() -> dict[str, float | int]:
    each = [measure(seed) for seed in TEST_SEEDS]
    means = {name: round(float(np.mean([one[name] for one in each])), 4) for name in each[0]}
    return {"people": PEOPLE, "seeds": len(TEST_SEEDS), **means, "target_precision": TARGET}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write bench/results/subject_resolution.json")
    parser.add_argument("--fit", action="store_true", help="print the weights instead")
    wanted = parser.parse_args()
    if wanted.fit:
        prior, weights = fit(FIT_SEEDS)
        print(f"PRIOR = {prior}", *(f'    "{level}": {weight},' for level, weight in sorted(weights.items())), sep="\n")
        return
    result = run()
    print(json.dumps(result, indent=1))
    if wanted.write:
        keep("subject_resolution", result)


if __name__ == "__main__":
    main()
