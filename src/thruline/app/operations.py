"""Operations: what the platform can do, each typed once.

A function in `app/ops/<system>.py` with the `operation` decorator *is* the operation. The Python method, the HTTP
route with its OpenAPI entry, the CLI command, the SDK method, the MCP tool and the console's action are derived
from its signature and docstring.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

from thruline.core.errors import Invalid
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    import msgspec

    from thruline.app.platform import Platform
else:
    msgspec = lazy("msgspec")

Role = Literal["reader", "writer", "operator"]
PATHS = ("path", "folder")  # parameters that name a place in the file system
LARGEST = 2**53 - 1  # what JSON carries exactly everywhere
SYSTEMS = ("infra", "data", "vectors", "models", "guard", "ledger")
# What follows the system's name tells files of one system apart: data_rights is a part of `data`.
_DATA = ("data", "data_consent", "data_desk", "data_quality", "data_rights", "data_tables")
_VECTORS = ("vectors", "vectors_choices", "vectors_index", "vectors_judged", "vectors_prompts")
MODULES = tuple(f"thruline.app.ops.{name}" for name in ("infra", *_DATA, *_VECTORS, *SYSTEMS[3:]))


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of an operation. type is what msgspec converts to; required ones have no default."""

    name: str
    type: Any
    default: Any
    required: bool
    says: str


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that the platform can do.

    role: the least that an actor must be. cli: the command's words, empty for none. positional: parameters that the
    command takes without a flag. reads: whether it changes nothing, which makes it a GET. Its types are resolved when
    they are asked for: those of all operations load a hundred classes, and an overview needs none of them.
    """

    system: str
    verb: str
    role: Role
    says: str
    doc: str
    function: Callable[..., Any]
    cli: str
    positional: tuple[str, ...]
    reads: bool
    path: str

    @property
    def is_paged(self) -> bool:
        """Whether it gives a list page by page: its report says in `next` what its `after` has to be."""
        return is_dataclass(self.returns) and any(field.name == "next" for field in fields(self.returns))

    @property
    def name(self) -> str:
        """`system.verb`."""
        return f"{self.system}.{self.verb}"

    @property
    def destroys(self) -> bool:
        """Whether it can be asked what it would do: it has dry_run."""
        return any(p.name == "dry_run" for p in self.parameters)

    @property
    def returns(self) -> Any:
        """The type of what it gives."""
        return self._types["return"]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """What it takes, in the order of its signature."""
        return tuple(
            _parameter(p, self._types[p.name])
            for p in inspect.signature(self.function).parameters.values()
            if p.kind is inspect.Parameter.KEYWORD_ONLY
        )

    @cached_property
    def _types(self) -> dict[str, Any]:
        return get_type_hints(self.function, include_extras=True)

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The given values as the parameters' types; raises Invalid and names what is missing, unknown or unfit."""
        known = {p.name: p for p in self.parameters}
        for name in given:
            if name not in known:
                raise Invalid(f"{self.name} takes no {name!r}", hint=f"it takes: {', '.join(known) or 'nothing'}")
        missing = [p.name for p in self.parameters if p.required and p.name not in given]
        if missing:
            raise Invalid(f"{self.name} needs {missing[0]!r}", hint=known[missing[0]].says)
        return {name: _convert(known[name], value) for name, value in given.items()}


def operation(
    *, role: Role, cli: str = "", positional: tuple[str, ...] = (), reads: bool = False, path: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the function below an operation of the system that its module is named after."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        function.operation = {"role": role, "cli": cli, "positional": positional, "reads": reads, "path": path}  # type: ignore[attr-defined]
        return function

    return declare


def operations() -> dict[str, Operation]:
    """All operations by name, in the order of their systems and of their modules."""
    found: dict[str, Operation] = {}
    for module in map(import_module, MODULES):
        for function in vars(module).values():
            # A lazy module would load if it were asked for an attribute; functions alone can be operations.
            if type(function) is FunctionType and hasattr(function, "operation"):
                op = _describe(module.__name__.rpartition(".")[2].partition("_")[0], function)
                found[op.name] = op
    return found


def pages(platform: Platform, name: str, given: Mapping[str, Any]) -> Iterator[Any]:
    """Every page that an operation gives, one after the other, so that no more than one is in memory."""
    after = str(given.get("after", ""))
    while page := platform.call(name, {**given, "after": after}):
        yield page
        if not page.next:
            return
        after = page.next


class System:
    """`platform.<system>`: its operations as methods, for one actor."""

    def __init__(self, platform: Platform, system: str) -> None:
        self._platform = platform
        self._system = system

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        name = f"{self._system}.{verb}"
        if name not in self._platform.operations:
            raise AttributeError(f"no operation {name!r}")
        return lambda **given: self._platform.call(name, given)

    def __dir__(self) -> list[str]:
        return [op.verb for op in self._platform.operations.values() if op.system == self._system]


def _describe(system: str, function: Callable[..., Any]) -> Operation:
    declared = function.operation  # type: ignore[attr-defined]
    doc = inspect.getdoc(function) or ""
    verb = function.__name__.rstrip("_")
    return Operation(
        system=system, verb=verb, role=declared["role"], says=doc.partition("\n")[0], doc=doc, function=function,
        cli=declared["cli"], positional=declared["positional"], reads=declared["reads"],
        path=declared["path"] or f"/v1/{system}/{verb}",
    )  # fmt: skip


def _parameter(parameter: inspect.Parameter, hint: Any) -> Parameter:
    assert get_origin(hint) is Annotated, f"{parameter.name} has no description"
    kind, says = get_args(hint)
    required = parameter.default is inspect.Parameter.empty
    default = None if required else parameter.default
    return Parameter(name=parameter.name, type=kind, default=default, required=required, says=says)


def _convert(parameter: Parameter, value: Any) -> Any:
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise Invalid(f"{parameter.name} holds bytes that are no text", hint="give it as UTF-8") from error
    if parameter.type is float and isinstance(value, str) and value.startswith("."):
        value = f"0{value}"
    try:
        converted = msgspec.convert(value, parameter.type, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"{parameter.name} = {value!r} does not fit: {error}", hint=parameter.says) from error
    if type(converted) is int and not 0 <= converted <= LARGEST:
        raise Invalid(f"{parameter.name} = {converted} is out of range", hint=f"0 to {LARGEST}")
    if parameter.name in PATHS and "\0" in str(converted):
        raise Invalid(f"{parameter.name} holds a NUL character", hint=parameter.says)
    return converted
