"""Aggregates of a table that may be told to anybody: what is asked, and what one person can change of it. Pure.

Protected is a person, or a row where no column says whose a row is: whether theirs is in the table hardly changes what
is told (Dwork et al. 2006). Columns' names, the listed values and the bounds are taken for known to everybody.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple

from thruline.core.errors import Invalid
from thruline.data.contracts import Contract

Kind = Literal["count", "sum", "mean"]
MOST_ROWS = 1000  # of a person: more would drown in their own noise
STEPS = 2**24  # of a column's bounds: what is finer is rounded, so that sums are of whole numbers
LEAST_EPSILON, MOST_EPSILON = 0.001, 20.0  # in all: the United States told their census of 2020 with 19.6
LEAST_DELTA, MOST_DELTA = 1e-12, 1e-5


class Grid(NamedTuple):
    """Numbers as whole steps from an origin; furthest: the most steps that any number is from it."""

    origin: float
    step: float
    furthest: int


class Measure(NamedTuple):
    """A number that is told of each group; low and high: what values of the column are cut to."""

    kind: Kind
    column: str = ""
    low: float = 0.0
    high: float = 0.0

    @property
    def draws(self) -> int:
        """How many noisy numbers it is made of: a mean is a sum over a count."""
        return 2 if self.kind == "mean" else 1

    @property
    def grid(self) -> Grid:
        """A mean is summed from the middle of its bounds: half the noise."""
        origin = (self.low + self.high) / 2 if self.kind == "mean" else 0.0
        furthest = max(abs(self.low - origin), abs(self.high - origin))
        step = 2.0 ** math.ceil(math.log2(furthest / STEPS))
        return Grid(origin, step, math.ceil(furthest / step))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be told. by: a column whose values make groups; values: those that are told of, whether they are in
    the table or not; none for those that enough rows have.

    person: the column that says whose a row is; without it each row is a person's. rows: of one person, as many count
    at most. epsilon: what all of it costs together; delta: what it costs to find values in the table.
    """

    measures: tuple[Measure, ...]
    by: str
    values: tuple[str, ...]
    person: str
    rows: int
    epsilon: float
    delta: float

    @property
    def finds_groups(self) -> bool:
        """Whether the table says which groups there are."""
        return bool(self.by) and not self.values

    @property
    def each(self) -> float:
        """The epsilon of one draw; groups share no rows, so that all of them together cost what one does."""
        return self.epsilon / sum(m.draws for m in self.measures)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, each once."""
        return tuple(dict.fromkeys(c for c in (self.person, self.by, *(m.column for m in self.measures)) if c))

    @property
    def canonical(self) -> str:
        """The same text for the same question."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def sentence(self) -> str:
        """As a person would ask it."""
        told = ", ".join(f"{m.kind} {m.column}".strip() for m in self.measures)
        return f"{told} by {self.by}" if self.by else told


def measures_of(*, count: bool, sums: Sequence[str], means: Sequence[str], contract: Contract | None) -> list[Measure]:
    """The measures that are meant by `column:low:high`, or by `column` where the contract has a least and a largest
    value; a count where nothing else is asked. Raises Invalid for bounds that nobody gave."""
    said = [*(("sum", s) for s in sums), *(("mean", s) for s in means)]
    bounded = [Measure(kind, *_bounds(kind, text, contract)) for kind, text in said]  # pyright: ignore[reportArgumentType]
    return [*([Measure("count")] if count or not said else []), *dict.fromkeys(bounded)]


def check(asked: Asked) -> Asked:
    """What was asked, if it can be meant; raises Invalid."""
    if not LEAST_EPSILON <= asked.epsilon <= MOST_EPSILON:
        raise Invalid(f"epsilon {asked.epsilon:g} protects nobody or tells nothing", hint=_EPSILON)
    if asked.values and not asked.by:
        raise Invalid("values are listed of no column", hint="name it with --by")
    if asked.person and asked.person in (asked.by, *(m.column for m in asked.measures)):
        raise Invalid(f"{asked.person!r} says whose a row is, and is asked about", hint="tell nothing of that column")
    if asked.finds_groups and not asked.delta:
        raise Invalid(
            f"nobody listed the values of {asked.by!r}",
            hint=f"--values f,m; or --delta 1e-9: those that enough rows of {asked.by!r} have are found in the table",
        )
    if asked.delta and not (asked.finds_groups and LEAST_DELTA <= asked.delta <= MOST_DELTA):
        raise Invalid(
            f"delta {asked.delta:g} is not needed, or out of range", hint=f"{LEAST_DELTA:g} to {MOST_DELTA:g}, and "
            "only where --by stands without --values",
        )  # fmt: skip
    return asked


_EPSILON = f"{LEAST_EPSILON:g} to {MOST_EPSILON:g}; 0.1 to 1 is common: less protects more, and is told less exactly"


def values_of(column: str, contract: Contract | None) -> tuple[str, ...]:
    """The values that a contract allows in a column, in words; none where it does not say."""
    known = next((c.allowed for c in contract.columns if c.name == column), ()) if contract else ()
    return tuple(dict.fromkeys(str(value) for value in known))


def _bounds(kind: str, text: str, contract: Contract | None) -> tuple[str, float, float]:
    column, *given = text.rsplit(":", 2)
    if len(given) == 2:
        return column, *_range(text, *given)
    promised = next((c for c in contract.columns if c.name == text), None) if contract else None
    if promised and _is_number(promised.min) and _is_number(promised.max):
        return text, *_range(text, str(promised.min), str(promised.max))
    raise Invalid(
        f"nobody said between which numbers {text!r} lies",
        hint=f"as --{kind} {text}:0:120; the oldest person's age, read off the rows, would be told to everybody",
    )


def _range(text: str, low: str, high: str) -> tuple[float, float]:
    try:
        least, most = float(low), float(high)
    except ValueError:
        least = most = math.nan
    if not (least < most and math.isfinite(most - least)):
        raise Invalid(f"{text!r} has no two numbers to lie between", hint="as age:0:120, the smaller one first")
    return least, most


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
