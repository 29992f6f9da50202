"""Why a server could not be asked, read off what a library says of it: few keep a code, and their words are alike."""

from __future__ import annotations

import re
from typing import NamedTuple


class Cause(NamedTuple):
    """What is the matter, as the end of a sentence, and the way out."""

    what: str
    hint: str


_CAUSES = tuple(
    (re.compile(words, re.IGNORECASE), cause)
    for words, cause in (
        (
            r"name or service not known|could not translate host name|could not resolve host|failed to lookup address"
            r"|name resolution|nodename nor servname|no address associated|unknown mysql server host",
            Cause("no host has that name", "is it spelled right, and can this machine look it up?"),
        ),
        (
            r"connection refused|connectionrefused|couldn't connect to server",
            Cause("nothing listens there", "does it run, and is the port right?"),
        ),
        (
            r"certificate|invalid peer cert|unknownissuer",
            Cause(
                "its certificate is not trusted", "is it the right host? a server of your own needs its certificate"
            ),
        ),
        (
            r"timed out|timedout|timeout expired|operation too slow|lost connection to mysql|no whole answer within",
            Cause("no answer came in time", "does it run, and does a firewall stand between?"),
        ),
        (
            r"network is unreachable|no route to host|host is unreachable|hostunreachable|networkunreachable",
            Cause("no way leads there", "is the network up, or a VPN needed?"),
        ),
    )
)  # fmt: skip


def cause_of(said: str) -> Cause | None:
    """The cause in a library's words; None where they name none that is known."""
    return next((cause for pattern, cause in _CAUSES if pattern.search(said)), None)
