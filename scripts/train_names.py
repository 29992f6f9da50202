"""Trains the name tagger: writes lists/words.txt and lists/tagger.npz, and prints how it does on unseen sentences.

`python scripts/train_names.py FAKER_FOLDER` (see name_words.py). What it learns from: sentences made of our templates
and Faker's names, and, as text about nobody, docstrings of Python and of some packages. A tenth of the sentences is
kept for the check; no evaluation set is read. Softmax regression by Adagrad, some 2 minutes.
"""

from __future__ import annotations

import argparse
import ast
import re
import sysconfig
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from name_sentences import Labelled, Sentences
from name_words import pools, word_list
from scipy import sparse

from thruline.data import tagger

FOLDER = Path(tagger.__file__).parent / "lists"
SEED, SENTENCES, ROUNDS, BATCH, RATE, DECAY = 7, 40_000, 3, 512, 0.25, 2e-7
# Whose docstrings are read beside those of the standard library: technical prose that the locks pin.
PACKAGES = ("sklearn", "starlette", "polars", "scipy/stats", "scipy/optimize", "boto3", "jinja2", "cryptography")
_NAMES_SOMEBODY = re.compile(
    r"@|[Aa]uthor|[Cc]opyright|[Ww]ritten|\bby [A-Z]|[Cc]ontributed|[Mm]aintain|\.\. \[|\[\d+\]|et al"
    r"|\b(?:19|20)\d\d\b|[A-Z]\. [A-Z]"
)
LEAST = 12  # a feature must be met this often to be kept
LISTED_BYTES = 280_000
FORGOTTEN = 0.35  # share of words whose lists are hidden in training, so that context is learned too


