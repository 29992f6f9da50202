"""Evaluate: how good search and answers are on the judged questions of a home, and which of two ways is better."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Draft
from thruline.flows import rerank
from thruline.flows.answered import Answered, answered
from thruline.flows.find import find_in, read_hits, view
from thruline.flows.judged import Row, rows
from thruline.flows.reindex import named
from thruline.flows.reports import Difference, EvaluationReport, Measure
from thruline.flows.spans import as_judged
from thruline.runs.runner import Progress
from thruline.vectors.judged import Part
from thruline.vectors.quality import Estimate, estimate, graded_ndcg_at, hit_at, recall_at, reciprocal_rank, share
from thruline.vectors.serving import Serving

if TYPE_CHECKING:
    from thruline.flows.line import Line

PART: Part = "judging"  # never what anything was chosen on
DEEPEST = 100
_NDCG = "nDCG@10"


By = Literal["both", "found", "words"]


class Way(NamedTuple):
    """A way of searching. by: as people are answered, as found before anything orders it, or by words alone."""

    serving: Serving
    by: By


def evaluate(
    line: Line, actor: Actor, *, k: int, by: By, compare: str, answers: int, progress: Progress | None = None
) -> EvaluationReport:
    """Search for every judged question of the judging half, answer some of them, and keep the figures on the ledger.

    compare: another way of searching, or the id or tag of a generation, measured on the same questions. Raises
    Conflict where nothing is judged, NotFound for a generation that never was, Invalid for a k that is out of range.
    """
    if not 1 <= k <= DEEPEST:
        raise Invalid(f"k = {k} is out of range", hint=f"1 to {DEEPEST}")
    began = time.monotonic()
    ours = Way(line.shelf.serving(), by)
    other = _other(line, compare, ours) if compare else None
    known = [row for row in rows(line, PART) if any(grade > 0 for grade in row.grades.values())]
    if not known:
        raise Conflict("no question is judged that could be measured", hint="`thruline judged make` makes some")
    tell = _telling(progress, len(known) * (1 + (other is not None)) + min(answers, len(known)))
    found = [_ranked(line, actor, ours, row, k, tell) for row in known]
    others = [_ranked(line, actor, other, row, k, tell) for row in known] if other else []
    search = _search(known, found, k)
    said = list(answered(line, actor, known[:answers], tell))
    differences = _differences(search, _search(known, others, k)) if other else ()
    report = EvaluationReport(
        generation=ours.serving.generation, by=by, part=PART, questions=len(known),
        set_aside=_with_documents(line) - len(known), made=sum(row.origin == "documents" for row in known),
        search=tuple(_measure(name, says, values) for (name, says), values in search.items()),
        answers=tuple(_answers(said)), seconds=round(time.monotonic() - began, 2),
        compared=compare, differences=differences, says=_sentence(by, compare, differences),
    )  # fmt: skip
    line.ledger.append([_event(report, actor.id)])
    return report


def _with_documents(line: Line) -> int:
    """How many questions some document was judged for."""
    return sum(bool(question.grades) for question in line.judged.all(PART))


def _other(line: Line, compare: str, ours: Way) -> Way:
    if compare in get_args(By):
        return Way(ours.serving, compare)  # type: ignore[arg-type]
    try:
        generation = named(line, compare)
    except NotFound as error:
        ways = ", ".join(get_args(By))
        hint = f"{ways}, or `thruline index list`"
        raise NotFound(f"no way of searching and no generation {compare!r}", hint=hint) from error
    return Way(line.shelf.snapshot(generation), ours.by)


def _telling(progress: Progress | None, total: int) -> Callable[[], None]:
    steps = iter(range(1, total + 1))

    def tell() -> None:
        if progress:
            progress("asking judged questions", next(steps, total), total)

    return tell


def _ranked(line: Line, actor: Actor, way: Way, row: Row, k: int, tell: Callable[[], None]) -> list[str]:
    """What is found, each as the judgement names it: by chunk, or by record."""
    most, order = max(k, 10), rerank.now(line) if way.by == "both" else rerank.UNTOUCHED
    seen = view(line, way.serving, actor)
    by = "words" if way.by == "words" else "both"
    hits = find_in(line, way.serving, seen, row.question, order.depth(most), by=by)
    tell()
    if order.is_as_found:
        return as_judged(line, [(hit.chunk, hit.record) for hit in hits.hits], row.grades)
    found, _ = rerank.ordered(line, row.question, hits.hits, read_hits(line, hits, actor), most, order)
    return as_judged(line, [(f.hit.chunk, f.hit.record) for f in found], row.grades)


Values = dict[tuple[str, str], list[float]]


def _search(known: Sequence[Row], found: Sequence[Sequence[str]], k: int) -> Values:
    values: Values = {}
    for row, ranked in zip(known, found, strict=True):
        relevant = {id for id, grade in row.grades.items() if grade > 0}
        for name, says, value in (
            (_NDCG, "how high what answers stands, 1 for all of it on top", graded_ndcg_at(10, ranked, row.grades)),
            (f"recall@{k}", f"share of what answers among the first {k}", recall_at(k, ranked, relevant)),
            ("MRR", "1 over the place of the first that answers", reciprocal_rank(ranked, relevant)),
            (f"success@{k}", f"questions with an answer among the first {k}", hit_at(k, ranked, relevant)),
        ):
            values.setdefault((name, says), []).append(value)
    return values


def _answers(said: Sequence[Answered]) -> Iterator[Measure]:
    if not said:
        return
    given = [a for a in said if a.is_answered]
    reference = [a for a in given if a.f1 is not None]
    yield _measure("answered", "questions that got an answer", [float(a.is_answered) for a in said])
    if given:
        yield _measure("right citation", "answers that cite what was judged to answer", [a.cites for a in given])
        yield _measure("grounded", "sentences that stand in what they cite", [a.grounded for a in given])
    if reference:
        yield _measure("exact", "answers that are the reference word by word", [float(a.exact) for a in reference])
        yield _measure("holds", "answers in which the reference stands", [float(a.holds) for a in reference])
        yield _measure("token F1", "words shared with the reference", [a.f1 or 0.0 for a in reference])


def _measure(name: str, says: str, values: Sequence[float]) -> Measure:
    found = share(values) if set(values) <= {0.0, 1.0} else estimate(values)
    return Measure.of(name, says, found)


def _differences(ours: Values, theirs: Values) -> tuple[Difference, ...]:
    """Pairs of the same question, so that hard ones do not blur what differs."""
    return tuple(
        _difference(name, estimate([a - b for a, b in zip(ours[name, says], theirs[name, says], strict=True)]))
        for name, says in ours
    )


def _difference(name: str, gained: Estimate) -> Difference:
    says = "better" if gained.low > 0 else "worse" if gained.high < 0 else "cannot be told"
    return Difference(
        name=name, value=round(gained.value, 4), low=round(gained.low, 4), high=round(gained.high, 4), says=says
    )


def _sentence(by: str, compare: str, differences: Sequence[Difference]) -> str:
    found = next((d for d in differences if d.name == _NDCG), None)
    if found is None:
        return ""
    between = f"{found.name} {found.value:+.3f}, between {found.low:+.3f} and {found.high:+.3f}"
    if found.says == "cannot be told":
        return f"whether {by!r} or {compare!r} is better cannot be told from these questions: {between}"
    return f"{by!r} is {found.says} than {compare!r}: {between}"


def _event(report: EvaluationReport, actor: str) -> Draft:
    ndcg = next(m for m in report.search if m.name == _NDCG)
    other = next((d for d in report.differences if d.name == _NDCG), None)
    facts = {
        "questions": report.questions, "by": report.by, "ndcg": ndcg.value, "low": ndcg.low, "high": ndcg.high,
        "answers": report.answers[0].questions if report.answers else 0,
        "answered": report.answers[0].value if report.answers else 0.0,
        "compared": {"better": "better", "worse": "worse"}.get(other.says, "unclear") if other else "none",
        "difference": other.value if other else 0.0,
    }  # fmt: skip
    inputs = (ArtifactId(report.generation),) if report.generation else ()
    return Draft(verb="index.evaluated", inputs=inputs, facts=facts, actor=actor)
