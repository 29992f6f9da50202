"""Rows of table files as documents."""

from thruline.backends.rows_origin.origin import RowsOrigin

__all__ = ["RowsOrigin"]
