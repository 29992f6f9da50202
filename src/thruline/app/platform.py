"""The platform: one home with its operations, for one actor. The composition root."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from thruline.app import config as settings
from thruline.app import home as homes
from thruline.app.keys import id_key, master_key
from thruline.app.operations import SYSTEMS, Operation, System, operations
from thruline.core.errors import Denied, NotFound, ThrulineError, Unavailable, Unsupported
from thruline.core.ids import Ids
from thruline.core.nearest import meant
from thruline.core.nouns import Actor, Draft

if TYPE_CHECKING:
    from thruline.app.compose import ConfiguredEngines
    from thruline.flows.line import Line

Via = Literal["python", "cli", "http", "console", "openai", "mcp"]
Progress = Callable[[str, int, int], None]


class Platform:
    """`platform.<system>.<verb>(…)`; what is done is authorised, done, and put on the audit trail."""

    infra: System
    data: System
    vectors: System
    models: System
    guard: System
    ledger: System

    def __init__(
        self, home: homes.Home, config: settings.Config, origins: list[settings.Setting],
        engines: type[ConfiguredEngines] | None = None,
    ) -> None:  # fmt: skip
        self.home = home
        self.config = config
        self.settings = origins
        self.operations = operations()
        self.via: Via = "python"
        self.progress: Progress | None = None
        self._as: Actor | None = None
        self._engines = engines
        self._opened: dict[str, Any] = {}
        self._opening = threading.Lock()  # guards _opened: threads share what is open
        for system in SYSTEMS:
            setattr(self, system, System(self, system))

    @classmethod
    def open(
        cls, path: Path, *, create: bool = False, overrides: Mapping[str, str] | None = None,
        engines: type[ConfiguredEngines] | None = None,
    ) -> Platform:  # fmt: skip
        """The platform of the home at path.

        In tests, `overrides` stand in for environment variables and `engines` for what opens the heavy parts.
        """
        home, new = homes.create(path) if create else (homes.open_home(path), False)
        config, origins = settings.load(home.path, overrides)
        platform = cls(home, config, origins, engines)
        if new:
            platform.line.ledger.append([Draft(verb="home.created", facts={"format": homes.FORMAT})])
        return platform

    def acting(self, actor: Actor, via: Via) -> Platform:
        """The same platform for another actor; shares everything that is open."""
        other = object.__new__(Platform)
        other.__dict__.update(self.__dict__)
        other._as, other.via = actor, via
        for system in SYSTEMS:
            setattr(other, system, System(other, system))
        return other

    @property
    def line(self) -> Line:
        """The opened parts."""
        if "line" not in self._opened:
            from thruline.app.compose import compose

            with self._opening:
                if "line" not in self._opened:
                    self._opened["line"] = compose(self.home, self.config, self._tell, self._engines)
        return self._opened["line"]

    @property
    def actor(self) -> Actor:
        """Who is asking: the operator, unless somebody else was named."""
        return self._as or self.operator

    @cached_property
    def operator(self) -> Actor:
        """Whoever may open the home's files, and so may do everything."""
        name = "operator"
        id = self.ids.artifact("user", name)
        return Actor(id=id, name=name, groups=frozenset("*"), may=frozenset(("reader", "writer", "operator")))

    @cached_property
    def ids(self) -> Ids:
        """Content ids of this home."""
        return Ids(id_key(master_key(settings.secret(self.config.store.master_key, self.home.path))))

    def call(self, name: str, given: Mapping[str, Any]) -> Any:
        """Do an operation; raises NotFound, Denied, Invalid or whatever it raises itself."""
        operation = self.operations.get(name)
        if operation is None:
            raise NotFound(f"no operation {name!r}", hint=meant(name, self.operations))
        began = time.monotonic()
        try:
            self._authorise(operation)
            result = operation.function(self, **operation.arguments(given))
        except ModuleNotFoundError as error:
            self._audit(operation, "failed", "unsupported", began)
            raise Unsupported(
                f"{operation.name} needs {error.name!r}, which is not installed", hint="pip install 'thruline[train]'"
            ) from error
        except OSError as error:
            self._audit(operation, "failed", "unavailable", began)
            raise Unavailable(
                f"{operation.name}: {error.strerror or error} ({error.filename or 'no file'})",
                hint="check the path, its rights and the free space",
            ) from error
        except ThrulineError as error:
            self._audit(operation, "refused" if isinstance(error, Denied) else "failed", error.code, began)
            raise
        except BaseException:
            self._audit(operation, "failed", "error", began)
            raise
        self._audit(operation, "done", "none", began)
        return result

    def anyone(self, name: str) -> Actor:
        """A user by name, for the operator who asks as somebody else would; raises Denied for others."""
        if name in ("", self.actor.name):
            return self.actor
        if "operator" not in self.actor.may:
            raise Denied(f"{self.actor.name!r} may not act as {name!r}", hint="only the operator may")
        return self.line.access.actor(name)

    def close(self) -> None:
        """Give back everything that was opened."""
        if "line" in self._opened:
            self._opened.pop("line").close()

    def __enter__(self) -> Platform:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tell(self, stage: str, done: int, total: int) -> None:
        if self.progress:
            self.progress(stage, done, total)

    def _authorise(self, operation: Operation) -> None:
        if operation.role not in self.actor.may:
            needs = f"it needs the role {operation.role!r}"
            raise Denied(f"{self.actor.name!r} may not use {operation.name}", hint=needs)

    def _audit(self, operation: Operation, outcome: str, error: str, began: float) -> None:
        ms = round((time.monotonic() - began) * 1000)
        facts = {"operation": operation.name, "outcome": outcome, "error": error, "ms": ms, "via": self.via}
        self.line.ledger.append([Draft(verb="operation.called", facts=facts, actor=self.actor.id)])
