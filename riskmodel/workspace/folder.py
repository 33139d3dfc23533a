"""A folder on disk: what locks, transactions and drafts need to know of a workspace."""

from __future__ import annotations

from pathlib import Path


class Folder:
    """A folder with paths within it."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def path(self, *parts: str) -> Path:
        """Path of something in the folder; without parts, of the folder itself."""
        return self.folder.joinpath(*parts)
