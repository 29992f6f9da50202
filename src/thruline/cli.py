"""The command line: one command an operation, plus the few that make or serve a home."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from thruline import __version__
from thruline.app.config import default_home
from thruline.app.operations import Operation, Parameter, operations, pages
from thruline.app.platform import Platform
from thruline.core.errors import Invalid, ThrulineError
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    import msgspec
else:
    msgspec = lazy("msgspec")

_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
GROUPS = (
    ("a home", ("init", "up", "demo", "status", "doctor", "config")),
    ("data in", ("add", "sync", "push", "withdraw", "sources", "source", "change", "share", "uses", "remove")),
    ("documents", ("documents", "document", "text", "fields", "quarantined", "assign", "keep", "retry")),
    (
        "data checked",
        ("quality", "accept", "alike", "check", "corpus", "anonymity", "budget", "aggregate", "aggregates"),
    ),
    ("answers", ("ask", "search", "why", "pages", "replay", "answers", "feedback", "prompt", "judged", "evaluate")),
    ("undo", ("blast", "touched", "quarantine", "release", "reask", "verify")),
    (
        "rights of people",
        (
            "person",
            "export",
            "erase",
            "rectify",
            "corrections",
            "people",
            "near",
            "matches",
            "declare",
            "restrict",
            "unrestrict",
            "restrictions",
            "hold",
            "unhold",
            "holds",
            "consent",
            "objection",
            "basis",
            "consents",
            "waiting",
            "processing",
            "paper",
        ),
    ),
    ("models", ("train", "evaluate-model", "promote", "rollback", "models", "index")),
    ("compute", ("run", "jobs", "logs", "cancel", "work", "runs", "nodes")),
    ("guard", ("keys", "users", "clearance", "screen", "reveal", "audit")),
    ("copies", ("backup", "restore", "events", "lineage", "notify", "openlineage")),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 1 a gate or check said no, 2 bad usage or input, 3 not available."""
    given = sys.argv[1:] if argv is None else argv
    try:
        known = operations()
        _check_command(given, {o.cli.partition(" ")[0] for o in known.values()} | _BESIDES.keys())
        code = _run(_parser(known, given[0] if given else "").parse_args(given), known)
        sys.stdout.flush()  # here, so that a reader who went away is met here, too
        return code
    except ThrulineError as error:
        _fail(error, "--json" in _own(given))
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still in the buffer
        return 0


def _run(arguments: argparse.Namespace, known: Mapping[str, Operation]) -> int:
    from thruline.app.render.progress import Progress

    home = Path(arguments.home).expanduser() if arguments.home else default_home()
    if arguments.word in _BESIDES:
        return _BESIDES[arguments.word](arguments, home)
    operation = known[arguments.operation]
    given = {p.name: getattr(arguments, p.name) for p in operation.parameters if hasattr(arguments, p.name)}
    with Platform.open(home) as platform:
        platform.via = "cli"
        if not arguments.json:
            platform.progress = Progress(sys.stderr, redraw=sys.stderr.isatty())
        if getattr(arguments, "all", False):
            return _show_all(pages(platform, operation.name, given), arguments.json)
        result = platform.call(operation.name, given)
    show(result, arguments.json)
    results = result if isinstance(result, tuple) and not operation.reads else (result,)  # a list has done its work
    return 1 if any(getattr(one, "ok", True) is False for one in results) else 0


def _show_all(found: Iterator[Any], as_json: bool) -> int:
    """Page after page as it comes; in JSON one document, whose `items` are never all in memory."""
    if not as_json:
        for page in found:
            show(replace(page, next=""), as_json)
        return 0
    between = '{"items":['
    for page in found:
        for item in page.items:
            sys.stdout.write(between + msgspec.json.encode(item).decode())
            between = ","
    print(("" if between == "," else between) + '],"next":""}')
    return 0


def _own(given: Sequence[str]) -> Sequence[str]:
    """The words before `--`: those after it are another program's."""
    return given[: given.index("--")] if "--" in given else given


def _check_command(given: Sequence[str], known: Collection[str]) -> None:
    word = given[0] if given else ""
    if word and not word.startswith("-") and word not in known:
        near = difflib.get_close_matches(word, known, n=2)
        raise Invalid(f"no command {word!r}", hint=f"did you mean {' or '.join(near)}?" if near else "thruline --help")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command as every other error is said."""

    def error(self, message: str) -> NoReturn:
        raise Invalid(message, hint=f"{self.prog} --help says more")


def show(result: Any, as_json: bool) -> None:
    """One JSON document, or text for a person."""
    from thruline.app.render import render  # here: with it come all reports, which --help does without

    print(msgspec.json.encode(result).decode() if as_json else _harmless(render(result)))


def _harmless(text: str) -> str:
    """The text with control and direction characters spelled out: file names must not steer a terminal."""
    return _STEERING.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _fail(error: ThrulineError, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(error.as_problem()).decode())
        return
    print(f"thruline: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)


def _parser(known: Mapping[str, Operation], chosen: str) -> argparse.ArgumentParser:
    """The parser of the chosen command, with an overview of all: parsers for all of them would cost 20 ms."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="one JSON document on standard output, nothing else")
    common.add_argument(
        "--home", metavar="DIR", default="", help="the home folder; else THRULINE_HOME, else ~/.thruline"
    )
    parser = _Parser(
        prog="thruline", formatter_class=argparse.RawDescriptionHelpFormatter, usage="thruline COMMAND [options]",
        description="See what every answer is made of, and pull anything back out everywhere, with proof.",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"thruline {__version__}")
    commands = parser.add_subparsers(
        dest="word", metavar="COMMAND", required=True, help=argparse.SUPPRESS, prog="thruline", parser_class=_Parser
    )
    if chosen in _BESIDES:
        _add_besides(commands, common)
    _add_operations(commands, common, [o for o in known.values() if chosen and o.cli.partition(" ")[0] == chosen])
    parser.epilog = _overview(_says(known))
    return parser


