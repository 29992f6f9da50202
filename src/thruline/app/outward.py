"""Whom this home tells of what happens in it, by its settings."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from thruline.app.compose import backend
from thruline.app.config import secret
from thruline.core.errors import Invalid
from thruline.core.units import parse_moment
from thruline.flows import notices, openlineage, outbox
from thruline.flows.openlineage import Naming
from thruline.flows.outbox import Destination, Outbox
from thruline.flows.reports import DeliveryView

if TYPE_CHECKING:
    from thruline.app.platform import Platform
    from thruline.ports.courier import Courier


def outbox_of(p: Platform) -> Outbox:
    """The destinations that are set; raises Invalid for one that cannot be meant."""
    courier = backend("courier", "http")()
    told = [_webhook(p, courier), _openlineage(p, courier)]
    return Outbox(destinations=[d for d in told if d is not None], courier=courier)


def notify(p: Platform, *, test: bool, skip: str) -> tuple[DeliveryView, ...]:
    """Tell what waits, now; raises Invalid when there is nobody to tell."""
    box = outbox_of(p)
    if not box.destinations:
        raise Invalid("nobody is to be told of anything", hint="set notify.webhook or notify.openlineage")
    if test:
        return outbox.try_out(box)
    if skip:
        outbox.skip(p.line, box, skip)
    outbox.tell(p.line, box, at_once=True)
    return outbox.listing(p.line, box)


def run_events(p: Platform, since: str) -> str:
    """Every OpenLineage event from a moment on, one a line."""
    moment = parse_moment(since, p.line.clock.now()) if since else 0
    return "\n".join(json.dumps(event) for event in openlineage.listing(p.line, _naming(p), moment))


def _webhook(p: Platform, courier: Courier) -> Destination | None:
    told, line = p.config.notify, p.line
    if not told.webhook:
        return None
    reference = told.webhook_secret
    courier.check(told.webhook, has_secret=False)
    key = partial(secret, reference, p.home.path) if reference else None
    return Destination(
        name="webhook", url=told.webhook, messages=partial(notices.messages, line, notices.kinds(told.events), _url(p)),
        headers=lambda id, body: notices.headers(key, id, body, line.clock.now() // 1_000_000),
        test=partial(notices.trial, line),
    )  # fmt: skip


def _openlineage(p: Platform, courier: Courier) -> Destination | None:
    told, reference = p.config.notify, p.config.notify.openlineage_key
    if not told.openlineage:
        return None
    courier.check(told.openlineage, has_secret=bool(reference))

    def headers(_id: str, _body: bytes) -> dict[str, str]:
        return {"authorization": f"Bearer {secret(reference, p.home.path)}"} if reference else {}

    return Destination(
        name="openlineage", url=told.openlineage, messages=partial(openlineage.messages, p.line, _naming(p)),
        headers=headers, test=partial(openlineage.trial, p.line),
    )  # fmt: skip


def _naming(p: Platform) -> Naming:
    return Naming(public_url=_url(p), with_names=p.config.notify.names)


def _url(p: Platform) -> str:
    server = p.config.server
    return (server.public_url or f"http://{server.host}:{server.port}").rstrip("/")
