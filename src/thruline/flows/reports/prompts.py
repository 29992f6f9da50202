"""Versions of the prompt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PromptView:
    """A template that a language model is asked by. kept: when, empty for the shipped one until it is used.

    text: as TOML, for one that is shown by itself.
    """

    id: str
    kept: str
    in_force: bool
    is_shipped: bool
    text: str = ""
