"""Answers and what they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from thruline.app.render.words import WIDTH, n, wrap
from thruline.flows import reports
from thruline.vectors.fusion import EVEN


def _answer(answer: reports.AnswerReport) -> Iterator[str]:
    yield from wrap(answer.text)
    if answer.cited:
        yield ""
    yield from dict.fromkeys(f"  [{p.number}] {p.title}  ({_place(p)})" for p in answer.cited)
    if doubtful := sum(sentence.doubtful for sentence in answer.sentences):
        yield ""
        yield from wrap(f"{n(doubtful, 'word')} of this read off a picture with little certainty: look at the page")
    yield from (line for note in notes(answer) for line in ("", *wrap(note)))
    yield ""
    sure = "" if answer.sure is None else f", {answer.sure:.0%} sure"
    yield f"receipt {answer.id}   {answer.outcome}{sure}, {answer.ms:.0f} ms   thruline why {answer.id}"


def _prompt(view: reports.PromptView) -> Iterator[str]:
    state = "in force" if view.in_force else "not in force"
    yield f"# {view.id}, {state}{', shipped' if view.is_shipped else ''}"
    yield view.text.rstrip()


def notes(answer: reports.AnswerReport) -> Iterator[str]:
    """What to know of an answer beside its words: how near it comes, what was kept out of it and from whom."""
    if answer.is_near_only:
        yield "this is the nearest that the documents say: check whether it answers the question"
    if answer.unreachable:
        yield f"{unreachable(answer.unreachable)}; ask again when it is back"
    if answer.filters.words:
        yield f"only documents {answer.filters.words}"
    if answer.budget and (cut := sum(bool(p.fate) for p in answer.passages)) and answer.mode == "llm":
        yield f"{n(cut, 'passage')} left out or cut: {answer.budget.tokens} of {answer.budget.limit} tokens"
    if doubted := [s for s in answer.sentences if not s.is_supported]:
        yield f"not said by any passage that is cited for it: {' / '.join(s.text for s in doubted)}"
    if answer.unsaid:
        yield f"{n(answer.unsaid, 'sentence')} of the model not said: the passages that it cited do not say so"
    if answer.left_out:
        yield f"{n(answer.left_out, 'document')} left out: people in them have not allowed this use, or object to it"
    if answer.kept_home:
        yield f"{n(answer.kept_home, 'passage')} kept from the language model, which stands in another region"
    yield from _ordered(answer.order)


def _place(passage: reports.Passage) -> str:
    page = f", page {passage.page}" if passage.page else ""
    return f"{passage.source}/{passage.path}{page}" + (f", {passage.date}" if passage.date else "")


def unreachable(passages: int) -> str:
    """What a search could not look at by meaning, as a sentence begins."""
    return f"{n(passages, 'passage')} searched by words alone: a part of the index is away"


def _plan(plan: reports.Searched) -> str:
    """How a search went, in one line."""
    if plan.way == "nothing":
        return "nothing was searched: you may see none of it"
    rows = n(plan.visible, "chunk")
    scored = f"scored {plan.scored} of {rows}" if plan.scored < plan.visible else f"scored all of {rows}"
    scored += f", {plan.unreachable} of them out of reach" if plan.unreachable else ""
    engine = f"a local stand-by for {plan.engine}, which is away," if plan.scan == "standby" else plan.engine
    found = "" if plan.scan == "none" else f"by meaning {engine} {scored}"
    words = f"by words {plan.by_words} fit" if plan.by_words else ""
    joined = "" if plan.fusion == EVEN or not (found and words) else f"joined by {plan.fusion.text}"
    recall = "" if plan.recall in (None, 1.0) else f"recall about {plan.recall:.3f}"
    again = {"": "", "few": "the engine gave too few, so all were scored again", "away": _AWAY[plan.scan == "none"]}
    stale = "" if plan.is_compact else "words that are gone still weigh a little"
    return "; ".join(part for part in (found, words, joined, recall, again[plan.again], stale) if part)


_AWAY = ("the engine is away, so all were scored here", "the engine is away, so words alone decided")


def _ordered(order: reports.Order) -> Iterator[str]:
    """What a reader should know of the order of the passages."""
    if order.reranked in ("unavailable", "failed"):
        why = "was away or late" if order.reranked == "unavailable" else "could not be used"
        yield f"the reranker {order.reranker!r} {why}: this is the order of the search"
    if order.kept_home:
        yield f"{n(order.kept_home, 'passage')} kept from the reranker, which stands in another region"


def _why(why: reports.WhyReport) -> Iterator[str]:
    yield f"{why.answer.question}"
    yield from tree(why.tree)
    yield ""
    if why.answer.searched:
        yield _plan(why.answer.searched)
    yield f"{why.artifacts} artifacts, {why.events} events on the ledger"


def tree(node: reports.Node, lead: str = "", branch: str = "") -> Iterator[str]:
    """A node and what it was made from, drawn with lines."""
    through = "by way of " if node.role == "via" else ""
    detail = f"  {node.detail}" if node.detail else ""
    yield f"{lead}{branch}{through}{node.kind} {node.label}{detail}"
    lead += {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
    for at, child in enumerate(node.children):
        yield from tree(child, lead, "└─ " if at == len(node.children) - 1 else "├─ ")


def _text(passage: reports.Passage) -> Iterator[str]:
    page = f", page {passage.page}" if passage.page else ""
    yield f"[{passage.number}] {passage.title}{page}"
    yield passage.text
    yield ""


def _cited_page(page: reports.CitedPage) -> Iterator[str]:
    yield f"{page.title}, page {page.page} of {page.of}, {page.width:g} x {page.height:g} points  {page.record}"
    if page.withheld:
        yield f"  not shown: {page.withheld}"
    for mark in page.marks:
        yield f"  [{mark.passage}] {' '.join(mark.text.split())[:WIDTH]}"
        yield from (f"      {f.left:g}, {f.top:g} to {f.right:g}, {f.bottom:g}" for f in mark.frames)


def _picture(page: reports.PagePicture) -> Iterator[str]:
    yield f"page {page.page} of {page.of}, {page.width:g} x {page.height:g} points; `--json` has the picture"


def _replay(report: reports.ReplayReport) -> Iterator[str]:
    yield f"retrieval {report.retrieval}, generation {report.generation}"
    yield from (f"  lost  {chunk}" for chunk in report.missing)
    yield from (f"  new   {chunk}" for chunk in report.added)
    yield from report.diff


def _search(report: reports.SearchReport) -> Iterator[str]:
    for passage in report.passages:
        yield f"{passage.score:.4f}  {passage.title}  ({_place(passage)})"
        yield f"        {' '.join(passage.text.split())[:WIDTH]}"
    if report.left_out:
        yield f"{n(report.left_out, 'document')} left out: people in them have not allowed this use, or object to it"
    if report.unreachable:
        yield unreachable(report.unreachable)
    if report.filters.words:
        yield f"only documents {report.filters.words}" + ("" if report.visible else ": none that you may see fits")
    yield from _ordered(report.order)
    if report.searched:
        yield _plan(report.searched)
    yield f"{len(report.passages)} of {report.visible} chunks that you may see, {report.ms:.1f} ms"


FORMS: dict[type, Any] = {
    reports.PromptView: _prompt,
    reports.AnswerReport: _answer,
    reports.WhyReport: _why,
    reports.Node: tree,
    reports.ReplayReport: _replay,
    reports.SearchReport: _search,
    reports.PagePicture: _picture,
}


ROWS: dict[type, Any] = {
    reports.Passage: _text,
    reports.CitedPage: _cited_page,
}
