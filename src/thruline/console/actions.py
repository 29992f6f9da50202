"""What the console's forms may do: one operation each, from a closed list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from thruline.console.previews import replanning, rolling_back, switching
from thruline.console.visit import Platform
from thruline.core.errors import Invalid
from thruline.flows.paper import as_file

Form = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Action:
    """A form's target: the operation `name`, called with the form's fields.

    follow: slow work that comes after, called with the platform and the report.
    then: the address to go to afterwards; `{id}` in it is the result's, other names are fields.
    confirm: the template that shows the dry run of what destroys, before its button.
    result: the template that shows a report which can be read nowhere else.
    preview: what confirm shows instead of a dry run, where the operation can be taken back and so has none.
    section: the entry of the navigation that is current on the pages that the action itself shows.
    file: the name and the text of a report that is kept as a file.
    slow: work that goes on as a run when the browser should no longer wait. asks: for which forms confirm is shown.
    page: the page that the form stands on, to be shown again with what was typed when something is wrong with it.
    blank: fields that mean something when they are empty. many: the argument that fields called `it:name` make up.
    """

    name: str
    fields: Mapping[str, Callable[[str], object]]
    then: str = ""
    confirm: str = ""
    result: str = ""
    section: str = "/data"
    file: Callable[[Any], tuple[str, str]] | None = None
    slow: bool = False
    blank: tuple[str, ...] = ()
    many: str = ""
    follow: Callable[[Platform, Any], object] | None = None
    asks: Callable[[Form], bool] = bool
    preview: Callable[[Platform, Form], object] | None = None
    page: str = ""

    def arguments(self, form: Form) -> dict[str, object]:
        """The operation's arguments; what was left empty is left out. Raises Invalid where all that it has are."""
        given = {name: parse(form[name]) for name, parse in self.fields.items() if form.get(name, "").strip()}
        given |= {name: form[name] for name in self.blank if name in form and name not in given}
        if self.many:
            given[self.many] = tuple(f"{k.partition(':')[2]}={v.strip()}" for k, v in form.items() if ":" in k)
        if self.fields and not given:
            raise Invalid("the form is empty", hint=f"fill in: {', '.join(self.fields)}")
        return given

    def call(self, platform: Platform, arguments: Mapping[str, object]) -> Any:
        """The operation's report."""
        system, _, verb = self.name.partition(".")
        return getattr(getattr(platform, system), verb)(**arguments)


def words(text: str) -> tuple[str, ...]:
    """`a, b` as ("a", "b")."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def one(text: str) -> tuple[str, ...]:
    """An id alone."""
    return (text.strip(),)


def lines(text: str) -> tuple[str, ...]:
    """The lines of a text that hold something."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def always(form: Form) -> bool:
    """For a form without fields, which is empty."""
    del form
    return True


