"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from riskmodel.cli import complete
from riskmodel.errors import InputError

WORKSPACE = Path("workspace")

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", envvar="RISKMODEL_WORKSPACE", help="Folder with everything read and made.")
]
LevelOption = Annotated[
    str | None,
    typer.Option(
        help="wijk, buurt, gemeente, pc4 or grid; by default the first that was ingested.",
        autocompletion=complete.levels,
    ),
]
EditionOption = Annotated[
    str,
    typer.Option(help="3.0 or 2.0: two instruments, never put together.", autocompletion=complete.editions),
]
ExperimentOption = Annotated[
    str | None,
    typer.Option(
        help="Name of an experiment; by default that of the only model, else slide-2y.",
        autocompletion=complete.trained,
    ),
]


def municipality_option(description: str) -> Any:
    """Option ``--municipality``, which may be repeated."""
    return typer.Option("--municipality", help=description, autocompletion=complete.municipalities)


MunicipalityOption = Annotated[
    list[str] | None,
    municipality_option(
        "Name, GM code, region or 'Provincie Utrecht'; may be repeated; by default the whole country."
    ),
]


def parse_years(option: str, texts: Sequence[str] | None) -> list[int] | None:
    """Years from the texts of an option, such as ``2016,2018``; None where there are none."""
    if not texts:
        return None
    parts = [part for text in texts for part in text.replace(",", " ").split()]
    wrong = [part for part in parts if not part.isdigit()]
    if wrong:
        raise InputError(option, repr(wrong[0]), "years such as 2016,2018")
    return [int(part) for part in parts]
