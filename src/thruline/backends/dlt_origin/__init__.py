"""Rows of dlt resources as documents."""

from thruline.backends.dlt_origin.origin import DltOrigin

__all__ = ["DltOrigin"]
