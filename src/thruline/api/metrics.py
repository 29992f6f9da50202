"""Numbers of this process in Prometheus' text format (version 0.0.4)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

KIND = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counted on the event loop's thread only, so without a lock."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._answers: Counter[str] = Counter()
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def request(self, route: str, status: int, seconds: float) -> None:
        """A request ended. route: the pattern, never the address, which may name things."""
        self._requests[route, status] += 1
        self._buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def answer(self, outcome: str) -> None:
        """An answer was given."""
        self._answers[outcome] += 1

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """Everything; gauges: name to (what it is, value)."""
        lines = [_head("thruline_requests_total", "counter", "Requests by route and status.")]
        for (route, status), count in sorted(self._requests.items()):
            lines.append(f'thruline_requests_total{{route="{route}",status="{status}"}} {count}')
        lines.append(_head("thruline_answers_total", "counter", "Answers by outcome."))
        lines += [f'thruline_answers_total{{outcome="{o}"}} {n}' for o, n in sorted(self._answers.items())]
        lines += self._latency()
        for name, (says, value) in gauges.items():
            lines += [_head(name, "gauge", says), f"{name} {value}"]
        return "\n".join([*lines, ""])

    def _latency(self) -> list[str]:
        name = "thruline_request_seconds"
        lines = [_head(name, "histogram", "How long requests took, streams to their end.")]
        total = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self._buckets, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {total}')
        return [*lines, f"{name}_sum {self._seconds:.6f}", f"{name}_count {total}"]


def _head(name: str, kind: str, says: str) -> str:
    return f"# HELP {name} {says}\n# TYPE {name} {kind}"
