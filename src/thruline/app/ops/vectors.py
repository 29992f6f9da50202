"""vectors: search, answers and what they are made of; generations of the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.errors import Denied
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.flows import answer as answering
    from thruline.flows import asked_fields as asking
    from thruline.flows import change as changes
    from thruline.flows import filters, find, receipts, reindex, reports
    from thruline.flows import pages as paging
    from thruline.flows import prompts as prompting
    from thruline.flows import why as whys
else:
    reports = lazy("thruline.flows.reports")
    answering = lazy("thruline.flows.answer")
    asking = lazy("thruline.flows.asked_fields")
    changes = lazy("thruline.flows.change")
    filters = lazy("thruline.flows.filters")
    find = lazy("thruline.flows.find")
    paging = lazy("thruline.flows.pages")
    prompting = lazy("thruline.flows.prompts")
    receipts = lazy("thruline.flows.receipts")
    reindex = lazy("thruline.flows.reindex")
    whys = lazy("thruline.flows.why")

AsUser = Annotated[str, "ask with the rights of this user (operator only)"]
Purpose = Annotated[str, "what for: only documents that may be used so are seen"]
Source = Annotated[tuple[str, ...], "only documents of these sources"]
Since = Annotated[str, "only documents that came in from then on: `2026-11-22`, `2026-11-22T14:05Z`, or `2h` ago"]
Until = Annotated[str, "only documents that came in before then"]
Path = Annotated[str, "only documents at this path, with `*` and `?`, as `handbook/*.pdf`"]
Language = Annotated[str, "only documents in this language, as `de`"]
AsOf = Annotated[str, "from the index that served at that moment, or has this tag, as far as it may still be seen"]
Where = Annotated[
    tuple[str, ...], "only documents of which these hold: `price<100`, `department=legal,hr`, `due`, `!due`"
]
Receipt = Annotated[str, "receipt id of an answer"]


@operation(role="reader", cli="ask", positional=("question",))
def ask(
    p: Platform, *,
    question: Annotated[str, "a question"],
    source: Source = (), since: Since = "", until: Until = "", path: Path = "", language: Language = "",
    as_of: AsOf = "", where: Where = (),
    as_user: AsUser = "",
    purpose: Purpose = "answer",
    prompt: Annotated[str, "try this version of the prompt once (operator only)"] = "",
) -> reports.AnswerReport:  # fmt: skip
    """Answer from the documents that may be seen, each sentence with its citation."""
    narrowed = filters.given(
        p.line,
        p.anyone(as_user),
        source=source,
        since=since,
        until=until,
        path=path,
        language=language,
        as_of=as_of,
        where=where,
    )
    if prompt and "operator" not in p.actor.may:
        raise Denied(f"{p.actor.name!r} may not try the prompt {prompt!r}", hint="only the operator may")
    tried = prompting.on_trial(p.line, prompt)
    return answering.ask(p.line, p.anyone(as_user), question, purpose=purpose, filters=narrowed, prompt=tried)


@operation(role="reader", cli="search", positional=("question",), reads=True)
def search(  # noqa: PLR0913 - every filter is a parameter: the doors are made from them
    p: Platform, *,
    question: Annotated[str, "words or a question"],
    k: Annotated[int, "how many passages, 1 to 100"] = 10,
    by: Annotated[Literal["both", "words"], "words and meaning, or words alone (BM25)"] = "both",
    source: Source = (), since: Since = "", until: Until = "", path: Path = "", language: Language = "",
    as_of: AsOf = "", where: Where = (),
    as_user: AsUser = "",
    purpose: Purpose = "answer",
) -> reports.SearchReport:  # fmt: skip
    """Passages that fit, best first, with how each was found."""
    narrowed = filters.given(
        p.line,
        p.anyone(as_user),
        source=source,
        since=since,
        until=until,
        path=path,
        language=language,
        as_of=as_of,
        where=where,
    )
    return find.search(p.line, p.anyone(as_user), question, k, by=by, purpose=purpose, filters=narrowed)


@operation(role="reader", cli="fields", reads=True)
def fields(p: Platform) -> tuple[reports.FieldView, ...]:
    """What documents can be asked by with `--where`, and how many of those that you see say something there."""
    return asking.listing(p.line, p.actor)


@operation(role="reader", cli="why", positional=("answer",), reads=True, path="/v1/receipts/{answer}")
def why(p: Platform, *, answer: Receipt) -> reports.WhyReport:
    """What an answer is made of: passages, records, sources, index, models."""
    return whys.why(p.line, p.actor, answer)


@operation(role="reader", cli="pages", positional=("answer",), reads=True, path="/v1/receipts/{answer}/pages")
def pages(p: Platform, *, answer: Receipt) -> tuple[reports.CitedPage, ...]:
    """Where on the pages of its documents an answer stands: frames around the words, in points from above."""
    return paging.cited(p.line, p.actor, answer)


@operation(role="operator", cli="replay", positional=("answer",))
def replay(p: Platform, *, answer: Receipt) -> reports.ReplayReport:
    """Make an answer again from its receipt: retrieval exactly, the words as a diff."""
    return receipts.replay(p.line, p.actor, answer)


@operation(role="reader", cli="answers", reads=True)
def answers(p: Platform, *, limit: Annotated[int, "at most this many"] = 20) -> tuple[reports.AnswerLine, ...]:
    """Your latest answers; the operator sees everybody's."""
    return receipts.listing(p.line, p.actor, limit)


