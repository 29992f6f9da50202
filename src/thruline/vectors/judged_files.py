"""Judged questions as files bring them: lines of JSON, a CSV table, or a folder in BEIR's layout."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from thruline.core.decoding import decode
from thruline.core.errors import Invalid, NotFound

_QUESTION = ("question", "query", "text")
_DOCUMENTS = ("documents", "document", "relevant", "paths", "path")
_REFERENCE = ("answer", "reference")
_ANSWERABLE = "answerable"
_NOT = frozenset({"false", "no", "0"})
_FORMS = (
    "lines of JSON or a CSV table with `question` and `document`, and `answer` where one is known; or `answerable` = "
    "no instead of a document"
)
LARGEST = 100_000_000  # bytes


class Stated(NamedTuple):
    """A question as it was brought. documents: name -> grade, none where nothing answers it.

    where: its line, for a person who mends the file.
    """

    question: str
    documents: Mapping[str, int]
    reference: str
    where: str


def read(path: Path) -> list[Stated]:
    """All that a file or a folder states; raises NotFound, and Invalid with the line that cannot be meant."""
    if path.is_dir():
        return list(_beir(path))
    if not path.is_file():
        raise NotFound(f"no file {str(path)!r}", hint=_FORMS)
    text = _text(path)
    if path.suffix.lower() in (".csv", ".tsv"):
        dialect = "excel-tab" if path.suffix.lower() == ".tsv" else "excel"
        rows = ((f"row {n}", row) for n, row in enumerate(csv.DictReader(io.StringIO(text), dialect=dialect), 2))
    else:
        rows = _lines(text)
    return [_stated(where, row) for where, row in rows]


def _text(path: Path) -> str:
    if (size := path.stat().st_size) > LARGEST:
        raise Invalid(f"{path.name!r} has {size} bytes", hint=f"at most {LARGEST}; give it in parts")
    return decode(path.read_bytes())


def _lines(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Invalid(f"line {number} is no JSON: {line[:60]!r}", hint=_FORMS) from error
        if not isinstance(row, dict):
            raise Invalid(f"line {number} is no object: {line[:60]!r}", hint=_FORMS)
        yield f"line {number}", row


def _stated(where: str, row: Mapping[str, Any]) -> Stated:
    question = str(_first(row, _QUESTION) or "").strip()
    named = _first(row, _DOCUMENTS)
    names = named if isinstance(named, list) else str(named or "").split(";")
    documents = {str(name).strip(): 1 for name in names if str(name).strip()}
    if question and not documents and str(row.get(_ANSWERABLE, "")).strip().lower() in _NOT:
        return Stated(question, {}, "", where)
    if not question or not documents:
        missing = "question" if not question else "document"
        raise Invalid(f"{where} names no {missing}", hint=_FORMS)
    return Stated(question, documents, str(_first(row, _REFERENCE) or "").strip(), where)


def _first(row: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((row[name] for name in names if row.get(name)), None)


def _beir(folder: Path) -> Iterator[Stated]:
    """Of every split. Documents are named as the corpus has them."""
    asked, judged = folder / "queries.jsonl", sorted((folder / "qrels").glob("*.tsv"))
    if not asked.is_file() or not judged:
        raise NotFound(f"{str(folder)!r} is not in BEIR's layout", hint="it holds queries.jsonl and qrels/<split>.tsv")
    questions = {str(row.get("_id", "")): str(row.get("text", "")).strip() for _, row in _lines(_text(asked))}
    grades: dict[str, dict[str, int]] = {}
    for file in judged:
        for number, row in enumerate(csv.DictReader(io.StringIO(_text(file)), dialect="excel-tab"), 2):
            where = f"row {number} of {file.name}"
            if row.get("query-id") not in questions:
                raise Invalid(f"{where} judges a question {row.get('query-id')!r} that is not there", hint=_FORMS)
            grades.setdefault(row["query-id"], {})[row.get("corpus-id") or ""] = _grade(where, row.get("score"))
    for id, documents in grades.items():
        yield Stated(questions[id], documents, "", f"question {id}")


def _grade(where: str, text: str | None) -> int:
    try:
        return max(0, int(text or ""))
    except ValueError as error:
        raise Invalid(f"{where} has a grade {text!r}", hint="a whole number; 0 does not answer") from error
