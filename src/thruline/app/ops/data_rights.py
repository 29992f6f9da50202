"""data: what a person may ask for beside being told and erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from thruline.app.operations import operation
from thruline.app.ops.data import DryRun, Identifiers
from thruline.app.platform import Platform
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.data import mending as fixes
    from thruline.flows import corrections as correcting
    from thruline.flows import declared as declaring
    from thruline.flows import matches as matching
    from thruline.flows import near as nearing
    from thruline.flows import people as everyone
    from thruline.flows import reach as reaching
    from thruline.flows import rectify as rectifying
    from thruline.flows import reports
    from thruline.flows import restrict as restricting
else:
    reports = lazy("thruline.flows.reports")
    correcting = lazy("thruline.flows.corrections")
    declaring = lazy("thruline.flows.declared")
    fixes = lazy("thruline.data.mending")
    matching = lazy("thruline.flows.matches")
    everyone = lazy("thruline.flows.people")
    nearing = lazy("thruline.flows.near")
    reaching = lazy("thruline.flows.reach")
    rectifying = lazy("thruline.flows.rectify")
    restricting = lazy("thruline.flows.restrict")


Pairs = Annotated[tuple[str, ...], "ids of pairs, as `matches` lists them"]


@operation(role="operator", cli="matches", positional=("identifiers",))
def matches(
    p: Platform, *,
    identifiers: Annotated[tuple[str, ...], "only of this person, by name and whatever is known"] = (),
    same: Pairs = (), different: Pairs = (), undo: Pairs = (),
    decided: Annotated[bool, "those that were decided instead"] = False,
) -> tuple[reports.MatchView, ...]:  # fmt: skip
    """List pairs that may be one person, with the evidence, and keep what you decide about them."""
    if same or different:
        matching.decide(p.line, same, different, p.actor.id)
    if undo:
        matching.undo(p.line, undo, p.actor.id)
    pairs = [pair for text in identifiers for pair in reaching.classify(text)]
    return matching.listing(p.line, pairs, decided=decided)


@operation(role="operator", cli="people", reads=True)
def people(p: Platform) -> reports.PeopleReport:
    """Say how many people are known here, and how many pairs of names wait for a decision."""
    return everyone.people(p.line)


@operation(role="operator", cli="near", positional=("names",), reads=True)
def near(
    p: Platform, *, names: Annotated[tuple[str, ...], "names as somebody wrote them, each in quotes"]
) -> tuple[reports.NearName, ...]:
    """List people whose names are almost these: misspelt, in another order or script; each with the evidence."""
    return nearing.near(p.line, names)


@operation(role="operator", cli="declare", positional=("identifiers",))
def declare(
    p: Platform, *,
    identifiers: Annotated[tuple[str, ...], "names, addresses and numbers of one person, each in quotes"] = (),
    table: Annotated[str, "a CSV file with one person in each row, whatever its columns are called"] = "",
) -> reports.Declared:  # fmt: skip
    """Declare that identifiers are one person's: `person`, `export` and `erase` then take each for all of them."""
    return declaring.declare(p.line, identifiers, table, p.actor.id)


@operation(role="operator", cli="rectify", positional=("what",))
def rectify(
    p: Platform, *,
    wrong: Annotated[str, "words that are wrong, as the documents have them"],
    right: Annotated[str, "what is right instead"],
    what: Annotated[str, "a record id, a source or a path, as `person` lists them; all documents unless given"] = "*",
    person: Annotated[tuple[str, ...], "only in what holds this person, by name and whatever is known"] = (),
    many: Annotated[bool, "also in more than 100 documents"] = False,
    dry_run: DryRun = False,
) -> reports.RectifyReport:  # fmt: skip
    """Put wrong words of a person right, in every document concerned and for good (GDPR art. 16); sign a receipt."""
    wanted = rectifying.Wanted(fixes.Fix(wrong, right), what, person, many)
    return rectifying.rectify(p.line, wanted, dry_run=dry_run, actor=p.actor.id, progress=p.progress)


@operation(role="operator", cli="corrections", reads=True)
def corrections(p: Platform) -> tuple[reports.CorrectionView, ...]:
    """List what is put right whenever it comes in, and whether its source still says the wrong words."""
    return correcting.views(p.line)


@operation(role="operator", cli="restrict", positional=("identifiers",))
def restrict(p: Platform, *, identifiers: Identifiers, dry_run: DryRun = False) -> reports.RestrictionReport:
    """Keep a person's records out of every answer, search and training set, without deleting them (GDPR art. 18)."""
    return restricting.restrict(p.line, identifiers, dry_run, p.actor.id)


@operation(role="operator", cli="unrestrict", positional=("who",))
def unrestrict(
    p: Platform, *,
    who: Annotated[tuple[str, ...], "the restriction's id, or how the person is called"],
    dry_run: DryRun = False,
) -> reports.RestrictionReport:  # fmt: skip
    """End a restriction: the person's records answer again."""
    return restricting.unrestrict(p.line, who, dry_run, p.actor.id)


@operation(role="operator", cli="restrictions", reads=True)
def restrictions(p: Platform) -> tuple[reports.RestrictionView, ...]:
    """List whose records are restricted, and since when."""
    return restricting.listing(p.line)