def _add_operations(commands: Any, common: argparse.ArgumentParser, chosen: Sequence[Operation]) -> None:
    nested: Any = None
    for operation in chosen:
        word, _, second = operation.cli.partition(" ")
        if second and nested is None:
            group = commands.add_parser(word, description=f"thruline {word} …")
            nested = group.add_subparsers(dest="second", metavar="VERB", required=True)
        _add_command(nested if second else commands, second or word, operation, common)


def _says(known: Mapping[str, Operation]) -> dict[str, str]:
    """Each command's line in the overview; of a group, its verbs."""
    says = dict(_BESIDES_SAY)
    for operation in (o for o in known.values() if o.cli):
        word, _, second = operation.cli.partition(" ")
        says[word] = (f"{says[word]}, {second}" if word in says else second) if second else operation.says
    return says


def _add_command(commands: Any, word: str, operation: Operation, common: argparse.ArgumentParser) -> None:
    command = commands.add_parser(
        word, parents=[common], description=operation.doc, formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )  # fmt: skip
    command.set_defaults(operation=operation.name, json=False, home="")
    for parameter in operation.parameters:
        _add_parameter(command, parameter, parameter.name in operation.positional)
    if operation.is_paged:
        command.add_argument("--all", action="store_true", help="every page, as one list")


def _add_parameter(command: argparse.ArgumentParser, parameter: Parameter, positional: bool) -> None:
    many = typing.get_origin(parameter.type) is tuple
    help_ = parameter.says.replace("%", "%%")
    if not parameter.required and parameter.default not in ("", (), False, None):
        help_ += f" (default {parameter.default})"
    if positional:
        nargs = {(True, True): "+", (True, False): "*", (False, True): None, (False, False): "?"}
        command.add_argument(parameter.name, nargs=nargs[many, parameter.required], help=help_)
    elif parameter.type is bool:
        command.add_argument(_flag(parameter), action="store_true", help=help_)
    else:
        command.add_argument(
            _flag(parameter), dest=parameter.name, required=parameter.required, help=help_,
            metavar=parameter.name.upper(), **({"type": _split, "action": "extend"} if many else {}),
        )  # fmt: skip


def _flag(parameter: Parameter) -> str:
    return {"as_user": "--as"}.get(parameter.name, f"--{parameter.name.replace('_', '-')}")


def _split(text: str) -> list[str]:
    """The parts between commas; where they are `name=value`, only a comma before another name parts them."""
    if "=" in text:
        return re.split(r",\s*(?=[a-z_]+=)", text)
    return [part.strip() for part in text.split(",") if part.strip()]


def _overview(says: Mapping[str, str]) -> str:
    lines = []
    for title, words in GROUPS:
        lines.append(f"{title}:")
        lines += [f"  {word:<11} {says[word]}" for word in words if word in says]
    others = [w for w in says if w not in {word for _, words in GROUPS for word in words}]
    lines += ["others:", *(f"  {word:<11} {says[word]}" for word in others)] if others else []
    return "\n".join([*lines, "", "thruline COMMAND --help says more. Every command takes --json and --home DIR."])


_BESIDES_SAY = {
    "init": "Make a home.",
    "up": "Serve the console, the API and the OpenAI-compatible gateway.",
    "demo": "Take real documents through the whole line and print each proof.",
    "restore": "Bring a home back from a backup.",
}


def _add_besides(commands: Any, common: argparse.ArgumentParser) -> None:
    made = {word: commands.add_parser(word, parents=[common], description=text) for word, text in _BESIDES_SAY.items()}
    made["up"].add_argument("--host", default="", help="address to listen on; else server.host")
    made["up"].add_argument("--port", type=int, default=0, help="port to listen on; else server.port")
    made["demo"].add_argument("--corpus", default="", metavar="DIR", help="your own folder instead of the handbook")
    made["restore"].add_argument("data", help="the data file that backup wrote")
    made["restore"].add_argument("--keys", required=True, help="the keys file that backup wrote")


def _init(arguments: argparse.Namespace, home: Path) -> int:
    with Platform.open(home, create=True) as platform:
        show(platform.ledger.status(), arguments.json)
    return 0


def _up(arguments: argparse.Namespace, home: Path) -> int:
    from thruline.api.serve import serve

    with Platform.open(home, create=True) as platform:
        server = platform.config.server
        serve(platform, arguments.host or server.host, arguments.port or server.port, as_json=arguments.json)
    return 0


def _demo(arguments: argparse.Namespace, home: Path) -> int:
    from thruline.demo.story import tell

    return tell(home if arguments.home else None, Path(arguments.corpus) if arguments.corpus else None, arguments.json)


def _restore(arguments: argparse.Namespace, home: Path) -> int:
    from thruline.app.copies import restore

    show(restore(Path(arguments.data), Path(arguments.keys), home), arguments.json)
    return 0


_BESIDES = {"init": _init, "up": _up, "demo": _demo, "restore": _restore}


if __name__ == "__main__":
    sys.exit(main())
