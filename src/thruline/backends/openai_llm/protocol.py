"""The parts of OpenAI's chat protocol that we read; all else is passed over."""

from __future__ import annotations

from typing import Any

import msgspec


class Delta(msgspec.Struct):
    """What a chunk adds."""

    content: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class Choice(msgspec.Struct):
    """One reply of a chunk; we ask for one."""

    delta: Delta = msgspec.field(default_factory=Delta)
    finish_reason: str | None = None


class Usage(msgspec.Struct):
    """Tokens, counted by the server's own tokenizer."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Chunk(msgspec.Struct):
    """One event of a streamed reply."""

    choices: list[Choice] | None = None
    usage: Usage | None = None
    error: Any = None


class Error(msgspec.Struct):
    """What went wrong, in the server's words."""

    message: str = ""


class ErrorBody(msgspec.Struct):
    """An error reply: OpenAI's object, or the plain string that some servers send."""

    error: Error | str = ""

    def message(self) -> str:
        """The server's words."""
        return self.error if isinstance(self.error, str) else self.error.message
