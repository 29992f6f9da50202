"""See what every answer is made of, and pull anything back out everywhere, with proof."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thruline.api.client import Client as Client
    from thruline.app.platform import Platform as Platform

__version__ = "0.1.0"

_WHERE = {"Client": "thruline.api.client", "Platform": "thruline.app.platform"}


def __getattr__(name: str) -> Any:
    """`thruline.Client` and `thruline.Platform`, loaded when they are asked for."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
