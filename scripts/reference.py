"""Writes docs/reference/*.md from the code. `--check` changes nothing and exits 1 when a committed page differs.

What the code declares once (operations, settings, events, errors, tables) is described there once, so no page of the
reference can be forgotten or go stale. What has no docstring is described in reference_says.py; a new reason or file
without its line there stops this script.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import tempfile
import tomllib
import typing
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from reference_engines import declared, measured
from reference_figures import figures
from reference_says import FILE_SAYS, PLACE_SAYS, REASON_SAYS, ROUTE_SAYS, SYSTEM_SAYS
from starlette.routing import Route

from thruline import cli
from thruline.api.http import application
from thruline.app import config, home
from thruline.app.operations import SYSTEMS, Operation, Parameter, operations
from thruline.app.platform import Platform
from thruline.core import facts
from thruline.core.errors import ERRORS
from thruline.core.sql import load_schema
from thruline.data.options import GENERAL
from thruline.data.policies import POLICIES

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
GENERATED = "<!-- Made by scripts/reference.py: change the code, not this page. -->"

TABLES = ("ledger", "runs", "data", "vectors", "models", "infra", "guard", "flows")


def main(argv: Sequence[str]) -> int:
    """Write the pages, or compare them; 1 when one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the committed pages and change nothing")
    check = parser.parse_args(argv).check
    stale = [name for name, make in PAGES.items() if not _settle(FOLDER / f"{name}.md", make(), check)]
    for name in stale:
        print(f"docs/reference/{name}.md is not what the code says: run scripts/reference.py", file=sys.stderr)
    return 1 if stale else 0


def operations_page() -> str:
    """Each operation with its parameters and every way to call it."""
    parts = [
        "# Operations",
        "Everything that thruline can do, declared once. The Python method, the HTTP route, the command and the MCP "
        "tool below are made from that declaration. A *reader* may ask, a *writer* may also bring documents in, an "
        "*operator* may do everything. Operations marked *dry run* can say what they would do and change nothing.",
    ]
    known = operations().values()
    for system in SYSTEMS:
        parts.append(f"## {system}\n\n{SYSTEM_SAYS[system].capitalize()}.")
        parts += [_operation(o) for o in known if o.system == system]
    return _page(parts)


def cli_page() -> str:
    """Each command with its arguments."""
    known = operations().values()
    plain = [o for o in known if o.cli]
    parts = [
        "# Commands",
        "Every command takes `--json` (one JSON document on standard output, nothing else) and `--home DIR` (else "
        "`THRULINE_HOME`, else `~/.thruline`). It ends with 0 when it is done, 1 when a gate or a check said no, "
        "2 for bad usage or input, 3 when something needed is not available.",
        "## Commands that make or serve a home",
        "\n\n".join(f"```text\n{line}\n```" for line in _besides()),
    ]
    for title, words in cli.GROUPS:
        section = [o for word in words for o in plain if o.cli.partition(" ")[0] == word]
        parts += [f"## {title.capitalize()}", *map(_command, section)] if section else []
    grouped = {word for _, words in cli.GROUPS for word in words}
    others = [o for o in plain if o.cli.partition(" ")[0] not in grouped]
    return _page([*parts, *(["## Others", *map(_command, others)] if others else [])])


def http_page() -> str:
    """Every route of a running home."""
    known = {o.path: o for o in operations().values()}
    parts = [
        "# HTTP",
        "`thruline up` serves on `http://127.0.0.1:7070`. Send a key as `Authorization: Bearer tl_…`. A GET takes its "
        "parameters in the query, a POST takes them as a JSON object. Errors are problem documents (RFC 9457) on "
        "these routes and OpenAI's error objects on OpenAI's. Answers carry their receipt in the header "
        "`x-receipt-id`. The full description, with every result, is at `/openapi.json`.",
        "## Operations",
        _table(("route", "operation", "role"), (
            (f"`{'GET' if known[r.path].reads else 'POST'} {r.path}`", _link(known[r.path]), known[r.path].role)
            for r in _routes() if r.path in known
        )),
        "## OpenAI's routes and the server's own",
        _table(("route", "what it gives"), (
            (f"`{_method(r)} {r.path}`", ROUTE_SAYS[r.path]) for r in _routes() if r.path in ROUTE_SAYS
        )),
        "## The console",
        "Pages for a browser, behind a login. Each page has a twin with the same content, its path with `.json`.",
        "\n".join(f"- `{_method(r)} {r.path}`" for r in _routes() if r.path not in known and r.path not in ROUTE_SAYS),
    ]  # fmt: skip
    return _page(parts)


