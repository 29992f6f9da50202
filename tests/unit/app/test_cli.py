"""The command line: exit codes, one JSON document, help for everything, and jobs that stream."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from thruline.app.operations import operations
from thruline.cli import GROUPS, main
from thruline.testing.homes import open_home, write

COMMANDS = sorted({o.cli for o in operations().values() if o.cli} | {"init", "up", "demo", "restore"})
NEEDS_MORE = {"up", "demo", "work", "train", "evaluate-model", "init"}  # serves, takes minutes, or makes something
# Not `thruline.cli`: only the program takes Ctrl-C also where whoever started it, as a shell with `&`, ignores it.
THRULINE = [sys.executable, "-m", "thruline"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with open_home(tmp_path / "home"):
        return tmp_path / "home"


def run(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [*THRULINE, words[0], "--home", str(home), *words[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    assert len(capsys.readouterr().out) > 80


def test_the_overview_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(f"\n  {command.split()[0]} " in out for command in COMMANDS)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in NEEDS_MORE])
def test_every_command_gives_one_json_document_without_arguments(
    command: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*command.split(), "--json", "--home", str(path)])
    said = json.loads(capsys.readouterr().out)
    assert code in (0, 1, 2, 3)
    assert (code == 0) or said["code"] in ("invalid", "not_found", "conflict")


def test_every_command_stands_in_the_help_once() -> None:
    listed = [word for _, words in GROUPS for word in words]
    assert sorted(listed) == sorted({c.partition(" ")[0] for c in COMMANDS} | {"up", "demo", "init", "restore"})


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in {"up", "demo", "init", "restore"}])
def test_every_command_says_that_there_is_no_home(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [(p, o) for o in operations().values() if o.cli == command for p in o.parameters]
    needed = [f"{p.name}1" for p, o in asked if p.name in o.positional]
    flags = [word for p, o in asked if p.required and p.name not in o.positional for word in (f"--{p.name}", "x")]
    code = main([*command.split(), *needed, *flags, "--json", "--home", str(tmp_path / "none")])
    assert code == 2
    assert json.loads(capsys.readouterr().out)["code"] == "not_found"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("status", 0),
        ("verify", 0),
        ("frobnicate", 2),
        ("ask", 2),
        ("ask ''", 2),
        ("search valve --k none", 2),
        ("search valve --k 1000", 2),
        ("why answer:00000000000000000000000000000000", 2),
        ("erase 'Nobody Atall'", 2),
        ("run -- false", 1),
        ("run --cpus 100000 -- true", 2),
        ("run --memory lots -- true", 2),
        ("promote model:00000000000000000000000000000000", 2),
        ("index rollback", 2),
        ("config", 0),
        ("doctor", 0),
        ("status --no-such-flag", 2),
        ("", 2),
    ],
)
def test_the_exit_code_says_what_became_of_it(
    words: str, code: int, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, dashes, rest = words.partition(" -- ")
    given = [*shlex.split(own), "--home", str(path), *(["--", *shlex.split(rest)] if dashes else [])]
    assert main(given) == code
    captured = capsys.readouterr()
    assert (captured.err.startswith("thruline: ") or not captured.err) if code == 2 else True


def test_what_is_not_available_ends_with_three(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path / "format").write_text("99\n")
    assert main(["status", "--home", str(path)]) == 3
    assert "upgrade" in capsys.readouterr().err


def test_an_unknown_command_is_quoted_and_a_near_one_offered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quarentine", "x"]) == 2
    assert capsys.readouterr().err == "thruline: no command 'quarentine'\n  did you mean quarantine or quarantined?\n"


def test_json_after_the_dashes_is_the_jobs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "--home", str(path), "--", "false", "--json"])
    assert "exit code" in capsys.readouterr().out


def test_a_job_streams_its_output_and_its_exit_code_is_recorded(path: Path) -> None:
    program = "import sys, time; print('first', flush=True); time.sleep(.2); print('last'); sys.exit(3)"
    done = run("run", "--cpus", "2", "--memory", "200MB", "--json", "--", sys.executable, "-c", program, home=path)
    said = json.loads(done.stdout)
    assert (done.returncode, said["exit_code"], said["state"], said["cpus"]) == (1, 3, "failed", 2)
    assert done.stderr.split() == ["first", "last"]
    with open_home(path) as home:
        assert home.infra.jobs()[0].exit_code == 3
        assert home.infra.logs(job=said["id"]).split() == ["first", "last"]


def run_in_background(path: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*THRULINE, *words[:1], "--home", str(path), *words[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_cancels_the_job_with_its_children(path: Path) -> None:
    grandchild = f"60.{os.getpid()}"  # no other run of this test sleeps as long
    child = f"import subprocess, sys; print('up', flush=True); subprocess.run(['sleep', '{grandchild}'])"
    running = run_in_background(path, "run", "--", sys.executable, "-c", child)
    assert running.stderr is not None
    assert running.stderr.readline() == "up\n"
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=20)
    assert running.returncode in (1, 130)
    assert "cancelled" in out
    until = time.monotonic() + 10
    while _is_running(f"sleep\0{grandchild}") and time.monotonic() < until:
        time.sleep(0.05)
    assert not _is_running(f"sleep\0{grandchild}")


def _is_running(command: str) -> bool:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if file.read_bytes().decode("utf-8", "replace").startswith(command):
                return True
        except OSError:
            continue
    return False


def test_output_that_nobody_reads_is_no_error(path: Path) -> None:
    shell = f"{shlex.join([*THRULINE, 'config', '--home', str(path)])} | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_a_sync_in_another_process_is_a_conflict_with_a_hint(path: Path, tmp_path: Path) -> None:
    with open_home(path) as home:
        home.data.add(path=str(write(tmp_path / "docs", a="# A\n\nAlpha.")))
        with home.line.runs.start("sync", only=home.line.records.source("docs").id):
            done = run("sync", "--json", home=path)
    said = json.loads(done.stdout)
    assert (done.returncode, said["code"]) == (2, "conflict")
    assert "thruline cancel" in said["hint"]


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("thruline ")


def test_the_home_may_come_from_the_environment(path: Path) -> None:
    command = ["env", f"THRULINE_HOME={path}", *THRULINE, "status", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["home"] == str(path)


def test_a_value_of_an_option_may_hold_commas(path: Path) -> None:
    query = "query=SELECT id, line FROM parts WHERE town = 'Oslo, Norway'"
    options = ["--options", query, "--options", "key=id,line,every=1h"]
    assert main(["add", "sqlite:///srv/shop.db", "--name", "shop", *options, "--unseen", "--home", str(path)]) == 0
    with open_home(path) as home:
        kept = home.line.records.source("shop").options
    assert kept == {"query": query.removeprefix("query="), "key": "id,line", "every": "1h"}


def test_a_sync_past_a_source_that_is_away_ends_with_1_and_a_list_of_failed_jobs_with_0(
    path: Path, tmp_path: Path
) -> None:
    with open_home(path) as home:
        for name in ("a", "b"):
            home.data.add(path=str(write(tmp_path / name, page=f"# {name}\n\nThe page of {name}.")))
        home.infra.run(command=("false",))
    (tmp_path / "a" / "page.md").unlink()
    (tmp_path / "a").rmdir()
    assert main(["sync", "--json", "--home", str(path)]) == 1
    assert main(["jobs", "--json", "--home", str(path)]) == 0
