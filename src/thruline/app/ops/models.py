"""models: the life of the injection detector and of the reranker - train, evaluate, promote, roll back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.errors import Invalid
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.app import results, shelf, training, training_ranker
else:
    results = lazy("thruline.app.results")
    shelf = lazy("thruline.app.shelf")
    training = lazy("thruline.app.training")
    training_ranker = lazy("thruline.app.training_ranker")

ModelId = Annotated[str, "id of a model"]
What = Annotated[Literal["detector", "reranker"], "what judges questions, or what orders passages"]


@operation(role="operator", cli="train", positional=("what",))
def train(
    p: Platform, *,
    what: What = "detector",
    sources: Annotated[
        tuple[str, ...], "also learn that documents of these are harmless, people in them included"
    ] = (),
    seed: Annotated[int, "seed of the split and of the training"] = 0,
    spoil: Annotated[float, "share of training labels to flip, 0..1: to see the gate refuse a bad model"] = 0.0,
    hold: Annotated[bool, "leave it on the shelf, even if it passes its gate"] = False,
) -> results.ModelReport:  # fmt: skip
    """Train the injection detector, or a reranker on judged questions; it serves if it passes its gate."""
    if what == "detector":
        return training.train(p, sources, seed, spoil, hold)
    if sources or spoil:
        raise Invalid("a reranker learns from judged questions alone", hint="leave out --sources and --spoil")
    return training_ranker.train_reranker(p, seed, hold)


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
    """Let a model serve, as what it was trained for."""
    return shelf.promote(p, model, force)


@operation(role="operator", cli="rollback", positional=("what",))
def rollback(p: Platform, *, what: What = "detector") -> tuple[results.ModelView, ...]:
    """Let the model that served before serve again."""
    return shelf.rollback(p, what)


@operation(role="reader", cli="models", reads=True)
def list_(p: Platform) -> tuple[results.ModelView, ...]:
    """The models on the shelf, the latest first."""
    return shelf.listing(p)
