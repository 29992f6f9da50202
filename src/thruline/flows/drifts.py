"""Drifts: how a source's documents score, which of it has moved, and what a person takes for usual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from thruline.core.clock import Micros, iso
from thruline.core.nouns import Actor, Source
from thruline.data.score_blocks import LANGUAGE, Block, Counts, mean, quantile, together
from thruline.data.score_drift import Move
from thruline.data.score_words import WORDS, named, told, valued
from thruline.flows import scored
from thruline.flows.reports import AcceptReport, ScoreMove, ScoreView
from thruline.flows.sources import named as source_named

if TYPE_CHECKING:
    from thruline.flows.line import Line

SHOWN = 24  # blocks that a small drawing holds


def accept(line: Line, actor: Actor, name: str) -> AcceptReport:
    """Take what a source brings now for usual; what it brought before is compared with no more."""
    source = source_named(line, actor, name)
    with line.runs.start("sync", only=source.id, actor=actor.id) as run, run.commit():
        held = line.score_moves.of(source.id)
        if held:
            line.score_blocks.forget_before(source.id, max(move.block for move in held.values()))
            line.score_moves.drop(source.id, list(held))
            scored.tell(run, source, {"accepted": list(held.values())})
    return AcceptReport(source=source.name, accepted=tuple(told(move) for move in held.values()))


def moves(line: Line, source: Source) -> tuple[ScoreMove, ...]:
    """The scores of a source that have moved and are not back, the largest move first."""
    return tuple(_move(move, since) for move, since in line.score_moves.all().get(source.id, ()))


def views(line: Line, source: Source) -> tuple[ScoreView, ...]:
    """Every score of what came in, with its middle block by block."""
    blocks = line.score_blocks.of(source.id)
    whole = together(block.counts for block in blocks)
    return tuple(_views(whole, blocks[-SHOWN:], {move.score for move in moves(line, source)}))


def _views(whole: Counts, blocks: Sequence[Block], moved: set[str]) -> Iterator[ScoreView]:
    for score, words in WORDS.items():
        if bins := whole.get(score):
            per_block = [block.counts[score] for block in blocks if block.counts.get(score)]
            if score == LANGUAGE:
                total = sum(bins.values())
                most = sorted(bins.items(), key=lambda item: -item[1])
                usual = ", ".join(f"{named(str(code))} {valued(score, n / total)}" for code, n in most[:3])
                trend = tuple(b.get(most[0][0], 0) / sum(b.values()) for b in per_block)
            else:
                middle = quantile if quantile(bins, 0.5) else _mean
                usual = valued(score, middle(bins, 0.5))
                trend = tuple(middle(b, 0.5) for b in per_block)
            yield ScoreView(score=score, name=words.name, usual=usual, trend=trend, moved=score in moved)


def _mean(bins: dict[int | str, int], _: float) -> float:
    """Where most have none of something, the average tells more than the median."""
    return mean(bins)


def _move(move: Move, since: Micros) -> ScoreMove:
    return ScoreMove(
        score=move.score, says=told(move), since=iso(since), before=move.before, now=move.now, distance=move.distance,
        documents=move.window,
    )  # fmt: skip
