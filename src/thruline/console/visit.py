"""What a page is: a read of operations under an address, shown as HTML and, under its twin address, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from thruline.core.errors import Invalid
from thruline.core.nouns import Actor


class Platform(Protocol):
    """The platform as one actor may use it: `platform.<system>.<verb>(**arguments)`."""

    data: Any
    vectors: Any
    models: Any
    infra: Any
    guard: Any
    ledger: Any

    @property
    def actor(self) -> Actor:
        """Who is asking, with the roles that they have."""
        ...


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request for a page: who asks, and what the address says."""

    platform: Platform
    path: Mapping[str, str]
    query: Mapping[str, str]

    @property
    def is_operator(self) -> bool:
        """Whether the page may read, and offer, what only the operator may."""
        return "operator" in self.platform.actor.may

    def word(self, name: str) -> str:
        """A parameter of the query, empty when it is not given."""
        return self.query.get(name, "").strip()

    def number(self, name: str, default: int) -> int:
        """A whole number of the query; raises Invalid for anything else."""
        text = self.word(name)
        if not text:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise Invalid(f"{name} = {text!r} is not a whole number", hint=f"leave it out for {default}")
        return int(text)


@dataclass(frozen=True, kw_only=True)
class Page:
    """An address, the read behind it and the template that shows the read's report.

    twin: the address that gives the same report as JSON. section: the entry of the navigation that is current.
    """

    path: str
    twin: str
    template: str
    section: str
    read: Callable[[Visit], Mapping[str, Any]]