@operation(role="reader", cli="index list", reads=True)
def generations(p: Platform, *, limit: Annotated[int, "at most this many"] = 20) -> tuple[reports.GenerationView, ...]:
    """The generations of the index, the latest first."""
    return reindex.listing(p.line, limit)


@operation(role="operator", cli="index switch", positional=("generation",))
def switch(
    p: Platform, *, generation: Annotated[str, "id or tag of a generation"]
) -> tuple[reports.GenerationView, ...]:
    """Let another generation of the index serve."""
    return reindex.switch(p.line, generation, p.actor.id)


@operation(role="operator", cli="index tag", positional=("name", "generation"))
def tag(
    p: Platform, *,
    name: Annotated[str, "a short name: small letters, digits, dots and dashes"],
    generation: Annotated[str, "id or tag of a generation; empty for the one that serves"] = "",
) -> tuple[reports.GenerationView, ...]:  # fmt: skip
    """Give a version of the index a name, to ask it or to go back to it by."""
    return reindex.tag(p.line, name, generation, p.actor.id)


@operation(role="operator", cli="index untag", positional=("name",))
def untag(p: Platform, *, name: Annotated[str, "a tag"]) -> tuple[reports.GenerationView, ...]:
    """Take a name off a version of the index; the version stays."""
    return reindex.untag(p.line, name, p.actor.id)


@operation(role="operator", cli="index rollback")
def rollback(p: Platform) -> tuple[reports.GenerationView, ...]:
    """Let the generation before the serving one serve again."""
    return reindex.rollback(p.line, p.actor.id)


@operation(role="operator", cli="index change")
def change(
    p: Platform, *,
    embedder: Annotated[str, "its name; empty for the one that embed.* sets"] = "",
    chunking: Annotated[str, "as `words=120` or `words=300 headings`; empty for the one that serves"] = "",
    share: Annotated[float, "of the time that embedding may take, above 0 and up to 1: it rests for the others"] = 0.5,
    questions: Annotated[int, "asked of both at most before the switch"] = 200,
    margin: Annotated[float, "what may be lost of the share of questions that find their passage"] = 0.05,
    force: Annotated[bool, "switch whatever the questions say"] = False,
    stop: Annotated[bool, "give up a change that is under way; what serves goes on"] = False,
    dry_run: Annotated[bool, "only say how much work it is"] = False,
) -> reports.ChangeReport:  # fmt: skip
    """Move to another embedder or chunking without a gap: build beside, ask both, switch. Killed, it goes on."""
    wanted = changes.Wanted(
        embedder=embedder, chunking=chunking, share=share, questions=questions, margin=margin, force=force
    )
    if dry_run:
        return changes.plan(p.line, wanted)
    return changes.stop(p.line, p.actor.id) if stop else changes.change(p.line, p.actor.id, wanted, p.progress)


@operation(role="operator", cli="index rebuild")
def rebuild(p: Platform) -> tuple[reports.GenerationView, ...]:
    """Move to the embedder that is set as fast as can be, and ask no questions: `index change` asks."""
    wanted = changes.Wanted(share=1, questions=0, force=True)
    changes.change(p.line, p.actor.id, wanted, p.progress)
    return reindex.listing(p.line)
