"""Where the systems meet: one short file a loop."""
