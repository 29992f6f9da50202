"""A source's options: seen with what each means, and changed while it is in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from thruline.core.errors import Invalid
from thruline.core.ids import ArtifactId
from thruline.core.nouns import Actor, Draft, Source
from thruline.data.bases import OPTION as BASIS
from thruline.data.freshness import usual
from thruline.data.options import GENERAL, REFERENCE
from thruline.data.patience import PATIENCE
from thruline.data.places import PUSH
from thruline.data.policies import PROMISE, STATED, WAITS, Policy, policy
from thruline.data.residency import Job, away, labels
from thruline.data.rights import RIGHTS
from thruline.data.uses import OPTION as USES
from thruline.data.uses import uses
from thruline.flows import contract_tables, contracts, drifts
from thruline.flows.look import look
from thruline.flows.publish import publish_regrouped
from thruline.flows.push import judge_again
from thruline.flows.reports import PersonalKind, SourceCounts, SourceOption, SourceReport
from thruline.flows.sources import check_options, check_stated, named, view

if TYPE_CHECKING:
    from thruline.flows.line import Line

# What decides when a place is read and how long something stays; all others decide what a document becomes.
_SAME_DOCUMENTS = frozenset((*PATIENCE, *STATED, *WAITS, *PROMISE, *RIGHTS, USES, REFERENCE, "timeout"))


def parsed(pairs: Sequence[str], secret: str) -> dict[str, str]:
    """Options as they are typed, `name=value`, and the reference to a secret; raises Invalid.

    What has no name belongs to the value before it: the command line cuts `mask=email,phone` in two.
    """
    given: dict[str, str] = {REFERENCE: secret} if secret else {}
    name = ""
    for pair in pairs:
        first, equals, rest = pair.partition("=")
        if equals and first.strip():
            name = first.strip()
            given[name] = rest.strip()
        elif name and not equals:
            given[name] += f",{pair.strip()}"
        else:
            raise Invalid(f"{pair!r} is no option", hint="write name=value, as every=1h")
    if given.get(REFERENCE) and given[REFERENCE].partition(":")[0] not in ("env", "file"):
        raise Invalid("a secret is named, not given", hint="--secret env:NAME or --secret file:PATH")
    if given.get("contract"):
        given["contract"] = str(Path(given["contract"]).expanduser().resolve())
    return given


def report(line: Line, actor: Actor, name: str) -> SourceReport:
    """A source as far as the actor may see it; where its password stands is for the operator."""
    source = named(line, actor, name)
    judged = contracts.kept(line, source)
    return SourceReport(
        source=view(line, source),
        counts=_counts(line, source),
        usual=usual(line.records.news().get(source.id, [])),
        personal=_personal(line, source),
        contract=judged.report if judged else None,
        changes=judged.changes if judged else (),
        alike=line.alike.counts().get(source.id, 0),
        tables=contract_tables.named(line, judged, actor) if judged else (),
        moved=drifts.moves(line, source),
        scores=drifts.views(line, source),
        uses=tuple(sorted(uses(source.options) or ())),
        basis=source.options.get(BASIS, ""),
        regions=tuple(sorted(labels(source.options))),
        kept_from=tuple(part.name for part in away(source.options, line.parts, *get_args(Job))),
        options=tuple(
            SourceOption(name=option, value=source.options.get(option, ""), says=says)
            for option, says in line.engines.options(source.kind).items()
            if option != REFERENCE or actor.is_operator
        ),
    )


def _counts(line: Line, source: Source) -> SourceCounts:
    found = line.records.standings(source.id)
    return SourceCounts(
        seen=found.total(), indexed=found["indexed"], duplicates=found["duplicate"],
        quarantined=found["quarantined"], refused=found["refused"],
    )  # fmt: skip


def _personal(line: Line, source: Source) -> tuple[PersonalKind, ...]:
    said = policy(source.options)
    return tuple(
        PersonalKind(
            kind=kind, people=people,
            policy=_becomes(said, kind),
        )
        for kind, people in sorted(line.subjects.kinds_in(source.id).items())
    )  # fmt: skip


def _becomes(said: Policy, kind: str) -> str:
    """What a source does with a kind, in the words of its page."""
    done = {"kept out": said.block, "masked": said.mask, "exchanged": said.pseudonym | said.token, "cut out": said.drop}
    return next((words for words, kinds in done.items() if kind in kinds), "shown")


def change(line: Line, name: str, given: Mapping[str, str], actor: Actor, *, unseen: bool = False) -> SourceReport:
    """Set some options of a source, and take away those that are given without a value; the others stay.

    What decides what a document becomes holds for all that is there: the next sync judges each document again.
    Other options of its place are looked at there, unless unseen. Raises Invalid for options that cannot be meant,
    what `look` raises, and Conflict while the source is being read.
    """
    source = line.records.source(name)
    if USES in given:
        raise Invalid("what a source may be used for is set apart", hint=f"`thruline uses {source.name} PURPOSE`")
    check_stated(given)
    wanted = {option: value for option, value in {**source.options, **given}.items() if value}
    other = replace(source, options=wanted)
    check_options(line, other)
    saw = look(line, other) if _differing(source.options, wanted) - GENERAL.keys() and not unseen else ""
    if wanted != source.options:
        with line.runs.start("sync", only=source.id, actor=actor.id) as run, run.commit():
            line.records.set_options(source.id, wanted)
            if _differing(source.options, wanted) - _SAME_DOCUMENTS:
                line.records.judge_again(source.id)
            run.append(_changed(line, source, wanted))
            if _differing(source.options, wanted) & STATED.keys():
                publish_regrouped(line, run, "source")  # a repetition may be used for what its original may not
        if source.kind == PUSH:
            judge_again(line, other, actor)
    changed = report(line, actor, source.id)
    return replace(changed, source=replace(changed.source, saw=saw))


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _changed(line: Line, source: Source, options: Mapping[str, str]) -> Draft:
    said = line.ids.digest("options", *(f"{name}={value}" for name, value in sorted(options.items())))
    return Draft(verb="source.changed", inputs=(ArtifactId(source.id),), facts={"options": len(options), "named": said})
