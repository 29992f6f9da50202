"""The scores and verdicts of many documents as polars frames.

polars comes with the extra `train`: import this file lazily (core/lazy.py) where that may be missing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from thruline.core.errors import Invalid
from thruline.data.quality import PER_WORDS
from thruline.data.quality_columns import measure
from thruline.data.quality_rules import Rule

FAILING = {"row": pl.Int64, "rule": pl.String, "value": pl.Float64, "low": pl.Float64, "high": pl.Float64}


def scores(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a document, one column a field of Quality, equal to what `quality.score` gives.

    frame: column `text`, and where the caller has them `mentions`, `secrets` and `toxicity`. Raises Invalid without
    `text`.
    """
    if "text" not in frame.columns:
        raise Invalid(f"no column 'text' among {', '.join(frame.columns)!r}", hint="name the documents' column `text`")
    words = pl.col("words")
    return pl.DataFrame(measure(frame["text"].to_list())).with_columns(
        pii_density=pl.when(words > 0).then(_given(frame, "mentions", 0) * PER_WORDS / words).otherwise(0.0),
        secrets=_given(frame, "secrets", 0).cast(pl.Int64),
        toxicity=_given(frame, "toxicity", None).cast(pl.Float64),
    )


def failing(scored: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """One row for each document and rule that it fails: row (its number in `scored`), rule, value, low, high.

    The judgement of `quality_rules.verdict`; a document that fails nothing has no row.
    """
    parts = [pl.DataFrame(schema=FAILING), *(_failing(scored, rule) for rule in rules)]
    return pl.concat([part for part in parts if len(part)] or parts[:1]).sort("row", "rule")


def _given(frame: pl.DataFrame, name: str, otherwise: int | None) -> pl.Expr:
    return pl.lit(frame[name]) if name in frame.columns else pl.lit(otherwise)


def _failing(scored: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    values = scored[rule.score].cast(pl.Float64).to_numpy()
    rows = np.flatnonzero((values < rule.low) | (values > rule.high))  # a null is NaN here, and neither
    columns = {"row": rows, "rule": rule.score, "value": values[rows], "low": rule.low, "high": rule.high}
    return pl.DataFrame(columns, schema_overrides=FAILING)
