"""What an operation takes over HTTP: a strict type made from its parameters, for bodies, queries and OpenAPI alike."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, get_args, get_origin

import msgspec
from starlette.datastructures import QueryParams

from thruline.app.operations import Operation, Parameter
from thruline.core.errors import Invalid

WHOLE = 2**53  # beyond it JSON numbers of other languages are no longer exact, and databases refuse soon after
_object = msgspec.json.Decoder(dict[str, Any])


class Arguments:
    """The arguments of one operation."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._many = {p.name for p in operation.parameters if get_origin(p.type) is tuple}

    @cached_property
    def type(self) -> type[msgspec.Struct]:
        """A struct with a field a parameter; unknown fields are refused."""
        fields = [_field(p) for p in self._operation.parameters]
        name = self._operation.name.replace(".", "_")
        return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True, rename=None)

    def of_body(self, body: bytes, path: Mapping[str, str]) -> dict[str, Any]:
        """The arguments in a JSON object; an empty body is an empty one. Raises Invalid and names the field."""
        try:
            given = _object.decode(body) if body.strip() else {}
        except RecursionError as error:
            raise Invalid("the body is nested too deeply", hint="send a flat JSON object") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Invalid(f"the body is not a JSON object: {error}", hint=self._takes()) from error
        return self._checked({**given, **path}, strict=True)

    def of_query(self, query: QueryParams, path: Mapping[str, str]) -> dict[str, Any]:
        """The arguments in an address; raises Invalid and names the parameter."""
        given: dict[str, Any] = dict(path)
        for name in query:
            values = query.getlist(name)
            if name in self._many:
                given[name] = values
            elif len(values) > 1:
                raise Invalid(f"{name!r} was given {len(values)} times", hint="give it once")
            else:
                given[name] = values[0]
        return self._checked(given, strict=False)

    def _checked(self, given: dict[str, Any], *, strict: bool) -> dict[str, Any]:
        try:
            msgspec.convert(given, self.type, strict=strict)
        except msgspec.ValidationError as error:
            raise Invalid(f"{self._operation.name}: {error}", hint=self._takes()) from error
        return given

    def _takes(self) -> str:
        return f"it takes: {', '.join(p.name for p in self._operation.parameters) or 'nothing'}"


def _field(parameter: Parameter) -> tuple[Any, ...]:
    kind = Annotated[bounded(parameter.type), msgspec.Meta(description=parameter.says)]
    return (parameter.name, kind) if parameter.required else (parameter.name, kind, parameter.default)


def bounded(kind: Any) -> Any:
    """The type with the limits of what travels: whole numbers that JSON keeps exact, text without NUL."""
    if get_origin(kind) is tuple:
        return tuple[bounded(get_args(kind)[0]), ...]
    if kind is int:
        return Annotated[int, msgspec.Meta(ge=-WHOLE, le=WHOLE)]
    if kind is str:
        return Annotated[str, msgspec.Meta(pattern="^[^\\x00]*$")]
    return kind
