"""Homes for tests: a whole platform in a folder of its own, fast because its embedder is a fake.

with open_home(tmp_path / "home") as platform:
    platform.data.add(path=str(folder))
    platform.data.sync()
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from thruline.app.compose import ConfiguredEngines
from thruline.app.platform import Platform
from thruline.app.working import config_of, open_tools
from thruline.core.nouns import Actor
from thruline.flows.apart import Bencher, Tools
from thruline.ports.embedder import Embedder, EmbedderSettings
from thruline.ports.workers import Bench
from thruline.testing.embedders import HashEmbedder
from thruline.testing.workers import WorkersHere

SLOW_S = 0.2
OTHER_DIMS = 96
HASH = "hash-"
SETTINGS = {"THRULINE_INGEST__WORKERS": "1"}
# What the documents of a test are about, where one does not say more.
THINGS = (
    "gate", "pump", "orchard", "ledger", "harbour", "lantern", "violin", "copper", "meadow", "saddle", "glacier",
    "thimble", "anchor", "walnut",
)  # fmt: skip


class FastEngines(ConfiguredEngines):
    """What a home's settings say, but for the embedder."""

    dims = 64

    def embedding(self, model: str = "") -> EmbedderSettings:
        """The fake that needs no weights, but where the settings name a server; another fake by its name."""
        if model.startswith(HASH):
            return EmbedderSettings(backend="hash", model=model)
        if model or self._config.embed.backend == "openai":
            return super().embedding(model)
        return EmbedderSettings(backend="hash", model=f"{HASH}{self.dims}")

    def embedder(self, how: EmbedderSettings) -> Embedder:
        """A fake as long as its name says."""
        return HashEmbedder(dims_of(how.model)) if how.backend == "hash" else super().embedder(how)

    def _bench(self, tools: Tools) -> Bench:
        return replace(super()._bench(tools), opens="thruline.testing.homes:open_worker")


class ApartEngines(FastEngines):
    """The same, but that files are read and texts embedded by a worker that is given bytes, as on a node."""

    def workers(self, tools: Tools) -> WorkersHere:
        """A fake of the nodes."""
        return WorkersHere(self._bench(tools))


class OtherEngines(FastEngines):
    """Another embedder, whose vectors are longer."""

    dims = OTHER_DIMS


class OtherApartEngines(OtherEngines):
    """The same, by a worker that is given bytes."""

    def workers(self, tools: Tools) -> WorkersHere:
        """A fake of the nodes."""
        return WorkersHere(self._bench(tools))


def open_worker(settings: bytes) -> Bencher:
    """What a node opens for these engines."""
    return Bencher(_tools(settings))


def open_slow_worker(settings: bytes) -> Bencher:
    """The same, slow enough for a node to die over a task."""
    return _Slow(_tools(settings))


def _tools(settings: bytes) -> Tools:
    config = config_of(settings)
    return open_tools(config, HashEmbedder(dims_of(config.embed.model)))


def dims_of(model: str) -> int:
    """How long the vectors of a fake of this name are."""
    return int(model.removeprefix(HASH))


class _Slow(Bencher):
    def __call__(self, task: bytes) -> bytes:
        time.sleep(SLOW_S)
        return super().__call__(task)


def open_home(
    path: Path, settings: Mapping[str, str] | None = None, *, engines: type[FastEngines] = FastEngines
) -> Platform:
    """The platform at path, made if it is not there; settings as environment variables."""
    return Platform.open(path, create=True, overrides={**SETTINGS, **(settings or {})}, engines=engines)


def as_user(platform: Platform, name: str, *groups: str, role: str = "reader") -> Platform:
    """The same platform for a user, who is made or changed to be so."""
    platform.guard.set_user(name=name, groups=groups, role=role)
    return platform.acting(actor_of(platform, name), "http")


def actor_of(platform: Platform, name: str) -> Actor:
    """A known user as one who asks."""
    return platform.line.access.actor(name)


def write(folder: Path, **texts: str) -> Path:
    """A folder of Markdown files, one a keyword; `__` in a name stands for a subfolder."""
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def killed_after(seconds: float, home: Path, operation: str, arguments: Mapping[str, Any]) -> bool:
    """Do an operation in another process and kill it (SIGKILL) after so many seconds; whether it had ended before."""
    context = _context()
    going = context.Event()
    process = context.Process(target=_do, args=(str(home), operation, dict(arguments), going))
    process.start()
    while process.is_alive() and not going.wait(0.1):
        pass
    process.join(seconds)
    if process.is_alive():
        process.kill()
    return not _was_killed(process, operation)


def killed_at(stage: str, home: Path, operation: str, arguments: Mapping[str, Any]) -> None:
    """Do an operation in another process, which is killed (SIGKILL) when it tells of this stage of its progress."""
    process = _context().Process(target=_do_until, args=(stage, str(home), operation, dict(arguments)))
    process.start()
    assert _was_killed(process, operation), f"{operation} tells of no stage {stage!r}"


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["thruline.testing.homes", "thruline.testing.warm"])
    return context


def _was_killed(process: ForkServerProcess, operation: str) -> bool:
    process.join()
    was_killed = process.exitcode == -signal.SIGKILL
    assert was_killed or process.exitcode == 0, f"{operation} failed with exit code {process.exitcode}"
    process.close()
    return was_killed


def _do(home: str, operation: str, arguments: dict[str, Any], going: Any) -> None:
    with open_home(Path(home)) as platform:
        going.set()
        platform.call(operation, arguments)


def _do_until(stage: str, home: str, operation: str, arguments: dict[str, Any]) -> None:
    def end(told: str, _done: int, _total: int) -> None:
        if told == stage:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_home(Path(home)) as platform:
        platform.progress = end
        platform.call(operation, arguments)
