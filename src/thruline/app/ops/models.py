"""models: the injection detector's life - train, evaluate, promote, roll back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.app import results, shelf, training
else:
    results = lazy("thruline.app.results")
    shelf = lazy("thruline.app.shelf")
    training = lazy("thruline.app.training")

ModelId = Annotated[str, "id of a model"]


@operation(role="operator", cli="train")
def train(
    p: Platform, *,
    sources: Annotated[
        tuple[str, ...], "also learn that documents of these are harmless, people in them included"
    ] = (),
    seed: Annotated[int, "seed of the split and of the training"] = 0,
    spoil: Annotated[float, "share of training labels to flip, 0..1: to see the gate refuse a bad model"] = 0.0,
    hold: Annotated[bool, "leave it on the shelf, even if it passes its gate"] = False,
) -> results.ModelReport:  # fmt: skip
    """Train the injection detector as a job, judge it, and let it serve if it passes its gate."""
    return training.train(p, sources, seed, spoil, hold)


@operation(role="operator", cli="evaluate-model", positional=("model",))
def evaluate(
    p: Platform, *, model: Annotated[str, "id of a model; the serving one unless given"] = ""
) -> results.ModelReport:
    """Judge a model again on the held-out rows of its dataset."""
    return training.evaluate(p, model)


@operation(role="operator", cli="promote", positional=("model",))
def promote(
    p: Platform, *, model: ModelId, force: Annotated[bool, "although its gate refused it; the ledger says so"] = False
) -> tuple[results.ModelView, ...]:
    """Let a model serve as the injection detector."""
    return shelf.promote(p, model, force)


@operation(role="operator", cli="rollback")
def rollback(p: Platform) -> tuple[results.ModelView, ...]:
    """Let the model that served before serve again."""
    return shelf.rollback(p)


@operation(role="reader", cli="models", reads=True)
def list_(p: Platform) -> tuple[results.ModelView, ...]:
    """The models on the shelf, the latest first."""
    return shelf.listing(p)
