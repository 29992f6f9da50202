"""Where the systems meet: one short file a loop."""

INDEX = "main"  # the one index of a home
