"""What every compute backend must do, as tests over real commands."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from thruline.core.errors import Conflict, Invalid, NotFound
from thruline.ports.compute import ENDED, Compute, JobSpec, JobStatus

MB = 1_000_000
_names = count()


def sh(script: str, **limits: object) -> JobSpec:
    """A job that runs a shell script."""
    return JobSpec(command=("sh", "-c", script), **limits)  # type: ignore[arg-type]


def python(script: str, **limits: object) -> JobSpec:
    """A job that runs this interpreter."""
    return JobSpec(command=(sys.executable, "-c", script), **limits)  # type: ignore[arg-type]


class ComputeSuite:
    """Subclass it and give a fixture `open_compute`: a function that opens the backend on one and the same place."""

    wait_s = 60.0

    @pytest.fixture
    def compute(self, open_compute: Callable[[], Compute]) -> Iterator[Compute]:
        """The backend under test."""
        opened = open_compute()
        yield opened
        opened.close()

    def start(self, compute: Compute, spec: JobSpec) -> str:
        """Start a job under a name of its own."""
        return compute.start(f"{type(self).__name__}-{next(_names)}", spec)

    def until(self, compute: Compute, handle: str, is_true: Callable[[JobStatus], bool]) -> JobStatus:
        """Look until the status is as wanted."""
        give_up = time.monotonic() + self.wait_s
        while not is_true(status := compute.status(handle)):
            assert time.monotonic() < give_up, f"still {status} with log {compute.logs(handle)!r}"
            time.sleep(0.02)
        return status

    def ended(self, compute: Compute, handle: str) -> JobStatus:
        """Wait for the end."""
        return self.until(compute, handle, lambda status: status.state in ENDED)

    def said(self, compute: Compute, handle: str, text: bytes) -> None:
        """Wait until the log holds text."""
        self.until(compute, handle, lambda status: text in compute.logs(handle) or status.state in ENDED)
        assert text in compute.logs(handle)

    def run(self, compute: Compute, spec: JobSpec) -> tuple[JobStatus, bytes]:
        """Start a job and wait for its end; the status and the log."""
        handle = self.start(compute, spec)
        return self.ended(compute, handle), compute.logs(handle)

    def test_a_job_succeeds_with_exit_code_zero_and_says_when_and_where(self, compute: Compute) -> None:
        status, log = self.run(compute, sh("echo hello"))
        assert (status.state, status.exit_code, log) == ("succeeded", 0, b"hello\n")
        assert 0 < status.started <= status.ended
        assert status.machine in {target.id for target in compute.targets()}

    def test_a_failing_job_keeps_its_exit_code(self, compute: Compute) -> None:
        status, _ = self.run(compute, sh("exit 7"))
        assert (status.state, status.exit_code) == ("failed", 7)

    def test_a_signal_is_an_exit_code_above_128(self, compute: Compute) -> None:
        status, _ = self.run(compute, sh("kill -9 $$"))
        assert (status.state, status.exit_code) == ("failed", 137)
        assert "SIGKILL" in status.reason

    def test_output_and_errors_are_interleaved_as_written(self, compute: Compute) -> None:
        _, log = self.run(compute, sh("for i in 1 2 3; do echo out$i; echo err$i >&2; done"))
        assert log == b"out1\nerr1\nout2\nerr2\nout3\nerr3\n"

    def test_output_that_is_not_text_comes_back_byte_for_byte(self, compute: Compute) -> None:
        _, log = self.run(compute, python("import sys; sys.stdout.buffer.write(bytes(range(256)))"))
        assert log == bytes(range(256))

    def test_logs_are_read_from_an_offset_while_the_job_runs(self, compute: Compute) -> None:
        handle = self.start(compute, sh("echo first; sleep 60"))
        self.said(compute, handle, b"first\n")
        assert compute.status(handle).state == "running"
        assert compute.logs(handle, offset=3) == b"st\n"
        assert compute.logs(handle, offset=100) == b""
        compute.cancel(handle)
        self.ended(compute, handle)

    def test_a_command_that_is_not_there_fails_and_is_named(self, compute: Compute) -> None:
        status, _ = self.run(compute, JobSpec(command=("no-such-command",)))
        assert (status.state, status.exit_code) == ("failed", 127)
        assert "'no-such-command'" in status.reason

    def test_the_environment_holds_the_job_s_own_variables_and_no_one_else_s(self, compute: Compute) -> None:
        _, log = self.run(compute, sh("env", env={"GREETING": "from the spec"}))
        variables = dict(line.split("=", 1) for line in log.decode().splitlines())
        assert variables["GREETING"] == "from the spec"
        assert {"PATH", "HOME", "LANG", "THRULINE_JOB"} <= set(variables)
        allowed = {"PWD", "OLDPWD", "SHLVL", "_", "CUDA_DEVICE_ORDER", "CUDA_VISIBLE_DEVICES", "GREETING"}
        extra = set(variables) - {"PATH", "HOME", "LANG", "THRULINE_JOB"} - allowed
        assert extra == {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}

    def test_a_job_runs_in_the_folder_it_names(
        self, compute: Compute, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("a folder with spaces")
        _, log = self.run(compute, sh("pwd", cwd=str(folder)))
        assert log.decode().strip() == str(folder)

    def test_a_job_that_names_no_folder_gets_an_empty_one(self, compute: Compute) -> None:
        _, log = self.run(compute, sh("ls -A | wc -l"))
        assert log.strip() == b"0"

    def test_a_job_past_its_time_is_ended(self, compute: Compute) -> None:
        status, _ = self.run(compute, sh("sleep 60", timeout_s=0.3))
        assert status.state == "timed_out"
        assert "0.3 s" in status.reason

    def test_a_job_past_its_memory_is_killed_and_told_why(self, compute: Compute) -> None:
        self.needs(compute.abilities.enforces_memory, "memory limits")
        grows = "import time\nheld = []\nwhile True:\n    held.append(bytearray(20_000_000)); time.sleep(.02)"
        status, _ = self.run(compute, python(grows, memory=200 * MB))
        assert status.state == "out_of_memory"
        assert "allowed 200 MB" in status.reason

    def test_the_memory_of_children_counts(self, compute: Compute) -> None:
        self.needs(compute.abilities.enforces_memory, "memory limits")
        child = "b = bytearray(90_000_000); import time; time.sleep(60)"
        status, _ = self.run(
            compute, sh(f"for i in 1 2 3; do {sys.executable} -c '{child}' & done; wait", memory=200 * MB)
        )
        assert status.state == "out_of_memory"

    def test_a_job_sees_no_more_cores_than_it_asked_for(self, compute: Compute) -> None:
        self.needs(compute.abilities.enforces_cpus, "cpu limits")
        _, log = self.run(
            compute, python("import os; print(len(os.sched_getaffinity(0)), os.environ['OMP_NUM_THREADS'])")
        )
        assert log.split() == [b"1", b"1"]

    def test_the_use_of_a_job_and_its_children_is_measured(self, compute: Compute) -> None:
        self.needs(compute.abilities.measures_usage, "usage")
        burn = "import time\nb = bytearray(60_000_000)\nwhile time.process_time() < .3: pass"
        status, _ = self.run(compute, sh(f'{sys.executable} -c "{burn}"'))
        assert 0.3 <= status.cpu_seconds < 30
        assert 60 * MB <= status.peak_memory < 600 * MB

    def test_cancel_ends_grandchildren_that_left_the_session(self, compute: Compute) -> None:
        handle = self.start(compute, sh("setsid sh -c 'echo pid $$; exec sleep 600' & sleep 600"))
        self.said(compute, handle, b"pid ")
        grandchild = int(compute.logs(handle).split()[1])
        compute.cancel(handle)
        assert self.ended(compute, handle).state == "cancelled"
        assert not self.is_alive(grandchild)

    def test_a_job_that_ignores_the_request_is_made_to_end(self, compute: Compute) -> None:
        handle = self.start(compute, sh("trap '' TERM; echo ready; while true; do sleep 0.1; done"))
        self.said(compute, handle, b"ready")
        compute.cancel(handle)
        status = self.ended(compute, handle)
        assert (status.state, status.exit_code) == ("cancelled", 137)

    def test_a_job_that_is_asked_to_end_may_say_goodbye(self, compute: Compute) -> None:
        handle = self.start(compute, sh("trap 'echo saved; exit 0' TERM; echo ready; while true; do sleep 0.05; done"))
        self.said(compute, handle, b"ready")
        compute.cancel(handle)
        assert self.ended(compute, handle).state == "cancelled"
        assert compute.logs(handle).endswith(b"saved\n")

    def test_cancelling_an_ended_job_changes_nothing(self, compute: Compute) -> None:
        handle = self.start(compute, sh("exit 0"))
        before = self.ended(compute, handle)
        compute.cancel(handle)
        assert compute.status(handle) == before

    def test_what_a_job_leaves_in_the_background_ends_with_it(self, compute: Compute) -> None:
        status, log = self.run(compute, sh("sh -c 'echo $$; exec sleep 600' & sleep 0.2"))
        assert status.state == "succeeded"
        assert not self.is_alive(int(log))

    def test_a_handle_outlives_the_instance_that_gave_it(self, open_compute: Callable[[], Compute]) -> None:
        first = open_compute()
        handle = self.start(first, sh("echo before; sleep 0.5; echo after"))
        first.close()
        second = open_compute()
        assert self.ended(second, handle).state == "succeeded"
        assert second.logs(handle) == b"before\nafter\n"
        second.close()

    def test_starting_a_name_again_starts_nothing(self, compute: Compute) -> None:
        spec = sh("echo once")
        handle = compute.start("the-same-name", spec)
        assert compute.start("the-same-name", spec) == handle
        self.ended(compute, handle)
        assert compute.start("the-same-name", spec) == handle
        assert compute.logs(handle) == b"once\n"

    def test_a_forgotten_job_is_unknown(self, compute: Compute) -> None:
        handle = self.start(compute, sh("echo secret"))
        self.ended(compute, handle)
        compute.forget(handle)
        compute.forget(handle)
        with pytest.raises(NotFound):
            compute.status(handle)

    def test_a_running_job_cannot_be_forgotten(self, compute: Compute) -> None:
        handle = self.start(compute, sh("sleep 600"))
        with pytest.raises(Conflict):
            compute.forget(handle)
        compute.cancel(handle)
        self.ended(compute, handle)

    def test_a_job_that_no_machine_can_hold_is_refused_with_the_largest(self, compute: Compute) -> None:
        largest = max(target.cpus for target in compute.targets())
        with pytest.raises(Invalid, match="10000 cpus") as refused:
            self.start(compute, sh("true", cpus=10_000))
        assert f"{largest} cpus" in refused.value.hint

    def test_a_command_with_a_nul_byte_is_refused(self, compute: Compute) -> None:
        with pytest.raises(Invalid):
            self.start(compute, sh("echo \0"))

    def test_an_unknown_handle_is_not_found(self, compute: Compute) -> None:
        for handle in ("never-started", "../../etc", ""):
            with pytest.raises(NotFound):
                compute.status(handle)

    def test_twenty_short_jobs_at_once_all_end(self, compute: Compute) -> None:
        handles = [self.start(compute, sh(f"echo {i}")) for i in range(20)]
        states = [self.ended(compute, handle).state for handle in handles]
        assert states == ["succeeded"] * 20
        assert [compute.logs(handle) for handle in handles] == [f"{i}\n".encode() for i in range(20)]

    def needs(self, ability: bool, what: str) -> None:
        """Skip, saying so, where the backend declares that it does not enforce this."""
        if not ability:
            pytest.skip(f"this backend does not enforce or measure {what}")

    def is_alive(self, pid: int) -> bool:
        """Whether a process of this machine runs (a zombie does not)."""
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                return file.read().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False
