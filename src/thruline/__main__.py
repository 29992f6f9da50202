"""`thruline` and `python -m thruline`: the commands, stopped by Ctrl-C in one line at any moment."""

from __future__ import annotations

import sys


def main() -> int:
    """Run a command. The import stands inside: Ctrl-C can come while it is still loading."""
    try:
        from thruline.cli import main as run

        return run()
    except KeyboardInterrupt:
        print("\nstopped: what was finished is kept, and the same command goes on from there", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
