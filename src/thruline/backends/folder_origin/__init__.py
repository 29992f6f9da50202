"""Files below a folder as documents."""

from thruline.backends.folder_origin.origin import FolderOrigin

__all__ = ["FolderOrigin"]
