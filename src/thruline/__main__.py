"""`thruline` and `python -m thruline`: the commands, stopped by Ctrl-C in one line at any moment."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn


def main() -> int:
    """Run a command. The import stands inside: Ctrl-C can come while it is still loading."""
    stopped = False

    def stop(*_: object) -> NoReturn:
        nonlocal stopped
        stopped = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    try:
        from thruline.cli import main as run

        code = run()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # nothing is left but the interpreter's own end
        return code
    except (KeyboardInterrupt, ImportError):  # a module that was cut off while it loaded cannot be loaded again
        if not stopped:
            raise
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("\nstopped: what was finished is kept, and the same command goes on from there", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
