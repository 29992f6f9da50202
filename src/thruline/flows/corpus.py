"""Corpus: documents of sources as a cleaned set for training, written as Parquet or Lance with its data sheet.

What is left out is counted by rule; what is written stays on the line: a later erasure names the files that hold it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from thruline.core.clock import iso
from thruline.core.errors import Conflict, Invalid, NotFound, Unsupported
from thruline.core.files import whole, write_whole
from thruline.core.ids import ArtifactId, random_id
from thruline.core.nouns import Actor, Draft, Source
from thruline.data.contamination import contamination
from thruline.data.policies import STATED
from thruline.data.quality_rules import DEFAULT, Purpose
from thruline.data.records import Record
from thruline.flows.alike import once
from thruline.flows.apart_compare import near_by
from thruline.flows.documents import pages_of
from thruline.flows.purposes import check_uses, permitted, still_permitted
from thruline.flows.quality import judge
from thruline.flows.reports import CorpusReport
from thruline.flows.sources import named

if TYPE_CHECKING:
    from thruline.flows.line import Line

KIND = "corpus"


class _Row(NamedTuple):
    record: ArtifactId
    source: str
    title: str
    language: str
    text: str
    words: int


def export(
    line: Line, actor: Actor, sources: Sequence[str], purpose: Purpose, out: str, *, held_out: str, use: str,
    distinct: float = 0.0,
) -> CorpusReport:  # fmt: skip
    """Write the documents of these sources that pass the rules of a purpose, each text once.

    out: a `.parquet` file or a `.lance` folder; its data sheet lies beside it as Markdown. The set is there whole, and
    after its sheet. held_out: a Parquet file with a column `text`
    that is for testing alone: what stands in it is left out. use: what the set is for; without who does not allow it.
    distinct: similarity from which one of two that say the same in other words is left out; 0 for none.
    documents = written + repeated + alike + failing + contaminated + withheld.
    Raises Invalid for another ending, Conflict for a file that is there or a source that may not be used so, NotFound
    where nothing passes, Unsupported for an ending whose extra is not installed.
    """
    engine, sets = _engine()
    path = target(out, sets.ENDINGS)
    sets.check_engine(path)
    tests = _texts(engine, Path(held_out).expanduser()) if held_out else []
    chosen = [named(line, actor, name) for name in sources]
    check_uses(line, chosen, use)
    _, without = permitted(line, use)
    live = [r for s in chosen for r in line.records.of_source(s.id, state="live")]
    records = [r for r in live if r.id not in without]
    unique = _each_once(records)
    judged = judge(line, unique)
    failing = {rule.score: rows for rule in DEFAULT[purpose] if len(rows := judged.failing(rule))}
    failed = {int(row) for rows in failing.values() for row in rows}
    passing = [record for row, record in enumerate(judged.records) if row not in failed]
    apart = once(line, actor, passing, distinct) if distinct else passing
    rows = list(_rows(line, apart, {s.id: s.name for s in chosen}))
    seen = _seen(line, rows, tests)
    written = [row for number, row in enumerate(rows) if number not in seen]
    if not written:
        raise NotFound("no document passes", hint=f"`thruline quality {chosen[0].name} --purpose {purpose}` says why")
    report = CorpusReport(
        file=str(path), sheet=str(path.with_suffix(".md")), purpose=purpose, documents=len(live),
        written=len(written), repeated=len(records) - len(unique), failing=len(failed), contaminated=len(seen),
        withheld=len(live) - len(records), alike=len(passing) - len(apart),
        by_rule={rule: len(rows) for rule, rows in failing.items()}, words=sum(row.words for row in written),
        unjudged=judged.unjudged,
    )  # fmt: skip
    _note(line, report, written, use, actor)
    write_whole(path.with_suffix(".md"), ("\n".join(_sheet(line, report, chosen, written)) + "\n").encode())
    with whole(path) as part:
        sets.write(engine.DataFrame(written, schema=list(_Row._fields), orient="row"), path, part)
    return report


def _seen(line: Line, rows: Sequence[_Row], tests: Sequence[str]) -> set[int]:
    """Which rows stand in the set held out."""
    if not tests:
        return set()
    return {pair.train for pair in contamination([row.text for row in rows], tests, near_by(line)).pairs}


def _engine() -> tuple[Any, Any]:
    try:
        import polars

        from thruline.data import sets
    except ModuleNotFoundError as error:
        raise Unsupported("sets are written with 'polars'", hint="pip install 'thruline[train]'") from error
    return polars, sets


def _texts(engine: Any, path: Path) -> list[str]:
    if not path.is_file():
        raise NotFound(f"there is no set {str(path)!r}", hint="give a Parquet file with a column `text`")
    try:
        return engine.read_parquet(path, columns=["text"])["text"].drop_nulls().to_list()
    except (engine.exceptions.PolarsError, OSError) as error:
        raise Invalid(f"{path.name!r} has no column `text` that can be read", hint="give a Parquet file") from error


def _each_once(records: Sequence[Record]) -> list[Record]:
    """Of those that repeat one another the original, or where that is not among them, the first."""
    chosen = {r.id for r in records}
    seen: set[str] = set()
    kept: list[Record] = []
    for record in records:
        original = record.canonical or record.id
        if original not in seen and (not record.canonical or original not in chosen):
            kept.append(record)
            seen.add(original)
    return kept


def target(out: str, endings: Sequence[str] = (".parquet",)) -> Path:
    """Where to write a set; raises Invalid for another ending, Conflict where it or a sheet of another is there."""
    path = Path(out).expanduser().resolve()
    if path.suffix not in endings:
        raise Invalid(f"{path.name!r} is no set that can be written", hint=f"end its name in {' or '.join(endings)}")
    if path.exists() or _is_of_another(path.with_suffix(".md"), path):
        raise Conflict(
            f"{str(path)!r} is there already", hint="a set that was trained on stays as it is: choose another"
        )
    if not path.parent.is_dir():
        raise NotFound(f"there is no folder {str(path.parent)!r}", hint="make it first")
    return path


def _is_of_another(sheet: Path, path: Path) -> bool:
    """Whether it is there, and not what a killed write of this very set left."""
    return sheet.exists() and not sheet.read_bytes().startswith(f"{_title(path)}\n".encode())


def _title(path: Path) -> str:
    return f"# Data sheet of {path.name}"


def _rows(line: Line, records: Sequence[Record], names: Mapping[str, str]) -> Iterator[_Row]:
    for page in pages_of(line, records):
        for record, document in page:
            words = len(document.text.split())
            yield _Row(record.id, names[record.source], document.title, document.language, document.text, words)


def _note(line: Line, report: CorpusReport, rows: Sequence[_Row], use: str, actor: Actor) -> None:
    """On the ledger before it is written: killed in between, an erasure still names the file."""
    id = random_id(KIND)
    records = tuple(row.record for row in rows)
    facts = {"rows": report.written, "repeated": report.repeated, "alike": report.alike, "failing": report.failing}
    facts |= {"contaminated": report.contaminated, "withheld": report.withheld}
    with line.database.transaction():
        if sum(r.state == "live" for r in line.records.get_many(records).values()) < len(records):
            raise Conflict("a document of it was taken out while it was made", hint="write it again")
        still_permitted(line, use, records)
        line.payloads.put(id, f"{report.file}, written {iso(line.clock.now())}".encode(), id)
        line.ledger.append([Draft(verb="corpus.exported", inputs=records, outputs=(id,), facts=facts, actor=actor.id)])


def _sheet(line: Line, report: CorpusReport, sources: Sequence[Source], rows: Sequence[_Row]) -> Iterator[str]:
    """As Gebru et al. 2021 ask, and the EU AI Act's article 10: what can be told from what is known."""
    languages = Counter(row.language or "not told" for row in rows)
    yield _title(Path(report.file))
    yield f"\nWritten {iso(line.clock.now())} at event {line.ledger.head().seq} of the ledger, for {report.purpose}."
    yield "\n## Composition\n"
    yield f"- {report.written} documents, {report.words} words; one row a document: {', '.join(_Row._fields)}"
    yield f"- languages: {', '.join(f'{name} {count}' for name, count in languages.most_common())}"
    yield "- rows are named by record ids: `thruline lineage` and `thruline blast` follow each"
    yield "\n## Collection\n"
    for source in sources:
        count = sum(row.source == source.name for row in rows)
        stated = {says: source.options.get(name) or "**not stated**" for name, says in STATED.items()}
        told = "; ".join(f"{says}: {value}" for says, value in stated.items())
        masked = source.options.get("mask") or "nothing"
        yield f"- {source.name}: {count} documents; {told}; covered personal data: {masked}"
    yield "\n## Cleaning\n"
    out = f"{report.repeated} that repeat another + {report.failing} that fail a rule"
    if report.alike:
        out += f" + {report.alike} that say in other words what another says"
    seen = f"{report.contaminated} that stand in the set held out for testing"
    kept_back = f"{report.withheld} of people who have not allowed this use, or object to it"
    yield f"- {report.documents} documents = {report.written} written + {out} + {seen} + {kept_back}"
    yield from (f"- fails {rule}: {count}" for rule, count in report.by_rule.items())
    if report.unjudged:
        yield f"- not judged for hurtful language: {report.unjudged}; the judge did not answer"
    elif line.judge is None:
        yield "- nobody judged whether a text is hurtful: the setting quality.judge names nobody"
    yield "- quarantined and refused documents are not in it"
    yield "\n## Maintenance\n"
    yield "- who is erased is in this file still: the erasure names it; write the set again and delete this one"