def settings_page() -> str:
    """Each setting by section."""
    parts = [
        "# Settings",
        "A setting comes, in rising order, from its default, from `thruline.toml` in the home, or from the environment "
        "variable `THRULINE_SECTION__KEY`. `thruline config` shows each value in force and where it came from. "
        "A secret is never a setting: write a reference to it, `env:NAME` or `file:PATH` (relative to the home). "
        "A key that does not exist is an error.",
    ]
    sections: dict[str, list[tuple[str, ...]]] = {}
    for key, kind, default, says in config.leaves():
        section, _, name = key.partition(".")
        shown = f"`{default}`" if default != "" else "empty"
        sections.setdefault(section, []).append((f"`{name}`", kind.__name__, shown, _sentence(says)))
    for section, rows in sections.items():
        about = inspect.getdoc(type(getattr(config.Config(), section))) or ""
        parts += [f"## [{section}]", about, _table(("key", "type", "default", "what it is"), rows)]
    return _page(parts)


def events_page() -> str:
    """Each verb with the facts that it may carry."""
    parts = [
        "# Events",
        "What the ledger can say. An event names its verb, the run and the actor, what went in, what came out, what "
        "it passed through, and the facts below: numbers, ids and members of closed lists, never free text. "
        "The ledger refuses anything else.",
    ]
    for verb in facts.VERBS.values():
        rows = [(f"`{name}`", _fact(kind)) for name, kind in verb.facts.items()]
        parts += [f"## {verb.name}", verb.says, _table(("fact", "what it holds"), rows) if rows else "No facts."]
    return _page(parts)


def errors_page() -> str:
    """The error tree, and the reasons for which a document stays out."""
    errors = (
        (f"`{e.__name__}`", f"`{e.code}`", e.status, e.exit_code, _sentence(inspect.getdoc(e) or "")) for e in ERRORS
    )
    return _page([
        "# Errors",
        "One tree, the same in Python, over HTTP, on the command line and in a run's record. An error is one sentence "
        "that quotes the value at fault, and a hint that names the way out.",
        _table(("class", "code", "HTTP", "exit code", "what it means"), errors),
        "## Why a document is refused or in quarantine",
        "`thruline documents --state refused` lists refused files, `--state quarantined` those in quarantine.",
        _table(("reason", "what it means"), ((f"`{r}`", REASON_SAYS[r]) for r in facts.REASONS)),
    ])  # fmt: skip


def files_page() -> str:
    """The files of a home and the tables of its database."""
    parts = [
        "# Files of a home",
        f"A home is one folder, readable by its owner alone. This is format {home.FORMAT}.",
        _table(("file", "what it holds"), ((f"`{name}`", says) for name, says in FILE_SAYS.items())),
        "A backup is two files: `data.tar.gz` (database, blobs, receipts, settings) and `keys.tar.gz` (`keys.db` and "
        "`keys/`). Keep them apart.",
        "## Tables of `thruline.db`",
        "Ids and numbers; whatever could be personal is an encrypted row of `payloads`.",
    ]
    for package in TABLES:
        rows = [(f"`{name}`", says) for name, says in _tables(package)]
        parts += [f"### {package}", _table(("table", "what it holds"), rows)]
    return _page(parts)


def sources_page() -> str:
    """Kinds of sources and their options."""
    parts = [
        "# Sources",
        "`thruline add PLACE` declares a source; its address says which kind it is. `--options name=value` sets how it "
        "is read, `--secret env:NAME` or `--secret file:PATH` names its password or key.",
        "## Every source",
        _table(("option", "what it sets"), ((f"`{n}`", says) for n, says in GENERAL.items())),
        f"A source that is sent to (`push://name`) takes of these {_listed(POLICIES)}.",
    ]
    for kind, says in PLACE_SAYS.items():
        options = _declared("origin", kind).options
        rows = [(f"`{name}`", meant) for name, meant in options.items()]
        parts += [f"## {kind}", says, *([_table(("option", "what it sets"), rows)] if rows else [])]
    return _page(parts)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _declared(port: str, kind: str) -> Any:
    """The backend that pyproject.toml declares, also where this tree was installed before it did."""
    project = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    module, _, name = project["entry-points"]["thruline.backends"][f"{port}:{kind}"].partition(":")
    return getattr(import_module(module), name)


def figures_page() -> str:
    """What the benches measured."""
    return _page([
        "# Figures",
        "Measured on two shared, busy cores without a GPU, each beside its baseline in the same run. `make bench` "
        "prints them again and writes `bench/results/*.json`, where seeds, machines and intervals stand. An aim is "
        "what was wanted before the code was written; not every one was reached.",
        _table(("what", "measured", "beside it", "aim", "script"), figures()),
    ])  # fmt: skip


def engines_page() -> str:
    """Each dense engine: what it promises and what was measured of it."""
    return _page(["# Engines of search by meaning", *declared(_declared), *measured()])


