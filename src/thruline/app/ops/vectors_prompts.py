"""vectors: how a language model is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.flows import prompts as prompting
    from thruline.flows import reports
else:
    reports = lazy("thruline.flows.reports")
    prompting = lazy("thruline.flows.prompts")

Version = Annotated[str, "a version: its id, the beginning of its digits, or `shipped`"]


@operation(role="operator", cli="prompt list", reads=True)
def prompts(p: Platform) -> tuple[reports.PromptView, ...]:
    """The versions of the prompt, the latest first."""
    return prompting.listing(p.line)


@operation(role="operator", cli="prompt show", positional=("version",), reads=True)
def prompt(p: Platform, *, version: Version = "") -> reports.PromptView:
    """How a language model is asked, as TOML to change a copy of; the version in force unless one is named."""
    return prompting.show(p.line, version)


@operation(role="operator", cli="prompt add", positional=("file",))
def add_prompt(
    p: Platform, *,
    file: Annotated[str, "a TOML file as `prompt show` prints it"] = "",
    text: Annotated[str, "what such a file says, instead of one"] = "",
) -> reports.PromptView:  # fmt: skip
    """Check a template and keep it as a version; `prompt use` then lets it be in force."""
    return prompting.add(p.line, file, text, p.actor.id)


@operation(role="operator", cli="prompt use", positional=("version",))
def use_prompt(p: Platform, *, version: Version) -> reports.PromptView:
    """Let a version be in force: the next question is asked by it."""
    return prompting.use(p.line, version, p.actor.id)


@operation(role="operator", cli="prompt rollback")
def rollback_prompt(p: Platform) -> reports.PromptView:
    """Let the version before be in force again."""
    return prompting.rollback(p.line, p.actor.id)
