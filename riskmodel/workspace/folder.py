"""A folder that riskmodel writes to: what locks and transactions need to know of it."""

from __future__ import annotations

from pathlib import Path


class Folder:
    """A folder on disk, with paths within it."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def path(self, *parts: str) -> Path:
        """Path of something in the folder."""
        return self.folder.joinpath(*parts)
