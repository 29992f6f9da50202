"""Scanning every row by torch: one question, and many in one reading; on a GPU where there is one.

    python bench/gpu_scan.py [--write]

Generated unit rows of 384 dimensions (seed 7): 1 M and 10 M in half precision on a GPU, 50,000 in float32 on a CPU,
where only the way is the same. Wall milliseconds of a whole call, from NumPy to NumPy, with exact scores of what leads:
the median of five. Baseline, in the same run: the product alone, without the search for the best of it. Skips where
torch is not installed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
from kept import keep

DIMS, K = 384, 10
BATCHES = (1, 32, 512)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    if find_spec("torch") is None:
        print("skipped: torch is not installed")
        return
    import torch

    has_gpu = torch.cuda.is_available()
    device = torch.cuda.get_device_name() if has_gpu else f"CPU, {torch.get_num_threads()} threads"
    sizes = (1_000_000, 10_000_000) if has_gpu else (50_000,)
    result = {"device": device, "rows": {str(rows): measured(rows, has_gpu) for rows in sizes}}
    print(device + ("" if has_gpu else ": no GPU was there, none of its figures is measured"))
    for rows, each in result["rows"].items():
        for name, figures in each.items():
            print(f"  {rows} rows, {name}: " + ", ".join(f"{key} {value}" for key, value in figures.items()))
    if write:
        keep("gpu_scan", result)


def measured(rows: int, has_gpu: bool) -> dict[str, Any]:
    import torch

    from thruline.backends.torch_dense import TorchDense

    vectors, index = generated(rows, 7), TorchDense()
    index.build(vectors)
    device, kind = ("cuda", torch.float16) if has_gpu else ("cpu", torch.float32)
    held = torch.from_numpy(vectors).to(device, kind)
    found = {}
    for batch in BATCHES:
        questions = generated(batch, 8)
        asked = torch.from_numpy(questions).to(device, kind)

        def product(asked: torch.Tensor = asked) -> None:
            for part in asked.split(max(1, 2**29 // rows)):
                part @ held.T
            if has_gpu:
                torch.cuda.synchronize()

        alone = wall_ms(product)
        whole = wall_ms(lambda questions=questions: index.search_many(questions, K))
        found[f"{batch} at once"] = {"ms": whole, "product_ms": alone, "of_product": round(whole / alone, 2)}
    index.close()
    return found


def generated(rows: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((rows, DIMS), np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def wall_ms(work: Callable[[], object]) -> float:
    work()
    spent = []
    for _ in range(5):
        began = time.monotonic()
        work()
        spent.append(time.monotonic() - began)
    return round(median(spent) * 1e3, 2)


if __name__ == "__main__":
    main()
