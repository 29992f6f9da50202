"""The demo: a company's engineering desk, and the story that is told with it."""
