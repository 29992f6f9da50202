"""Ray keeps the promises of the compute, workers and dense ports, on a cluster of two nodes that sees nothing but the loopback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SUITES = (
    "ray_in_namespace.py",
    "ray_workers_in_namespace.py",
    "ray_shards_in_namespace.py",
    pytest.param("ray_lost_in_namespace.py", marks=pytest.mark.slow),  # waits for minutes
)
# A process namespace too: whatever Ray started ends with the suite.
NAMESPACES = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]


def unshare() -> list[str] | None:
    """A command that makes the namespaces, as root or as a user who may; None where nobody may."""
    if not shutil.which("unshare"):
        return None
    ways = (["unshare", *NAMESPACES], ["unshare", "--map-root-user", *NAMESPACES])
    return next((way for way in ways if subprocess.run([*way, "true"], capture_output=True).returncode == 0), None)


@pytest.mark.ray
@pytest.mark.parametrize("suite", SUITES)
def test_ray_passes_its_suites_on_two_nodes(tmp_path: Path, suite: str) -> None:
    if find_spec("ray") is None:
        pytest.skip("the extra `ray` is not installed")
    if (namespaced := unshare()) is None:
        pytest.skip("no network namespace can be made here")
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8", "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0", "RAY_DISABLE_IMPORT_WARNING": "1", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    }  # fmt: skip
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", "--durations=5"]
    done = subprocess.run(
        [*namespaced, *pytest_here, str(Path(__file__).with_name(suite))], env=environment, capture_output=True, text=True, timeout=400,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " skipped" not in done.stdout
