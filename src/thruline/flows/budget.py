"""Budget: what of the hits goes into an answer, so that all that a model is sent stays under the budget of tokens.

The rules, the question and the marks around passages count as well as the passages: a server that is sent more than it
can read cuts the end off, which is the question, or refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from thruline.core.errors import Invalid
from thruline.vectors.context import PER_RECORD, Context, Hit, Passage, assemble, estimate_tokens, messages
from thruline.vectors.prompts import Template

Tokens = Callable[[str], int | None]  # how many tokens a text has; None where the tokenizer is not here
TURN = 8  # tokens that a chat format puts around one message: 3 to 7 in those of Llama, Qwen, Mistral and SmolLM
LEAST = 32  # tokens that passages need, to say anything


def uncounted(text: str) -> None:
    """For a model whose tokenizer is not here."""


def within_prompt(
    hits: Sequence[Hit], limit: int, *, template: Template, question: str, fence: str, tokens: Tokens = uncounted,
    per_record: int = PER_RECORD,
) -> Context:  # fmt: skip
    """Passages with which the whole prompt has at most so many tokens; raises Invalid where the question takes all."""

    def cost(passages: Sequence[Passage]) -> int:
        said = (message["content"] for message in messages(template, question, passages, fence))
        return sum(TURN + (estimate_tokens(text) if (n := tokens(text)) is None else n) for text in said)

    before = cost(())
    if before + LEAST > limit:
        raise Invalid(
            f"question and rules have {before} tokens of {limit}, which leaves none for passages",
            hint="ask shorter, or raise answer.context_tokens as far as the model can read",
        )
    return assemble(hits, limit, cost=cost, per_record=per_record)
