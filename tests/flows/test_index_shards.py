"""An index on a cluster, and the sources that may not go there."""

from __future__ import annotations

from pathlib import Path

import pytest

from thruline.core.errors import Unavailable
from thruline.flows import INDEX
from thruline.testing.homes import open_home, write
from thruline.vectors.plans import SHARDS, DensePlan

NOWHERE = {"THRULINE_COMPUTE__ADDRESS": "127.0.0.1:1"}  # nobody listens there: to be asked is to be seen
ON_SHARDS = DensePlan(engine=SHARDS, options={"shards": 2})


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    return write(tmp_path / "docs", kiln="# Kiln\n\nThe kiln is fired at dawn.")


def test_vectors_that_must_stay_are_searched_at_home_whatever_the_plan(tmp_path: Path, docs: Path) -> None:
    with open_home(tmp_path / "home", NOWHERE) as home:
        home.data.add(path=str(docs), options=("residency=eu",))
        home.data.sync()
        home.line.plans.choose(INDEX, ON_SHARDS, "operator")
        assert home.vectors.search(question="When is the kiln fired?").passages
        said = [check for check in home.ledger.doctor() if check.name == "residency"]
        assert any("the cluster that may hold the index" in check.says for check in said)


def test_a_cluster_in_the_region_is_asked(tmp_path: Path, docs: Path) -> None:
    pytest.importorskip("ray")
    with open_home(tmp_path / "home", NOWHERE | {"THRULINE_REGIONS__CLUSTER": "eu-north-1"}) as home:
        home.data.add(path=str(docs), options=("residency=eu",))
        home.data.sync()
        home.line.plans.choose(INDEX, ON_SHARDS, "operator")
        with pytest.raises(Unavailable, match="no Ray cluster answers"):
            home.vectors.search(question="When is the kiln fired?")
