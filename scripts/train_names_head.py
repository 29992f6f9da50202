"""Trains the head that reads names off an embedder's states: writes lists/names_head.npz, prints how it does unseen.

`python scripts/train_names_head.py FAKER_FOLDER WEIGHTS_FOLDER` (FAKER_FOLDER: see name_words.py; WEIGHTS_FOLDER holds
bge-small-en-v1.5). Texts of one to five sentences as in train_names.py, and technical prose that names nobody. The
states take 5 CPU minutes, the training some 20. No evaluation set is read.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from thruline.backends.onnx_embedder import OnnxEmbedder
from thruline.data import tagger
from thruline.data.reading_names import Head, inputs, scores, softmax, word_states
from thruline.ports.names import Named

FOLDER = Path(tagger.__file__).parent / "lists"
SEED, TEXTS, PROSE, HELD = 11, 24_000, 6_000, 1_500
UNITS, DROPOUT, ROUNDS, BATCH, RATE, DECAY, SMOOTHING = 128, 0.3, 8, 2048, 3e-3, 1e-3, 0.02
Labelled = tuple[str, list[tuple[int, int, Named]]]


def main() -> None:
    """Make the file. --texts: made before, where Faker and the prose are elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faker", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--texts", type=Path, help="read the texts from this file, or write them when it is not there")
    given = parser.parse_args()
    texts = _texts(given.faker, given.texts)
    embedder = OnnxEmbedder(given.weights, name="bge-small-en-v1.5", licence="MIT", pooling="cls")
    with ThreadPoolExecutor() as pool:
        rows = [described for described in pool.map(lambda text: _described(embedder, *text), texts) if described]
    embedder.close()
    head = _trained([r for r, _ in rows[HELD:]], [y for _, y in rows[HELD:]])
    _report(head, *map(np.concatenate, zip(*rows[:HELD], strict=True)))
    _save(head)


def _texts(faker: Path, kept: Path | None) -> list[Labelled]:
    if kept and kept.exists():
        return json.loads(kept.read_text("utf-8"))
    texts = list(_written(faker))
    if kept:
        kept.write_text(json.dumps(texts), "utf-8")
    return texts


def _written(faker: Path) -> Iterator[Labelled]:
    from name_sentences import Sentences
    from name_words import pools
    from train_names import _prose

    dice, sentences, prose = random.Random(SEED), Sentences(pools(faker), SEED), list(_prose())
    made = [_joined([_one(sentences, prose, dice) for _ in range(dice.choice((1, 1, 1, 2, 3, 5)))], dice)
            for _ in range(TEXTS)]  # fmt: skip
    made += [(text, []) for text in dice.sample(prose, PROSE)]
    dice.shuffle(made)
    yield from made


def _one(sentences: object, prose: Sequence[str], dice: random.Random) -> Labelled:
    return sentences.one() if dice.random() < 0.85 else (dice.choice(prose)[:400], [])  # type: ignore[attr-defined]


def _joined(parts: Sequence[Labelled], dice: random.Random) -> Labelled:
    text, spans = "", []
    for part, found in parts:
        text += dice.choice((" ", "\n", "\n\n")) if text else ""
        spans += [(a + len(text), b + len(text), kind) for a, b, kind in found]
        text += part
    return text, spans


def _described(embedder: OnnxEmbedder, text: str, found: Sequence) -> tuple[np.ndarray, np.ndarray] | None:
    """The inputs and the label of each word that was read."""
    words, spans = tagger.cut(text)
    if not words:
        return None
    states, is_read = word_states(embedder.states(text), spans)
    labels = [next((1 + tagger.LABELS.index(k) for a, b, k in found if a <= s < b), 0) for s, _ in spans]
    rows = inputs(states, tagger.probabilities(words))
    return rows[is_read].astype(np.float16), np.array(labels)[is_read]


def _trained(rows: Sequence[np.ndarray], labels: Sequence[np.ndarray]) -> Head:
    """One hidden layer of rectifiers by Adam (Kingma and Ba 2015), its rate falling to nothing; inputs drop out."""
    x, y = np.concatenate(rows), np.concatenate(labels)
    dice = np.random.default_rng(SEED)
    sizes = ((x.shape[1], UNITS), (UNITS,), (UNITS, 1 + len(tagger.LABELS)), (1 + len(tagger.LABELS),))
    head = [dice.normal(0, (2 / s[0]) ** 0.5, s).astype(np.float32) if len(s) == 2 else np.zeros(s, np.float32)
            for s in sizes]  # fmt: skip
    mean, square = [np.zeros_like(p) for p in head], [np.zeros_like(p) for p in head]
    steps = ROUNDS * -(-len(y) // BATCH)
    batches = (b for _ in range(ROUNDS) for b in np.array_split(dice.permutation(len(y)), steps // ROUNDS))
    for step, some in enumerate(batches, start=1):
        rate = RATE * min(1.0, 10 * step / steps) * (1 - step / steps)
        for nth, slope in enumerate(_slopes(Head(*head), x[some].astype(np.float32), y[some], dice)):
            mean[nth] += 0.1 * (slope - mean[nth])
            square[nth] += 0.001 * (slope**2 - square[nth])
            unbiased = mean[nth] / (1 - 0.9**step), square[nth] / (1 - 0.999**step)
            head[nth] -= rate * (unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8) + DECAY * head[nth])
    return Head(*head)


def _slopes(head: Head, x: np.ndarray, y: np.ndarray, dice: np.random.Generator) -> tuple[np.ndarray, ...]:
    """The gradient of the smoothed cross-entropy for each part of the head."""
    x = x * _kept(x.shape, DROPOUT / 2, dice)
    active = np.maximum(x @ head.hidden + head.hidden_bias, 0)
    kept = _kept(active.shape, DROPOUT, dice)
    wrong = softmax(active * kept @ head.out + head.out_bias) - SMOOTHING / head.out.shape[1]
    wrong[np.arange(len(y)), y] -= 1 - SMOOTHING
    wrong /= len(y)
    back = (wrong @ head.out.T) * kept * (active > 0)
    return x.T @ back, back.sum(axis=0), (active * kept).T @ wrong, wrong.sum(axis=0)


def _kept(shape: tuple[int, ...], share: float, dice: np.random.Generator) -> np.ndarray:
    return (dice.random(shape, np.float32) >= share) / np.float32(1 - share)


def _report(head: Head, rows: np.ndarray, labels: np.ndarray) -> None:
    guessed = scores(head, rows.astype(np.float32)).argmax(axis=1)
    for index, label in enumerate(("no name", *tagger.LABELS)):
        mine, found = labels == index, guessed == index
        right = int((mine & found).sum())
        print(f"{label:13} recall {right / mine.sum():.3f} precision {right / max(found.sum(), 1):.3f}")


def _save(head: Head) -> None:
    path = FOLDER / "names_head.npz"
    np.savez_compressed(path, **{name: part.astype(np.float16) for name, part in head._asdict().items()})
    print(f"{path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
