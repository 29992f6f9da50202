"""Parsers that misbehave, for proving that a pool of parsers survives them."""

from __future__ import annotations

import os
import socket
import time

from thruline.core.composing import Composer
from thruline.core.documents import Parsed


class EchoParser:
    """Gives the bytes back as one block."""

    version = "echo 1"

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """The text as it came."""
        out = Composer(media_type, self.version, title=name)
        out.block(data.decode())
        return out.done()


class HangingParser(EchoParser):
    """Sleeps for good."""

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """Never returns."""
        time.sleep(3600)
        return super().parse(data, media_type, name)


class GreedyParser(EchoParser):
    """Asks for more memory than anyone has."""

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """Raises MemoryError under a limit."""
        return super().parse(data * (1 << 40), media_type, name)


class LeavingParser(EchoParser):
    """Ends its process."""

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """Never returns."""
        os._exit(int(data) if media_type and name else 0)


class PryingParser(EchoParser):
    """Tells what it can reach: environment, open files, the network, the disk."""

    def parse(self, data: bytes, media_type: str, name: str) -> Parsed:
        """One line for each thing within reach."""
        reached = [data.decode(), *(f"env {key}" for key in os.environ)]  # noqa: TID251 - reads what a parser could steal
        reached += [f"fd {fd}" for fd in range(3, 64) if _is_open(fd)]
        reached += ["net"] if _has_network() else []
        reached += ["disk"] if _can_write() else []
        return super().parse("\n".join(reached).encode(), media_type, name)


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def _has_network() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("127.0.0.1", 9))
        except OSError:
            return False
    return True


def _can_write() -> bool:
    path = f"/tmp/thruline-pry-{os.getpid()}"  # noqa: S108 - must be a place that anyone can write to
    try:
        with open(path, "wb", buffering=0) as file:
            file.write(b"x")
    except OSError:
        return False
    finally:
        if os.path.exists(path):
            os.unlink(path)
    return True
