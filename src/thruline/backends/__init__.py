"""One engine a file; found by entry points, imported by nobody."""
