"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", envvar="RISKMODEL_WORKSPACE", help="Folder with everything read and made.")
]


WORKSPACE = Path("workspace")
