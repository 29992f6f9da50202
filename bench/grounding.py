"""Is a sentence that its citation does not say found, and one that it says left alone?

    python bench/grounding.py [--write]

Sentences of XQuAD's English paragraphs, where ../shared/data/xquad is, each as an answer that cites its paragraph: as
it stands, shortened, or with numbers as words; and made wrong by seed: a number, name or unit exchanged, denied, or
citing another paragraph. Beside them sentences that were written and judged by hand. Baseline, in the same run: the
rule before, words and the digits of numbers alone.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from kept import SHARED, keep

from thruline.vectors.grounding import SUPPORTED_AT_LEAST, ground
from thruline.vectors.sentences import sentences
from thruline.vectors.terms import coverage, terms, weights

SEED, EACH = 7, 150
XQUAD = SHARED / "xquad" / "xquad.en.json"
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}")
_VERB = re.compile(r"\b(is|are|was|were|has|had|can|will)\b")
_UNIT = re.compile(r"(?<=\d )(years|days|months|miles|million|percent|hours|km|points|yards)\b")
_OTHER = {
    "years": "months", "days": "weeks", "months": "years", "miles": "km", "million": "billion", "percent": "million",
    "hours": "minutes", "km": "miles", "points": "yards", "yards": "points",
}  # fmt: skip
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
RULES = (
    "Staff may work from home three days a week. They ask their manager first. New staff start in the office.",
    "The clinic in Lund opens at 8:00 and closes at 17:30. Dr Ekström sees children on Mondays. Parking costs 20 "
    "kronor an hour and is not free for staff.",
    "Backups run every night at 02:30. Copies are kept for ninety days and are never sent abroad. A restore takes two "
    "hours.",
)  # fmt: skip
RIGHT = (
    ("You may work from home 3 days a week.", 1), ("Staff ask their manager before they work from home.", 1),
    ("New staff start in the office.", 1), ("The clinic opens at 8:00.", 2), ("It closes at 17:30.", 2),
    ("Children are seen on Mondays by Dr Ekström.", 2), ("An hour of parking costs 20 kronor.", 2),
    ("Parking is not free for staff.", 2), ("Copies are kept for 90 days.", 3), ("Backups run at 2:30 at night.", 3),
    ("Copies are never sent abroad.", 3), ("A restore takes 120 minutes.", 3),
)  # fmt: skip
WRONG = (
    ("You may work from home 4 days a week.", 1), ("Staff may work from home three days a month.", 1),
    ("Staff do not ask their manager first.", 1), ("New staff start at home.", 1), ("The clinic opens at 9:00.", 2),
    ("The clinic in Oslo opens at 8:00.", 2), ("Dr Lindqvist sees children on Mondays.", 2),
    ("Dr Ekström sees children on Tuesdays.", 2), ("Parking is free for staff.", 2),
    ("Copies are kept for 30 days.", 3), ("Copies are sent abroad.", 3), ("A restore takes two days.", 3),
)  # fmt: skip


class Case(NamedTuple):
    """An answer, the passages before it, and what it is."""

    kind: str
    answer: str
    passages: Mapping[int, str]


Judge = Callable[[str, Mapping[int, str]], bool]


def main() -> None:
    """Print the table, and write it when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write bench/results/grounding.json")
    arguments = parser.parse_args()
    rules = dict(enumerate(RULES, 1))
    right = [Case("by hand", f"{text} [{n}]", rules) for text, n in RIGHT]
    wrong = [Case("by hand", f"{text} [{n}]", rules) for text, n in WRONG]
    if XQUAD.exists():
        paragraphs = [p["context"] for a in json.loads(XQUAD.read_text("utf-8"))["data"] for p in a["paragraphs"]]
        right += _some(_right(paragraphs))
        wrong += _some(_wrong(paragraphs, random.Random(SEED)))
    result: dict[str, Any] = {"seed": SEED, "supported": len(right), "not supported": len(wrong)}
    for name, judge in (("ours", _ours), ("words and digits (baseline)", _before)):
        result[name] = _measured(judge, right, wrong)
        print(name, json.dumps(result[name], indent=1))
    if arguments.write:
        keep("grounding", result)


