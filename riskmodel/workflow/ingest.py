"""``riskmodel ingest``: read files of a source into a workspace, all or nothing.

Sources whose reader needs nothing but files (and, where the files do not say, the boundary vintage of their codes)
are in :data:`READERS` and share one call; the others have a call of their own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingOf
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.errors import InputError
from riskmodel.sources import boundaries, crosswalk
from riskmodel.sources.kwb import reader as kwb
from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2
from riskmodel.sources.leefbaarometer import package as leefbaarometer_package
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.sources.leefbaarometer import wfs as leefbaarometer_wfs
from riskmodel.sources.local import reader as local
from riskmodel.sources.local.draft import draft_mapping
from riskmodel.sources.local.mapping import Mapping, local_indicators, read_mapping
from riskmodel.sources.observations import Observations, SourceFile
from riskmodel.sources.statline import police, rivm, ses_woa, veiligheidsmonitor, woon
from riskmodel.workspace.atomic import write_atomically
from riskmodel.workspace.ingest_checks.admit import admit
from riskmodel.workspace.store import Workspace

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: Readers that need nothing but files and, where those do not say, the boundary vintage of their codes.
READERS: dict[str, Callable[..., list[Observations]]] = {
    "leefbaarometer-2": leefbaarometer2.read_scores,
    "leefbaarometer-wfs": leefbaarometer_wfs.read_layers,
    "police": police.read_counts,
    "rivm": rivm.read_monitor,
    "ses-woa": ses_woa.read_scores,
    "veiligheidsmonitor": lambda files, boundaries=None: veiligheidsmonitor.read_survey(files),
    "woon": woon.read_results,
}


def ingest(
    source: str,
    files: Sequence[Path],
    workspace: Workspace,
    *,
    boundaries: int | None = None,
    replace: bool = False,
    accept: MappingOf[str, str] | None = None,
) -> list[Observations]:
    """Read files of one of :data:`READERS` into a workspace, all or none.

    Parameters
    ----------
    source : str
        Name of the reader.
    files : sequence of Path
        Files as published.
    workspace : Workspace
        The workspace to read into.
    boundaries : int, optional
        Year of the area classification of the codes, where the files do not say.
    replace : bool
        Whether a file may replace another.
    accept : mapping of str to str, optional
        Codes of findings to let through, each with the reason; see
        :func:`riskmodel.workspace.ingest_checks.admit.admit`.

    Raises
    ------
    InputError
        If there is no such reader, anything in the files is not as published, or the values do not fit what is
        known of the same areas.
    """
    if source not in READERS:
        raise InputError("ingest", repr(source), f"one of {', '.join(sorted(READERS))}")
    return _add(READERS[source](files, boundaries), workspace, replace, accept)


def _add(
    observations: Sequence[Observations], workspace: Workspace, replace: bool, accept: MappingOf[str, str] | None
) -> list[Observations]:
    """Check observations beside those that are stored, then write them, all or none."""
    kinds = sorted({(each.level, each.source) for each in observations})
    existing = [each for level, source in kinds for each in workspace.observations(level, source)]
    checked = admit(observations, existing, accept)
    workspace.add(checked, replace=replace)
    return checked


def ingest_leefbaarometer(
    files: Sequence[Path],
    workspace: Workspace,
    *,
    boundaries: int | None = None,
    levels: Sequence[str] = (),
    replace: bool = False,
    accept: MappingOf[str, str] | None = None,
) -> list[Observations]:
    """Read Leefbaarometer 3.0 scores into a workspace, all or none.

    Parameters
    ----------
    files : sequence of Path
        CSV files, the open-data zip, or folders with such files.
    workspace : Workspace
        The workspace to read into.
    boundaries : int, optional
        Boundary vintage of the codes; by default that of the catalogue.
    levels : sequence of str
        Levels to take from a zip or folder; by default all.
    replace : bool
        Whether a file may replace another.
    accept : mapping of str to str, optional
        Codes of findings to let through, each with the reason.
    """
    with ExitStack() as stack:
        opened = [stack.enter_context(leefbaarometer_package.open_package(file, levels)) for file in files]
        observations = leefbaarometer.read_scores([path for paths in opened for path in paths], boundaries)
    return _add(observations, workspace, replace, accept)


def ingest_kwb(
    files: Sequence[Path],
    workspace: Workspace,
    *,
    year: int | None = None,
    allow_origin: bool = False,
    replace: bool = False,
    accept: MappingOf[str, str] | None = None,
) -> list[Observations]:
    """Read KWB tables into a workspace, all or none; see :func:`riskmodel.sources.kwb.reader.read_tables`."""
    return _add(kwb.read_tables(files, year, allow_origin=allow_origin), workspace, replace, accept)


def ingest_crosswalk(file: Path, workspace: Workspace) -> pd.DataFrame:
    """Read links between boundary vintages into a workspace."""
    links, source = crosswalk.read_links(file)
    workspace.add_links(links, source)
    return links


def ingest_boundaries(file: Path, workspace: Workspace, *, level: str | None = None) -> GeoDataFrame:
    """Read polygons into a workspace, for maps and for neighbours of areas.

    Needs the extra ``riskmodel[geo]``; see :func:`riskmodel.sources.boundaries.read_boundaries`. Which level it is
    shows from the area codes, unless ``level`` says so.
    """
    areas = boundaries.read_boundaries(file, level=level)
    workspace.add_boundaries(areas, boundaries.level_of(areas), SourceFile.of(file))
    return areas


def ingest_local(
    file: Path,
    workspace: Workspace,
    *,
    mapping: Path,
    replace: bool = False,
    accept: MappingOf[str, str] | None = None,
) -> list[Observations]:
    """Read a municipality's own file through its mapping into a workspace.

    The indicators then take part in features, drivers and pages like national ones.
    """
    described = read_mapping(mapping)
    definitions = tuple(local_indicators(described).values())
    read = local.read_local(file, described)
    observations = [dataclasses.replace(each, definitions=definitions) for each in read]
    _refuse_two_levels(observations, described, workspace)
    return _add(observations, workspace, replace, accept)


def _refuse_two_levels(observations: Sequence[Observations], described: Mapping, workspace: Workspace) -> None:
    """Refuse the same counts of persons at two levels: they would give back what is hidden at one of them."""
    counts = {each.id for each in described.indicators if each.kind == "extensive" and each.persons}
    for each in observations:
        for other in workspace.observations(source=each.source):
            both = sorted(counts & set(each.indicators) & set(other.indicators))
            if other.level != each.level and both:
                raise InputError(
                    f"{', '.join(file.name for file in each.files)}",
                    f"counts of {both[0]} at level {each.level}, which the workspace holds at level {other.level}",
                    "counts of persons at one level",
                    "What is hidden at one level could be worked out from the other: use another workspace.",
                )


def draft_local_mapping(file: Path, mapping: Path) -> Path:
    """Write a first mapping of a local file for the user to complete; an existing file is never overwritten."""
    if mapping.exists():
        raise InputError(mapping, "a file that is there already", "a new file", "Choose another name.")
    return write_atomically(mapping, draft_mapping(file).encode())
