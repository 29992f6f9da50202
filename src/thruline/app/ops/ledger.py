"""ledger: the record itself - status, verification, events, copies, and what is wrong with a home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from thruline.app.config import Setting
from thruline.app.operations import operation
from thruline.app.platform import Platform
from thruline.core.lazy import lazy

if TYPE_CHECKING:
    from thruline.app import copies, doctor, outward, overview
    from thruline.flows import lineage, reports
else:
    reports = lazy("thruline.flows.reports")
    copies = lazy("thruline.app.copies")
    doctor = lazy("thruline.app.doctor")
    outward = lazy("thruline.app.outward")
    overview = lazy("thruline.app.overview")
    lineage = lazy("thruline.flows.lineage")


@operation(role="reader", cli="status", reads=True)
def status(p: Platform) -> reports.Status:
    """The home at a glance: what it holds and what is going on."""
    return overview.status(p)


@operation(role="operator", cli="doctor", reads=True)
def doctor_(p: Platform) -> tuple[reports.Check, ...]:
    """Find what is wrong with this home and its machine, and say the cure."""
    return doctor.examine(p)


@operation(role="operator", cli="config", reads=True)
def config(p: Platform) -> tuple[Setting, ...]:
    """Every setting in force, and where its value came from."""
    return tuple(p.settings)


@operation(role="operator", cli="verify", reads=True)
def verify(p: Platform) -> reports.VerifyReport:
    """Check every event, signature and projection of the ledger."""
    return overview.verify(p)


@operation(role="operator", cli="events", reads=True)
def events(
    p: Platform, *,
    after: Annotated[int, "events with a higher number than this"] = 0,
    verb: Annotated[str, "only this verb, for example answer.given"] = "",
    limit: Annotated[int, "at most this many"] = 50,
) -> tuple[reports.EventView, ...]:  # fmt: skip
    """Events of the ledger in order."""
    return overview.events(p, after, verb, limit)


@operation(role="reader", cli="lineage", positional=("artifact",), reads=True, path="/v1/lineage")
def lineage_(
    p: Platform, *,
    artifact: Annotated[str, "id of a source, record, chunk, index, dataset, model, answer, or another thing on it"],
    up: Annotated[bool, "only what it was made of"] = False,
    down: Annotated[bool, "only what was made of it"] = False,
    depth: Annotated[int, "at most so many steps either way"] = 8,
    open: Annotated[str, "key of a node that stands for many: list its members"] = "",
    offset: Annotated[int, "the first member to list"] = 0,
) -> reports.LineageReport:  # fmt: skip
    """The line around anything, from its sources to the answers: what it was made of, and what was made of it."""
    both = up == down
    return lineage.around(
        p.line, p.actor, artifact, up=up or both, down=down or both, depth=depth, opened=open, offset=offset
    )


@operation(role="operator", cli="notify")
def notify(
    p: Platform, *,
    test: Annotated[bool, "send a test to every destination, and nothing else"] = False,
    skip: Annotated[str, "leave out the message that this destination does not take"] = "",
) -> tuple[reports.DeliveryView, ...]:  # fmt: skip
    """Tell those outside what waits for them, now; the server does so by itself."""
    return outward.notify(p, test=test, skip=skip)


@operation(role="operator", cli="openlineage", reads=True)
def openlineage(p: Platform, *, since: Annotated[str, "from this moment on, as 2h or 2026-11-22"] = "") -> str:
    """Every run as OpenLineage events, one JSON object a line."""
    return outward.run_events(p, since)


@operation(role="operator", cli="backup", positional=("folder",))
def backup(p: Platform, *, folder: Annotated[str, "new folder for the two files"]) -> reports.BackupReport:
    """Copy the home into two files, data and keys, to be kept apart: data without keys is noise."""
    return copies.backup(p, folder)