def main() -> None:
    """Make both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faker", type=Path)
    names = pools(parser.parse_args().faker)
    prose = list(_prose())
    (FOLDER / "words.txt").write_text(word_list(names, _common(prose), LISTED_BYTES), "utf-8")
    sentences = Sentences(names, SEED)
    rows = [sentences.one() for _ in range(SENTENCES)] + [(text, []) for text in prose]
    dice = np.random.default_rng(SEED)
    dice.shuffle(rows)  # type: ignore[arg-type]
    _save(*_fitted(rows, dice))


def _prose() -> Iterator[str]:
    """Paragraphs of docstrings that thank and name nobody."""
    for path in _modules():
        nodes = [
            n
            for n in ast.walk(ast.parse(path.read_bytes()))
            if isinstance(n, (ast.Module, ast.ClassDef, ast.FunctionDef))
        ]
        for text in filter(None, map(ast.get_docstring, nodes)):
            yield from (
                part for part in text.split("\n\n") if 40 < len(part) < 1200 and not _NAMES_SOMEBODY.search(part)
            )


def _modules() -> list[Path]:
    stdlib, packages = Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))
    skipped = {"test", "tests", "idlelib", "site-packages"}
    found = [path for pattern in ("*.py", "[a-z]*/*.py") for path in stdlib.glob(pattern)]
    found = [path for path in found if not skipped & set(path.relative_to(stdlib).parts)]
    for package in PACKAGES:
        found += [path for path in packages.joinpath(package).rglob("*.py") if "tests" not in path.parts]
    return sorted(found)


def _common(prose: Sequence[str]) -> frozenset[str]:
    """Words that prose writes in lower case."""
    count = Counter(word for text in prose for word in re.findall(r"\b[a-z]{3,}\b", text))
    return frozenset(word for word, times in count.items() if times >= 2)


def _fitted(rows: Sequence[Labelled], dice: np.random.Generator) -> tuple[list[str], np.ndarray]:
    """The features, and weights (all rows of all tables, label)."""
    texts = [_described(text, spans, dice) for text, spans in rows]
    count = Counter(name for words, _ in texts for names, _, _ in words for name in names)
    features = sorted(name for name, times in count.items() if times >= LEAST)
    table = {name: row for row, name in enumerate(features, start=1)}
    held = len(texts) // 10
    matrix, labels = _matrix(texts[held:], table)
    weights = _trained(matrix, labels, dice)
    _report(*_matrix(texts[:held], table), weights)
    return features, weights


Described = tuple[list[tuple[tuple[str, ...], int, int]], str]


def _described(text: str, spans: Sequence[tuple[int, int, str]], dice: np.random.Generator) -> Described:
    words = []
    for found in tagger.TOKENS.finditer(text):
        names, code = tagger.describe(found[0])
        if dice.random() < FORGOTTEN:
            names, code = tuple(n for n in names if not n.startswith("lists=")), code // 8 * 8
        label = next((1 + tagger.LABELS.index(kind) for a, b, kind in spans if a <= found.start() < b), 0)
        words.append((names, code, label))
    return words, text


def _matrix(texts: Sequence[Described], table: dict[str, int]) -> tuple[sparse.csr_matrix, np.ndarray]:
    size, codes = len(table) + 1, tagger.CODES
    columns, ends, labels = [], [0], []
    before = len(tagger.OFFSETS) * size
    for words, _ in texts:
        rows = [[table[n] for n in names if n in table] for names, _, _ in words]
        kinds = [tagger.EDGE, *(code for _, code, _ in words), tagger.EDGE]
        for i, (_, code, label) in enumerate(words):
            for nth, offset in enumerate(tagger.OFFSETS):
                if 0 <= i + offset < len(words):
                    columns += [nth * size + row for row in rows[i + offset]]
            columns += [before + kinds[i] * codes + code, before + codes * codes + code * codes + kinds[i + 2]]
            ends.append(len(columns))
            labels.append(label)
    shape = (len(labels), before + 2 * codes * codes)
    ones = np.ones(len(columns), dtype=np.float32)
    return sparse.csr_matrix((ones, np.array(columns, dtype=np.int32), np.array(ends)), shape=shape), np.array(labels)


def _trained(matrix: sparse.csr_matrix, labels: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    weights = np.zeros((matrix.shape[1], 1 + len(tagger.LABELS)), dtype=np.float32)
    squares = np.full_like(weights, 1e-3)
    for _ in range(ROUNDS):
        order = dice.permutation(len(labels))
        for at in range(0, len(order), BATCH):
            rows = matrix[order[at : at + BATCH]]
            wrong = _softmax(rows @ weights)
            wrong[np.arange(len(wrong)), labels[order[at : at + BATCH]]] -= 1
            touched = np.unique(rows.indices)
            gradient = (rows[:, touched].T @ wrong) / len(wrong) + DECAY * weights[touched]
            squares[touched] += gradient**2
            weights[touched] -= RATE * gradient / np.sqrt(squares[touched])
    return weights


def _softmax(scores: np.ndarray) -> np.ndarray:
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _report(matrix: sparse.csr_matrix, labels: np.ndarray, weights: np.ndarray) -> None:
    guessed = (matrix @ weights).argmax(axis=1)
    for index, label in enumerate(("no name", *tagger.LABELS)):
        mine, found = labels == index, guessed == index
        right = int((mine & found).sum())
        print(f"{label:13} recall {right / mine.sum():.3f} precision {right / max(found.sum(), 1):.3f}")


def _save(features: list[str], weights: np.ndarray) -> None:
    size, codes, labels = len(features) + 1, tagger.CODES, 1 + len(tagger.LABELS)
    words = weights[: len(tagger.OFFSETS) * size].reshape(len(tagger.OFFSETS), size, labels)
    words[:, 0] = 0  # row 0 stands for "no such feature"
    before, after = weights[len(tagger.OFFSETS) * size :].reshape(2, codes * codes, labels)
    scale = np.float32(np.abs(weights).max() / 127)
    tables = {
        n: np.round(t / scale).astype(np.int8) for n, t in (("words", words), ("before", before), ("after", after))
    }
    np.savez_compressed(
        FOLDER / "tagger.npz", features=tagger.PARTED.join(features), scale=scale, version="2", **tables
    )
    print(f"{size - 1} features, {(FOLDER / 'tagger.npz').stat().st_size} bytes")


if __name__ == "__main__":
    main()