def share(text: str) -> float:
    """A number; raises Invalid for anything else."""
    try:
        return float(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is no number", hint="as 0.97") from error


_ACTIONS = (
    Action(
        name="data.add",
        fields={
            "path": str.strip, "name": str.strip, "groups": words, "options": lines, "secret": str.strip,
            "unseen": bool,
        },
        then="/data?done=data.add", page="/data",
        follow=lambda platform, source: source.saw and platform.data.sync(source=source.name),
    ),
    Action(name="data.sync", fields={"source": str.strip}, then="/data?done=data.sync", slow=True),
    Action(
        name="data.quarantine", fields={"what": str.strip, "since": str.strip, "until": str.strip},
        then="/data?done=data.quarantine#quarantine",
        confirm="confirm_quarantine.html",
    ),
    Action(
        name="data.reask", fields={"what": str.strip, "since": str.strip, "until": str.strip, "limit": int},
        result="reasked.html",
    ),
    Action(
        name="data.release", fields={"what": str.strip, "reason": str.strip}, then="/data?done=data.release#quarantine",
        confirm="confirm_release.html", asks=lambda form: bool(form.get("reason")),
    ),
    Action(
        name="data.keep", fields={"what": str.strip, "reason": str.strip}, then="/data?done=data.keep#quarantine"
    ),
    Action(
        name="data.assign", fields={"what": str.strip, "reason": str.strip, "to": str.strip}, blank=("to",),
        then="/data?done=data.assign#quarantine",
    ),
    Action(
        name="data.retry", fields={"what": str.strip, "reason": str.strip}, then="/data?done=data.retry#quarantine",
        slow=True,
    ),
    Action(name="data.accept", fields={"source": str.strip}, then="/data?done=data.accept"),
    Action(name="data.alike", fields={"at": float}, then="/data?done=data.alike", slow=True),
    Action(
        name="data.change", fields={"source": str.strip}, many="options", then="/data?done=data.change",
        page="/sources/{source}",
    ),
    Action(
        name="data.matches", fields={"same": one, "different": one, "undo": one}, then="/matches?done=data.matches"
    ),
    # What is held of a person is in no address: a browser would remember it.
    Action(name="data.person", fields={"identifiers": lines}, result="person.html"),
    Action(name="data.export", fields={"identifiers": lines}, result="exported.html"),
    Action(
        name="data.rectify",
        fields={"wrong": str.strip, "right": str.strip, "what": str.strip, "person": lines, "many": bool},
        confirm="confirm_rectify.html", result="rectified.html",
    ),
    Action(
        name="data.consent", then="/data?done=data.consent",
        fields={"identifiers": lines, "purpose": str.strip, "state": str.strip, "evidence": str.strip},
    ),
    # The report of an erasure names what is gone: it is shown once and kept nowhere, so nothing is redirected to.
    Action(
        name="data.erase", fields={"identifiers": lines, "one_word": bool}, confirm="confirm_erase.html",
        result="erased.html",
    ),
    Action(
        name="vectors.ask", then="/ask?answer={id}", page="/ask",
        fields={
            "question": str.strip, "as_user": str.strip, "source": words, "since": str.strip, "until": str.strip,
            "path": str.strip, "language": str.strip, "as_of": str.strip, "where": one,
        },
    ),
    Action(
        name="vectors.feedback", fields={"answer": str.strip, "says": str.strip}, section="/ask",
        then="/ask?answer={answer}&done=vectors.feedback",
    ),
    Action(name="vectors.replay", fields={"answer": str.strip}, result="replayed.html", section="/ask"),
    Action(
        name="vectors.switch", fields={"generation": str.strip}, section="/indexes",
        then="/indexes?done=vectors.switch", confirm="confirm_index.html", preview=switching,
    ),
    Action(
        name="vectors.tag", fields={"name": str.strip}, section="/indexes", then="/indexes?done=vectors.tag#versions",
        page="/indexes",
    ),
    Action(
        name="vectors.untag", fields={"name": str.strip}, section="/indexes",
        then="/indexes?done=vectors.untag#versions",
    ),
    Action(
        name="vectors.rollback", fields={}, section="/indexes", then="/indexes?done=vectors.rollback",
        confirm="confirm_index.html", preview=rolling_back, asks=always,
    ),
    Action(
        name="vectors.rollback_plan", fields={}, section="/indexes", then="/indexes?done=vectors.rollback_plan",
        confirm="confirm_plan.html", preview=replanning, asks=always,
    ),
    Action(
        name="vectors.tune_index", fields={"recall": share, "p95": str.strip, "memory": str.strip}, slow=True,
        section="/indexes", then="/indexes?done=vectors.tune_index#goal", page="/indexes",
    ),
    Action(name="guard.paper", fields={"kind": str.strip, "about": str.strip}, section="/papers", file=as_file),
    Action(name="infra.cancel", fields={"id": str.strip}, then="/runs?done=infra.cancel"),
)  # fmt: skip
ACTIONS: Mapping[str, Action] = {action.name: action for action in _ACTIONS}
