"""How a language model is asked: a template with a few named places, no language of its own and nothing that runs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from thruline.core.errors import Invalid
from thruline.core.invisible import reveal
from thruline.core.nearest import meant

LONGEST = 8_000  # characters of a template: what it says is not there for passages
_BEGIN = "`thruline prompt show` prints one to begin with"
_PLACE = re.compile(r"\{([a-z_]+)\}")
_PLACES: Mapping[str, tuple[str, ...]] = {"rules": ("fence", "unknown"), "message": ("passages", "question", "unknown")}
_NEEDED = (("rules", "fence"), ("message", "passages"), ("message", "question"))
_LACKING = {
    "fence": "without the marker a passage can pretend to end, and to be a rule",
    "passages": "without passages there is nothing to answer from",
    "question": "without the question there is nothing to answer",
}


@dataclass(frozen=True, kw_only=True)
class Template:
    """rules: the system's message. message: the user's. unknown: what the model says when it does not know."""

    rules: str
    message: str
    unknown: str

    @property
    def parts(self) -> tuple[str, str, str]:
        """What an id is made of: comments and the order of a file do not make another version."""
        return self.rules, self.message, self.unknown

    def chat(self, *, passages: str, question: str, fence: str) -> list[dict[str, str]]:
        """The messages; what is put into a place is never read for places itself."""
        given = {"passages": passages, "question": question, "fence": fence, "unknown": self.unknown}
        return [
            {"role": role, "content": _PLACE.sub(lambda m: given[m[1]], text)}
            for role, text in (("system", self.rules), ("user", self.message))
        ]


def parsed(text: str) -> Template:
    """The template of a TOML text; raises Invalid and says what is missing, unknown or hidden."""
    if len(text) > LONGEST:
        raise Invalid(f"the template has {len(text)} characters", hint=f"at most {LONGEST}")
    if reveal(text).text != text:
        raise Invalid("the template holds characters that nobody sees", hint="type it anew as plain text")
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"the template is not TOML: {error}", hint=_BEGIN) from error
    known = [field.name for field in fields(Template)]
    for name, value in given.items():
        if name not in known:
            raise Invalid(f"a template has no {name!r}", hint=meant(name, known))
        if not isinstance(value, str) or not value.strip():
            raise Invalid(f"{name} = {value!r} is no text", hint="write it in quotes, as `thruline prompt show` does")
    for name in known:
        if name not in given:
            raise Invalid(f"the template lacks {name!r}", hint=_BEGIN)
    return _checked(Template(**{name: value.strip() for name, value in given.items()}))


@cache
def shipped_text() -> str:
    """The template that comes with thruline, as TOML."""
    return files("thruline.vectors").joinpath("prompt.toml").read_text("utf-8")


@cache
def shipped() -> Template:
    """The template that comes with thruline."""
    return parsed(shipped_text())


def _checked(template: Template) -> Template:
    for part, places in _PLACES.items():
        for place in _PLACE.findall(getattr(template, part)):
            if place not in places:
                known = ", ".join(f"{{{name}}}" for name in places)
                raise Invalid(f"{part} has no place {{{place}}}", hint=f"it has {known}")
    for part, place in _NEEDED:
        count = _PLACE.findall(getattr(template, part)).count(place)
        if not count:
            raise Invalid(f"{part} lacks {{{place}}}", hint=_LACKING[place])
        if count > 1 and part == "message":
            raise Invalid(f"{part} has {{{place}}} {count} times", hint="once is enough, and costs tokens once")
    if "\n" in template.unknown or _PLACE.search(template.unknown):
        raise Invalid(f"unknown = {template.unknown!r} is more than a sentence", hint="one line without places")
    return template