def _measured(judge: Judge, right: list[Case], wrong: list[Case]) -> dict[str, Any]:
    """How well what is not supported is found: precision and recall; recall of each kind, false alarms of each."""
    alarms = [case for case in right if not judge(case.answer, case.passages)]
    found = [case for case in wrong if not judge(case.answer, case.passages)]
    return {
        "precision": len(found) / (len(found) + len(alarms)),
        "recall": len(found) / len(wrong),
        "found": {k: _share(found, wrong, k) for k in dict.fromkeys(c.kind for c in wrong)},
        "false alarms": {k: _share(alarms, right, k) for k in dict.fromkeys(c.kind for c in right)},
    }


def _share(some: list[Case], all_: list[Case], kind: str) -> float:
    return sum(c.kind == kind for c in some) / sum(c.kind == kind for c in all_)


def _ours(answer: str, passages: Mapping[int, str]) -> bool:
    return all(claim.is_supported for claim in ground(answer, passages))


def _before(answer: str, passages: Mapping[int, str]) -> bool:
    """Words of two sentences in a row, and the same digits."""
    number = int(answer.rpartition("[")[2].rstrip("]"))
    text = answer.rpartition("[")[0].strip()
    windows = {n: _windows(passage) for n, passage in passages.items()}
    weight = weights(dict.fromkeys(terms(text)), [frozenset(terms(w)) for some in windows.values() for w in some])
    digits = set(_NUMBER.findall(text))
    return any(
        coverage(weight, terms(w)) >= SUPPORTED_AT_LEAST and digits <= set(_NUMBER.findall(w)) for w in windows[number]
    )


def _windows(passage: str) -> list[str]:
    parts = [passage[s.start : s.end] for s in sentences(passage)]
    return [" ".join(parts[i : i + 2]) for i in range(max(1, len(parts) - 1))]


def _some(cases: Iterator[Case]) -> list[Case]:
    """At most so many of each kind, spread over the paragraphs."""
    by_kind: dict[str, list[Case]] = {}
    for case in cases:
        by_kind.setdefault(case.kind, []).append(case)
    return [c for some in by_kind.values() for c in random.Random(SEED).sample(some, min(EACH, len(some)))]


def _sentences(paragraphs: list[str]) -> Iterator[tuple[int, str]]:
    for at, paragraph in enumerate(paragraphs):
        for part in sentences(paragraph):
            text = paragraph[part.start : part.end]
            if 8 <= len(text.split()) <= 45:
                yield at, text


def _before_them(paragraphs: list[str], at: int) -> dict[int, str]:
    """The paragraph as passage 1, and its neighbours, as retrieval would find them."""
    return {n: paragraphs[(at + n - 1) % len(paragraphs)] for n in (1, 2, 3)}


def _right(paragraphs: list[str]) -> Iterator[Case]:
    for at, text in _sentences(paragraphs):
        passages = _before_them(paragraphs, at)
        yield Case("as it stands", f"{text} [1]", passages)
        head = text.partition(", ")[0]
        if "," in text and len(head.split()) >= 5:
            yield Case("shortened", f"{head}. [1]", passages)
        if found := re.search(r"(?<= )([2-9]|1[0-2])(?= [a-z])", text):
            worded = text[: found.start()] + _WORDS[int(found[1])] + text[found.end() :]
            yield Case("numbers as words", f"{worded} [1]", passages)


def _wrong(paragraphs: list[str], chance: random.Random) -> Iterator[Case]:
    names = sorted({name for paragraph in paragraphs for name in _NAME.findall(paragraph)})
    for at, text in _sentences(paragraphs):
        passages = _before_them(paragraphs, at)
        yield Case("another paragraph cited", f"{text} [2]", passages)
        if found := _NUMBER.search(text):
            digit = str((int(found[0][0]) + chance.randint(1, 8)) % 9 + 1)
            yield Case("number", f"{text[: found.start()]}{digit}{text[found.start() + 1 :]} [1]", passages)
        if (found := _NAME.search(text)) and (other := chance.choice(names)) not in paragraphs[at]:
            yield Case("name", f"{text[: found.start()]}{other}{text[found.end() :]} [1]", passages)
        if found := _VERB.search(text):
            yield Case("denied", f"{text[: found.end()]} not{text[found.end() :]} [1]", passages)
        if found := _UNIT.search(text):
            yield Case("unit", f"{text[: found.start()]}{_OTHER[found[0]]}{text[found.end() :]} [1]", passages)


if __name__ == "__main__":
    main()
