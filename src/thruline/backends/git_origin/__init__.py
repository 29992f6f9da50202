"""A git repository as a place of documents."""

from thruline.backends.git_origin.origin import GitOrigin

__all__ = ["GitOrigin"]
