"""The demo: a company's engineering desk. The handbook is real, the people around it are invented."""