PAGES: dict[str, Callable[[], str]] = {
    "operations": operations_page,
    "cli": cli_page,
    "http": http_page,
    "settings": settings_page,
    "events": events_page,
    "errors": errors_page,
    "sources": sources_page,
    "engines": engines_page,
    "files": files_page,
    "figures": figures_page,
}


def _settle(path: Path, text: str, check: bool) -> bool:
    if check:
        return path.exists() and path.read_text("utf-8") == text
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return True


def _operation(operation: Operation) -> str:
    rows = [
        (f"`{p.name}`", f"`{_type(p.type)}`", "required" if p.required else f"`{p.default!r}`", _sentence(p.says))
        for p in operation.parameters
    ]
    ways = [
        f"`platform.{operation.name}({', '.join(p.name for p in operation.parameters)})`",
        f"`thruline {operation.cli}`" if operation.cli else "",
        f"`{'GET' if operation.reads else 'POST'} {operation.path}`",
    ]
    marks = [
        f"Role: {operation.role}.",
        "Dry run: yes." if operation.destroys else "",
        f"Gives `{_type(operation.returns)}`.",
    ]
    parts = [
        f"### {operation.name}", operation.doc, " · ".join(filter(None, ways)), " ".join(filter(None, marks)),
        _table(("parameter", "type", "default", "what it is"), rows) if rows else "",
    ]  # fmt: skip
    return "\n\n".join(filter(None, parts))


def _command(operation: Operation) -> str:
    usage = " ".join(
        ["thruline", operation.cli, *(_usage(p, p.name in operation.positional) for p in operation.parameters)]
    )
    rows = [
        (f"`{p.name}`" if p.name in operation.positional else f"`{_flag(p)}`", _sentence(p.says))
        for p in operation.parameters
    ]
    parts = [
        f"### thruline {operation.cli}",
        operation.doc,
        f"```text\n{usage}\n```",
        _table(("argument", "what it is"), rows) if rows else "",
    ]
    return "\n\n".join(filter(None, parts))


def _usage(parameter: Parameter, positional: bool) -> str:
    many = typing.get_origin(parameter.type) is tuple
    if positional:
        shown = parameter.name.upper() + (" ..." if many else "")
    else:
        shown = _flag(parameter) + (
            "" if parameter.type is bool else f" {parameter.name.upper()}{',...' if many else ''}"
        )
    return shown if parameter.required else f"[{shown}]"


def _flag(parameter: Parameter) -> str:
    return {"as_user": "--as"}.get(parameter.name, f"--{parameter.name.replace('_', '-')}")


def _besides() -> list[str]:
    return [
        "thruline init                                Make a home.",
        "thruline up [--host HOST] [--port PORT]      Serve the console, the API and the OpenAI-compatible gateway.",
        "thruline demo [--corpus DIR]                 Take real documents through the whole line and print each proof.",
        "thruline restore DATA --keys KEYS            Bring a home back from a backup.",
    ]


def _routes() -> list[Route]:
    with tempfile.TemporaryDirectory() as folder, Platform.open(Path(folder) / "home", create=True) as platform:
        return [r for r in application(platform).routes if isinstance(r, Route)]


def _method(route: Route) -> str:
    return "/".join(sorted((route.methods or {"GET"}) - {"HEAD"}))


def _tables(package: str) -> list[tuple[str, str]]:
    """(table, the comment above it) in the order of the schema."""
    found: list[tuple[str, str]] = []
    for statement in load_schema(f"thruline.{package}"):
        comment = " ".join(line.strip("- ") for line in statement.splitlines() if line.startswith("--"))
        if table := re.search(r"CREATE TABLE IF NOT EXISTS (\w+)", statement):
            found.append((table[1], comment or "Belongs to the table above."))
    return found


def _fact(kind: facts.FactType) -> str:
    match kind:
        case facts.OneOf(members):
            return "one of " + ", ".join(f"`{m}`" for m in members)
        case facts.Number(unit):
            return f"a number ({unit})" if unit else "a number"
    return {"Flag": "true or false", "Id": "an id", "Digest": "hexadecimal digits", "OperationName": "`system.verb`"}[
        type(kind).__name__
    ]


def _type(kind: Any) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return " | ".join(map(repr, typing.get_args(kind)))
    if typing.get_origin(kind) is tuple:
        return f"tuple[{_type(typing.get_args(kind)[0])}, ...]"
    return getattr(kind, "__name__", str(kind))


def _link(operation: Operation) -> str:
    return f"[{operation.name}](operations.md#{operation.name.replace('.', '')})"


def _sentence(text: str) -> str:
    first = text if text[:1] in "`" else text[:1].upper() + text[1:]
    return first if first.endswith((".", ")")) else f"{first}."


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(str(cell).replace("|", r"\|").replace("\n", " ") for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in dict.fromkeys(lines))


def _page(parts: Sequence[str]) -> str:
    return "\n\n".join([GENERATED, *filter(None, parts)]) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
