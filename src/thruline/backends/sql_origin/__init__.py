"""Rows of SQL databases as documents."""

from thruline.backends.sql_origin.origin import SqlOrigin

__all__ = ["SqlOrigin"]
