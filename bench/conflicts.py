"""Does an answer say when its documents disagree, and is it silent when they do not?

    python bench/conflicts.py [--write]

Judged pairs of sentences (src/thruline/testing/disagreements.py), and notes on the handbook of the demo: for the title
of each page as a question, the eight best passages by words, with every sentence of the two best taken for the answer,
which is more than any answer says. Baseline, in the same run: sentences of the same words with another set of numbers.
"""

from __future__ import annotations

import argparse
import re
import tarfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

from kept import CACHE, keep

from thruline.backends.tantivy_text import TantivyText
from thruline.core.ids import ArtifactId
from thruline.testing.disagreements import DISAGREE, HARMLESS, Pair
from thruline.vectors.conflicts import conflicts, disagreement
from thruline.vectors.context import Hit, Passage
from thruline.vectors.sentences import sentences
from thruline.vectors.statements import statement
from thruline.vectors.terms import terms

HANDBOOK = CACHE / "django-5.2.19.tar.gz"
WORDS, PASSAGES, ANSWERED = 200, 8, 2
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


def main() -> None:
    """Print the table, and write it when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write bench/results/conflicts.json")
    arguments = parser.parse_args()
    result: dict[str, Any] = {"judged pairs": {"disagree": len(DISAGREE), "harmless": len(HARMLESS)}}
    for name, told in (("ours", _ours), ("other numbers (baseline)", _other_numbers)):
        result[name] = {
            "found of those that disagree": sum(map(told, DISAGREE)) / len(DISAGREE),
            "false alarms among the harmless": sum(map(told, HARMLESS)) / len(HARMLESS),
        }
    if HANDBOOK.exists():
        result["handbook"] = _handbook()
    for name, value in result.items():
        print(f"{name}: {value}")
    if arguments.write:
        keep("conflicts", result)


def _ours(pair: Pair) -> bool:
    return disagreement(statement(pair.one), statement(pair.other)) is not None


def _other_numbers(pair: Pair) -> bool:
    numbers = [set(_NUMBER.findall(text)) for text in pair]
    words = [{t for t in terms(text) if not t[0].isdigit()} for text in pair]
    return numbers[0] != numbers[1] and len(words[0] & words[1]) >= 0.6 * len(words[0] | words[1])


def _handbook() -> dict[str, float]:
    pages = dict(_pages())
    chunks = [chunk for name, text in pages.items() for chunk in _chunks(name, text)]
    index = TantivyText()
    index.build([chunk.text for chunk in chunks], [chunk.title for chunk in chunks])
    notes, cpu = 0, 0.0
    for name, text in pages.items():
        found = [chunks[row] for row in index.search(_title(name, text), PASSAGES).rows]
        passages = [_passage(number, hit) for number, hit in enumerate(found, 1)]
        said = [s for p in passages[:ANSWERED] for s in _said(p)]
        began = time.process_time()
        told = conflicts(passages, said)
        cpu += time.process_time() - began
        notes += len(told)
        for conflict in told:
            print(f"  {_title(name, text)}: {conflict.note}")
    index.close()
    return {"questions": len(pages), "notes": notes, "notes a question": notes / len(pages),
            "CPU ms a question": cpu / len(pages) * 1000}  # fmt: skip


def _pages() -> Iterator[tuple[str, str]]:
    with tarfile.open(HANDBOOK) as archive:
        for member in archive:
            if "/docs/" in member.name and member.name.endswith(".txt") and (file := archive.extractfile(member)):
                yield member.name, file.read().decode()


def _title(name: str, text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if re.search(r"\w", line) and not line.startswith("..")]
    return lines[0] if lines else name


def _chunks(name: str, text: str) -> Iterator[Hit]:
    start, words = 0, 0
    for block in re.finditer(r".*?(?:\n\s*\n|\Z)", text, re.DOTALL):
        words += len(block[0].split())
        if words >= WORDS or block.end() == len(text):
            if text[start : block.end()].strip():
                yield Hit(chunk=ArtifactId(f"{name}:{start}"), record=ArtifactId(name), title=_title(name, text),
                          text=text[start : block.end()], start=start, end=block.end())  # fmt: skip
            start, words = block.end(), 0


def _passage(number: int, hit: Hit) -> Passage:
    return Passage(number=number, record=hit.record, title=hit.title, text=hit.text, start=hit.start, hits=(hit,))


def _said(passage: Passage) -> Sequence[tuple[str, tuple[int]]]:
    return [(passage.text[s.start : s.end], (passage.number,)) for s in sentences(passage.text)]


if __name__ == "__main__":
    main()
