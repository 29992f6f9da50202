"""guard: users, keys, screening, the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.app import papers, people, results
    from thruline.flows import reports
    from thruline.flows import reveal as revealing
else:
    results = lazy("thruline.app.results")
    reports = lazy("thruline.flows.reports")
    papers = lazy("thruline.app.papers")
    people = lazy("thruline.app.people")
    revealing = lazy("thruline.flows.reveal")


@operation(role="operator", cli="users list", reads=True)
def users(p: Platform) -> tuple[results.UserView, ...]:
    """Who may ask, and the groups whose documents they see."""
    return people.users(p.line)


@operation(role="operator", cli="users set", positional=("name",))
def set_user(
    p: Platform, *,
    name: Annotated[str, "name of a person or program"],
    groups: Annotated[tuple[str, ...], "groups whose documents they see; everyone's they see anyway"] = (),
    role: Annotated[str, "reader, writer or operator"] = "reader",
) -> results.UserView:  # fmt: skip
    """Add a user, or set the groups and role of one."""
    return people.set_user(p.line, name, groups, role, p.actor.id)


@operation(role="operator", cli="users remove", positional=("name",))
def remove_user(p: Platform, *, name: Annotated[str, "name of a user"]) -> tuple[results.UserView, ...]:
    """Forget a user and withdraw their keys."""
    p.line.access.remove_user(name, actor=p.actor.id)
    return people.users(p.line)


@operation(role="operator", cli="keys list", reads=True)
def keys(p: Platform) -> tuple[results.KeyView, ...]:
    """API keys, without their secrets."""
    return people.keys(p.line)


@operation(role="operator", cli="keys create", positional=("user",))
def create_key(p: Platform, *, user: Annotated[str, "name of a user"]) -> results.IssuedKey:
    """Issue an API key for a user; its secret is shown this once."""
    return people.create_key(p.line, user, p.actor.id)


@operation(role="operator", cli="keys revoke", positional=("key",))
def revoke_key(
    p: Platform, *, key: Annotated[str, "id or eight public digits of a key"]
) -> tuple[results.KeyView, ...]:
    """Withdraw an API key, everywhere within a second."""
    p.line.access.revoke(key, actor=p.actor.id)
    return people.keys(p.line)


@operation(role="reader", cli="screen", positional=("text",), reads=True)
def screen(p: Platform, *, text: Annotated[str, "a question, or any text"]) -> results.ScreenView:
    """Judge a text as a question would be judged before it is answered."""
    return people.screen(p.line, text)


@operation(role="operator", cli="clearance list", reads=True)
def clearances(p: Platform) -> tuple[results.Clearance, ...]:
    """Which groups see which kinds of personal data, where that was set."""
    return people.clearances(p.line)


@operation(role="operator", cli="clearance set", positional=("group", "kinds"))
def set_clearance(
    p: Platform, *,
    group: Annotated[str, "a group; `everyone` is every user"],
    kinds: Annotated[tuple[str, ...], "kinds of personal data that its members see; `all`, or none unless given"] = (),
) -> tuple[results.Clearance, ...]:  # fmt: skip
    """Set which personal data the members of a group see; the rest is covered in all that they are shown."""
    return people.set_clearance(p.line, group, kinds, p.actor.id)


@operation(role="operator", cli="reveal", positional=("token",))
def reveal(
    p: Platform, *, token: Annotated[str, "as a document shows it: PERSON-7F3K2, or a number of a kept form"]
) -> reports.RevealedToken:
    """Say whom or what a token stands for; that you were told is put on the ledger."""
    return revealing.reveal(p.line, token, p.actor.id)


@operation(role="operator", cli="audit", reads=True)
def audit(
    p: Platform, *,
    limit: Annotated[int, "at most this many"] = 50,
    operation_name: Annotated[str, "only this operation, for example data.erase"] = "",
) -> tuple[results.AuditLine, ...]:  # fmt: skip
    """Who did what, the latest first."""
    return people.audit(p.line, limit, operation_name)


@operation(role="operator", cli="paper", positional=("kind",))
def paper(
    p: Platform, *,
    kind: Annotated[Literal["dpia", "ai-act", "data-card", "model-card"], "dpia, ai-act, data-card or model-card"],
    about: Annotated[str, "a source or a model, for that one alone"] = "",
) -> reports.PaperReport:  # fmt: skip
    """Draft a paper that a law asks for, from facts, signed; what nobody here can know is asked in it."""
    return papers.write(p, kind, about)
