"""A workspace with the official files at wijk and gemeente level, made once for all tests that read it."""

from pathlib import Path

import pytest

from riskmodel.workflow import ingest as ingesting
from riskmodel.workspace.store import Workspace

_made: dict[Path, Workspace] = {}


def official_workspace(data: Path, temporary: pytest.TempPathFactory) -> Workspace:
    """The workspace; shared, so a test that changes it takes a copy."""
    if data not in _made:
        workspace = Workspace(temporary.mktemp("official"))
        scores = sorted((data / "leefbaarometer-3.0").glob("*scores wijken*"))
        ingesting.ingest_leefbaarometer(scores, workspace)
        ingesting.ingest_kwb([data / "kwb" / f"wijk_{year}.csv" for year in (2016, 2022)], workspace)
        ingesting.ingest_crosswalk(data / "crosswalk" / "code_changes_2016_2024.csv", workspace)
        ingesting.ingest("leefbaarometer-2", sorted((data / "leefbaarometer-2.0").glob("*.xlsx")), workspace)
        _made[data] = workspace
    return _made[data]
