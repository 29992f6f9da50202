"""What OpenAI's protocol looks like: requests that we read, replies and errors that we write."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from thruline.api.errors import SignedOut
from thruline.core.errors import Corrupt, Denied, Invalid, NotFound, ThrulineError, Unavailable
from thruline.guard.limits import TooMany

_PARAM = re.compile(r"`\$\.?(\w+)")
_FIELD = re.compile(r"field `(\w+)`")


class BadParameter(Invalid):
    """A request that OpenAI, too, would refuse, and the parameter that is at fault."""

    def __init__(self, message: str, *, param: str, code: str | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.param = param
        self.param_code = code


class Part(msgspec.Struct):
    """A part of a message's content."""

    type: str
    text: str = ""


class ChatMessage(msgspec.Struct):
    """A message; fields that we do not name are read by the model behind, or by nobody."""

    role: str
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """Its words, without images and other parts."""
        if isinstance(self.content, list):
            return "\n".join(p.text for p in self.content if p.type == "text")
        return self.content or ""


class StreamOptions(msgspec.Struct):
    """How a stream ends."""

    include_usage: bool | None = None


class Chat(msgspec.Struct):
    """A chat request, as far as every model needs it read."""

    model: str
    messages: list[ChatMessage]
    stream: bool | None = None
    stream_options: StreamOptions | None = None

    @property
    def question(self) -> str:
        """The last words of the user."""
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")

    @property
    def wants_usage(self) -> bool:
        """Whether the stream is to end with the tokens."""
        return bool(self.stream_options and self.stream_options.include_usage)


class EmbeddingsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A request for vectors. user is for abuse tracking at OpenAI, and ignored as it is there."""

    model: str
    input: str | list[Any]
    encoding_format: str | None = None
    dimensions: int | None = None
    user: str | None = None


class Tokens(msgspec.Struct, gc=False):
    """As counted by whoever made the reply."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Said(msgspec.Struct, gc=False):
    """The words of a choice."""

    content: str | None = None


class Choice(msgspec.Struct, gc=False):
    """One reply of a completion, or what a chunk adds to it."""

    delta: Said | None = None
    message: Said | None = None
    finish_reason: str | None = None

    @property
    def text(self) -> str:
        """Its words, empty where it has none."""
        said = self.delta or self.message
        return (said.content or "") if said else ""


class Reply(msgspec.Struct, gc=False):
    """A completion or a chunk of one, as far as a receipt needs it read."""

    choices: list[Choice]
    usage: Tokens | None = None


_chat = msgspec.json.Decoder(Chat)
_embeddings = msgspec.json.Decoder(EmbeddingsRequest)
encode = msgspec.json.Encoder().encode
decode_reply = msgspec.json.Decoder(Reply).decode


def read_chat(body: bytes) -> Chat:
    """The request; raises BadParameter."""
    chat = read_as(_chat, body)
    if not chat.messages:
        raise BadParameter("messages is empty", param="messages", code="empty_array", hint="send at least one message")
    return chat


def read_embeddings(body: bytes) -> EmbeddingsRequest:
    """The request; raises BadParameter."""
    return read_as(_embeddings, body)


def read_fields(body: bytes) -> dict[str, Any]:
    """A body that was read before, with every field."""
    return msgspec.json.decode(body)


def read_as(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """The body as the decoder's type; raises BadParameter and names what is wrong."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        said = str(error)
        found = _PARAM.search(said) or _FIELD.search(said)
        raise BadParameter(said, param=found[1] if found else "") from error
    except RecursionError as error:
        raise BadParameter("the body is nested too deeply", param="") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadParameter(f"the body is not JSON: {error}", param="") from error


def completion(*, id: str, made: int, model: str, text: str, finish: str, usage: dict[str, int], extra: Any) -> bytes:
    """A whole chat completion."""
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    return encode(
        {"id": id, "object": "chat.completion", "created": made, "model": model, "choices": [choice], "usage": usage,
         "system_fingerprint": None, "x_thruline": extra}
    )  # fmt: skip


class Chunks:
    """The chunks of one streamed completion; every one names usage when it was asked for, as OpenAI's do."""

    def __init__(self, id: str, made: int, model: str, *, with_usage: bool) -> None:
        self._envelope: dict[str, Any] = {
            "id": id, "object": "chat.completion.chunk", "created": made, "model": model, "system_fingerprint": None,
        }  # fmt: skip
        self._with_usage = with_usage

    def first(self) -> bytes:
        """Who speaks."""
        return self._chunk({"role": "assistant", "content": ""}, None)

    def text(self, text: str) -> bytes:
        """Some words."""
        return self._chunk({"content": text}, None)

    def last(self, finish: str, usage: dict[str, int], extra: Any) -> bytes:
        """Why it ended, what it was made of, the tokens if wanted, and the mark of the end."""
        events = self._chunk({}, finish, x_thruline=extra)
        if self._with_usage:
            events += _event(encode({**self._envelope, "choices": [], "usage": usage}))
        return events + _event(b"[DONE]")

    def _chunk(self, delta: dict[str, str], finish: str | None, **extra: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        usage = {"usage": None} if self._with_usage else {}
        return _event(encode({**self._envelope, "choices": [choice], **usage, **extra}))


def error_event(error: ThrulineError) -> bytes:
    """What a stream that broke off ends with."""
    return _event(encode(error_body(error)[1]))


def usage_of(tokens_in: int, tokens_out: int) -> dict[str, int]:
    """The tokens of a reply."""
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}


def error_body(error: ThrulineError) -> tuple[int, dict[str, Any]]:
    """Status and error object."""
    status, kind, code = _kind(error)
    param: str | None = None
    if isinstance(error, BadParameter):
        param, code = error.param or None, error.param_code
    said = f"{error.message} ({error.hint})" if error.hint else error.message
    return status, {"error": {"message": said, "type": kind, "param": param, "code": code}}


def error_headers(error: ThrulineError) -> Mapping[str, str]:
    """What the client's own retries look for."""
    if isinstance(error, TooMany):
        return {"retry-after": str(math.ceil(error.retry_after_s))}
    return {"www-authenticate": 'Bearer realm="thruline"'} if isinstance(error, SignedOut) else {}


def _kind(error: ThrulineError) -> tuple[int, str, str | None]:
    match error:
        case SignedOut():
            return 401, "invalid_request_error", "invalid_api_key"
        case Denied():
            return 403, "permission_error", "permission_denied"
        case TooMany():
            return 429, "requests", "rate_limit_exceeded"
        case NotFound():
            return 404, "invalid_request_error", "model_not_found"
        case Invalid():
            return error.status if error.status != 422 else 400, "invalid_request_error", None
        case Unavailable():
            return 503, "server_error", "service_unavailable"
        case Corrupt():
            return 502, "server_error", "bad_gateway"
    return error.status, "server_error", error.code


def _event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"
