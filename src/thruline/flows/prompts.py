"""Prompts: the operator's versions of how a language model is asked, and which of them is in force."""

from __future__ import annotations

from pathlib import Path

from thruline.core.clock import iso
from thruline.core.errors import Invalid
from thruline.flows.line import Line
from thruline.flows.reports import PromptView
from thruline.vectors.prompt_versions import Prompt
from thruline.vectors.prompts import LONGEST


def listing(line: Line) -> tuple[PromptView, ...]:
    """Every version, the latest first."""
    return tuple(_view(line, prompt) for prompt in line.prompts.known())


def show(line: Line, version: str) -> PromptView:
    """One with its text; the one in force unless another is named."""
    return _view(line, line.prompts.named(version) if version else line.prompts.current(), whole=True)


def add(line: Line, file: str, text: str, actor: str) -> PromptView:
    """Keep a template that stands in a file of this machine, or is given as text; it is not in force by that."""
    if bool(file) == bool(text):
        raise Invalid("a template is a file or a text", hint="give one of them")
    return _view(line, line.prompts.add(_read(file) if file else text, actor), whole=True)


def use(line: Line, version: str, actor: str) -> PromptView:
    """Let a version be in force from the next question on."""
    line.prompts.use(line.prompts.named(version), "operator", actor)
    return show(line, "")


def rollback(line: Line, actor: str) -> PromptView:
    """Let the version before be in force again."""
    line.prompts.rollback(actor)
    return show(line, "")


def on_trial(line: Line, version: str) -> Prompt | None:
    """The version to ask by for once; None where none is named. Raises Invalid where no language model is asked."""
    if not version:
        return None
    if line.limits.mode != "llm":
        raise Invalid("no language model answers here, so none is asked by a prompt", hint='set answer.mode = "llm"')
    return line.prompts.named(version)


def _read(file: str) -> str:
    path = Path(file).expanduser()
    data = path.read_bytes() if path.is_file() else None
    if data is None or len(data) > 4 * LONGEST:
        raise Invalid(f"{file!r} is no template", hint="a TOML file as `thruline prompt show` prints it")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Invalid(f"{file!r} is not UTF-8", hint="save it as UTF-8 text") from error


def _view(line: Line, prompt: Prompt, *, whole: bool = False) -> PromptView:
    return PromptView(
        id=prompt.id, kept=iso(prompt.at) if prompt.at else "", in_force=prompt.id == line.prompts.current().id,
        is_shipped=prompt.id == line.prompts.shipped.id, text=prompt.text if whole else "",
    )  # fmt: skip
