"""Which engine searches by meaning: of this process, of a cluster, or on a server that the settings name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from thruline.app.backends import backend, is_usable, names
from thruline.app.config import Config, secret
from thruline.app.home import Home
from thruline.app.keys import id_key, master_key
from thruline.core.errors import Invalid
from thruline.core.ids import Ids
from thruline.flows import INDEX
from thruline.flows.elsewhere import SERVERS
from thruline.ports.dense import DenseIndex, KeptIndex
from thruline.vectors.plans import SHARDS, DensePlan
from thruline.vectors.standby import Standby


class Searching:
    """Opens dense engines by the settings."""

    def __init__(self, home: Home, config: Config) -> None:
        self._home, self._config = home, config

    def dense(self, plan: DensePlan) -> DenseIndex:
        """An empty dense index of the plan's engine."""
        if plan.engine == SHARDS:
            return _dense(plan, self._config.compute.address)
        if plan.engine not in SERVERS:
            return _dense(plan)
        server = self.server(plan)
        if self._config.vectors.standby == "off":
            return server
        return Standby(server, backend("dense", self._config.vectors.standby))

    def servers(self) -> Sequence[str]:
        """The dense engines whose servers the settings name."""
        vectors = self._config.vectors
        return [name for name, where in (("pgvector", vectors.pgvector), ("qdrant", vectors.qdrant)) if where]

    def server(self, plan: DensePlan, *, trial: bool = False) -> KeptIndex:
        """A plan's engine on its server, under a name that no other home has.

        trial: under one that begins with that name, so that what is dropped and scrubbed under it includes this.
        """
        if plan.engine not in self.servers():
            raise Invalid(
                f"the settings name no server for {plan.engine!r}",
                hint=f"set vectors.{plan.engine}: `thruline config` says what it takes",
            )
        master = master_key(self._secret(self._config.store.master_key))
        name = Ids(id_key(master)).digest("dense", INDEX)[:24] + ("_trial" if trial else "")
        return _dense(plan, **self._address(plan.engine), name=name)

    def _address(self, engine: str) -> Mapping[str, Any]:
        vectors = self._config.vectors
        if engine == "pgvector":
            return {"url": self._secret(vectors.pgvector)}
        key = partial(secret, vectors.qdrant_key, self._home.path) if vectors.qdrant_key else None
        return {"url": vectors.qdrant, "key": key}

    def dense_names(self) -> Collection[str]:
        """The dense engines that are installed with what they need."""
        return [name for name in names("dense") if is_usable("dense", name)]

    def _secret(self, reference: str) -> str:
        return secret(reference, self._home.path) if reference else ""


def _dense(plan: DensePlan, *where: str, **place: Any) -> Any:
    """A plan's engine; raises Invalid for an option that it does not have."""
    made = backend("dense", plan.engine)
    try:
        return made(*where, **place, **plan.options)
    except TypeError as error:
        given = " ".join(plan.text.split()[1:])
        raise Invalid(f"{plan.engine!r} takes no such options: {given!r}", hint="see the engines' page") from error
