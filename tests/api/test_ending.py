"""A server that is told to end ends, however early it is told."""

from __future__ import annotations

import os
import signal
import socket

import pytest
from starlette.applications import Starlette

from thruline.api.serve import ending, server_of


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.timeout(30)
def test_a_signal_before_the_server_listens_for_it_ends_it(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    server = server_of(Starlette())
    with socket.create_server(("127.0.0.1", 0)) as listener, ending(server):
        os.kill(os.getpid(), number)
        server.run(sockets=[listener])
    assert server.started
    assert signal.getsignal(number) is before
