"""`python -m thruline_verify`."""

import sys

from thruline_verify.cli import main

sys.exit(main())
