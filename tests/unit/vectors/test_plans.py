"""Plans over a real database and ledger."""

from __future__ import annotations

import pytest

from thruline.backends.sqlite import SqliteDatabase
from thruline.core.errors import Conflict, Invalid
from thruline.ledger.ledger import SqlLedger
from thruline.vectors.plans import FIRST, DensePlan, Plans

EXACT = DensePlan(engine="exact")
FINER = DensePlan(engine="flat4", options={"bits": 4, "depth": 8})


@pytest.fixture
def plans() -> Plans:
    database = SqliteDatabase(":memory:")
    return Plans(database, SqlLedger(database))


def test_the_first_plan_is_in_force_until_somebody_chooses(plans: Plans) -> None:
    assert plans.current("main") == FIRST
    plans.choose("main", FINER, "tuned")
    assert plans.current("main") == FINER
    assert plans.current("other") == FIRST
    assert plans.current("main").text == "flat4 bits=4 depth=8"


def test_rollback_goes_back_step_by_step_to_the_first(plans: Plans) -> None:
    plans.choose("main", FINER, "tuned")
    plans.choose("main", EXACT, "operator")
    assert plans.rollback("main") == FINER
    assert plans.rollback("main") == FIRST
    with pytest.raises(Conflict, match="no other plan"):
        plans.rollback("main")
    assert [p.why for p in plans.history("main")] == ["tuned", "operator", "rollback", "rollback"]


def test_an_engine_that_nobody_knows_is_refused(plans: Plans) -> None:
    with pytest.raises(Invalid):
        plans.choose("main", DensePlan(engine="faster"), "operator")
    assert plans.current("main") == FIRST
