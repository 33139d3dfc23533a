"""What is tried: one row a reader, with good files to start from and what must hold of whatever it reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from riskmodel.forecasting.experiment import load_experiment
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.models.booster import read_booster
from riskmodel.forecasting.models.treeshap.text import UnsupportedModelError, read
from riskmodel.monitor.groups import group
from riskmodel.monitor.instrument.file import read_instrument
from riskmodel.monitor.survey.file import read_survey
from riskmodel.products.outcomes.visits import read_visits
from riskmodel.scoring.batches import numbers_of, read_chunk
from riskmodel.scoring.inputs import open_source
from riskmodel.scoring.release import load_release
from riskmodel.sources import boundaries, crosswalk
from riskmodel.sources.kwb import reader as kwb
from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2
from riskmodel.sources.leefbaarometer import package as leefbaarometer_package
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.sources.leefbaarometer import wfs as leefbaarometer_wfs
from riskmodel.sources.local import reader as local
from riskmodel.sources.local.draft import draft_mapping
from riskmodel.sources.local.mapping import read_mapping
from riskmodel.sources.observations import Observations
from riskmodel.sources.statline import police, rivm, ses_woa, veiligheidsmonitor, woon
from riskmodel.web.jobs.inspecting import inspect_file
from riskmodel.workflow.outcomes import load_list
from riskmodel.workspace.store import Workspace

from . import seeds, seeds_maps, seeds_own
from .edits import Files
from .fixed import record


def _as_it_is(files: Files) -> Files:
    return files


@dataclass(frozen=True)
class Target:
    """A reader that is tried.

    Attributes
    ----------
    name : str
        What it is called.
    seeds : callable
        Good inputs: each a few files of a few rows.
    read : callable
        Reads the files of a folder; raises InputError or returns what it read.
    finish : callable
        Last step before spoiled files are written, such as giving them the checksums they have now.
    contained : bool
        Whether it only ever runs in a process of its own, whose end is a refusal to whoever started it.
    """

    name: str
    seeds: Callable[[], list[Files]]
    read: Callable[[Path], object]
    finish: Callable[[Files], Files] = _as_it_is
    contained: bool = False


class UnsoundError(Exception):
    """Something was read that no reader may give."""


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _file(folder: Path, *endings: str) -> Path:
    found = [path for path in _files(folder) if not endings or path.suffix in endings]
    return found[0]


def _sound(made: Sequence[Observations]) -> None:
    """What holds of observations, whatever they were read from."""
    if not made:
        raise UnsoundError("nothing was read, and nothing was said")
    for each in made:
        frame = each.frame
        if frame.columns.tolist()[:3] != ["location", "name", "year"] or not len(frame):
            raise UnsoundError(f"columns {frame.columns.tolist()}, {len(frame)} rows")
        if frame.duplicated(["location", "year"]).any():
            raise UnsoundError("an area and year twice")
        if not frame["location"].str.fullmatch(r"[!-~]+").all():
            raise UnsoundError("a code that cannot be printed")
        if not frame["year"].between(1990, 2100).all():
            raise UnsoundError("a year beyond all years")
        values = frame[list(each.indicators)].to_numpy(dtype=float)
        if np.isinf(values).any() or not values.size:
            raise UnsoundError("no values, or infinite ones")


def _observed(read: Callable[[list[Path]], list[Observations]]) -> Callable[[Path], object]:
    return lambda folder: _sound(read(_files(folder)))


def _package(folder: Path) -> object:
    with leefbaarometer_package.open_package(_file(folder)) as paths:
        return _sound(leefbaarometer.read_scores(paths))


def _local(folder: Path) -> object:
    mapping = read_mapping(folder / "mapping.toml")
    return _sound(local.read_local(_file(folder, ".csv", ".xlsx", ".parquet"), mapping))


def _boundaries(folder: Path) -> object:
    made = boundaries.read_boundaries(_file(folder, ".geojson", ".gpkg", ".shp"))
    if made["location"].duplicated().any() or not made.geometry.is_valid.all():
        raise UnsoundError("an area twice, or a shape that is none")
    return boundaries.neighbours(made)


def _crosswalk(folder: Path) -> object:
    links, _ = crosswalk.read_links(_file(folder))
    if not np.isfinite(links["addresses"]).all():
        raise UnsoundError("an infinite weight")
    return links


def _scoring(folder: Path) -> object:
    needed = ["deviation", "history.level", "size.spread"]
    source = open_source(_file(folder), needed, ["location"])
    told = 0
    for chunk in source.chunks:
        for batch in read_chunk(source.root, chunk, [*needed, "location"]):
            made = numbers_of(batch, needed, [0])
            if np.isinf(made.columns).any():
                raise UnsoundError("an infinite number was accepted")
            rejected = 0 if made.rejects is None else made.rejects.num_rows
            told += made.columns.shape[1] + rejected
            told += 0 if batch.rejects is None else batch.rejects.num_rows
    if told != sum(file.rows for file in source.files):
        raise UnsoundError("rows that were neither scored nor rejected")
    return told


def _with_sums(files: Files) -> Files:
    """A model folder of which the checksums fit, so that what stands behind them is tried."""
    try:
        about = json.loads(files["release.json"])
        about["sha256"] = {
            name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "release.json"
        }
        return {**files, "release.json": json.dumps(about).encode()}
    except (KeyError, TypeError, ValueError, RecursionError):
        return files


def _model(folder: Path) -> object:
    release = load_release(folder)
    names = release.model.names
    rows = np.zeros((3, len(names)))
    rows[1], rows[2] = np.nan, 1.0
    said = release.model.distribution(Features(names, rows))
    chance = said.cdf(np.full((3, 1), -0.05))
    if not (np.isnan(chance) | ((chance >= 0) & (chance <= 1))).all():
        raise UnsoundError("a chance outside 0 to 1")
    return release.model.contributions(Features(names, rows))


def _trees(folder: Path) -> object:
    names = json.loads(seeds_own.model()[0]["model.json"])["features"]
    booster = read_booster(folder / "trees.txt", names)
    rows = np.random.default_rng(1).normal(scale=3, size=(8, len(names)))
    rows[0], rows[1, ::2], rows[2] = np.nan, np.nan, 0.0
    rows[3:6, 0] = (0, 3, 1e9)
    said = booster.predict(rows, pred_contrib=True)
    if not np.allclose(said.sum(axis=1), booster.predict(rows), rtol=1e-6, atol=1e-6):
        raise UnsoundError("contributions that do not add up")
    try:
        return read(booster.model_to_string())
    except UnsupportedModelError:
        return None


def _list(folder: Path) -> object:
    # A workspace keeps its lists in this folder.
    workspace = Workspace(folder.parent / "workspace")
    (folder.parent / "workspace").mkdir(exist_ok=True)
    if not (folder.parent / "workspace" / "lists").is_symlink():
        (folder.parent / "workspace" / "lists").symlink_to(folder)
    return load_list(workspace)


TARGETS: dict[str, Target] = {
    each.name: each
    for each in (
        Target("leefbaarometer", seeds.leefbaarometer, _observed(leefbaarometer.read_scores)),
        Target("leefbaarometer-zip", seeds.leefbaarometer_zip, _package),
        Target("leefbaarometer-wfs", seeds.leefbaarometer_wfs, _observed(leefbaarometer_wfs.read_layers)),
        Target(
            "leefbaarometer-2-csv",
            seeds.leefbaarometer2_text,
            _observed(lambda files: leefbaarometer2.read_scores(files, 2016)),
        ),
        Target(
            "leefbaarometer-2-xlsx",
            seeds.leefbaarometer2_workbook,
            _observed(lambda files: leefbaarometer2.read_scores(files, 2016)),
        ),
        Target(
            "leefbaarometer-2-dbf",
            seeds.leefbaarometer2_dbase,
            _observed(lambda files: leefbaarometer2.read_scores(files, 2016)),
        ),
        Target("kwb-text", seeds.kwb_text, _observed(kwb.read_tables)),
        Target("kwb-xlsx", seeds.kwb_workbook, _observed(kwb.read_tables)),
        Target("kwb-xls", seeds.kwb_old_workbook, _observed(kwb.read_tables)),
        Target("kwb-dbf", seeds.dbase_tables, _observed(kwb.read_tables)),
        Target("kwb-gpkg", seeds_maps.kwb_geopackage, _observed(kwb.read_tables)),
        Target("police", seeds.police, _observed(police.read_counts)),
        Target("rivm-csv", seeds.rivm_text, _observed(rivm.read_monitor)),
        Target("rivm-xlsx", seeds.rivm_workbook, _observed(rivm.read_monitor)),
        Target("veiligheidsmonitor", seeds.veiligheidsmonitor, _observed(veiligheidsmonitor.read_survey)),
        Target("ses-woa", seeds.ses_woa, _observed(ses_woa.read_scores)),
        Target("woon", seeds.woon, _observed(woon.read_results)),
        Target("crosswalk", seeds.crosswalk, _crosswalk),
        Target("boundaries-geojson", seeds_maps.geojson, _boundaries),
        Target("boundaries-gpkg", seeds_maps.geopackage, _boundaries),
        Target("boundaries-shp", seeds_maps.shapefile, _boundaries),
        Target("local-csv", seeds_own.local_text, _local),
        Target("local-xlsx", seeds_own.local_workbook, _local),
        Target("local-parquet", seeds_own.local_parquet, _local),
        Target("local-draft", seeds_own.local_files, lambda folder: draft_mapping(_file(folder))),
        Target("experiment", seeds_own.experiment, lambda folder: load_experiment(_file(folder))),
        Target("survey", seeds_own.survey, lambda folder: read_survey(_file(folder))),
        Target("instrument", seeds_own.instrument, lambda folder: read_instrument(_file(folder))),
        Target("group", seeds_own.group, lambda folder: group(str(_file(folder)))),
        Target(
            "visits",
            seeds_own.visits,
            lambda folder: read_visits(_file(folder), record(), date(2023, 1, 1)),
        ),
        Target("list-record", seeds_own.list_record, _list),
        Target("scoring-csv", seeds_own.scoring_text, _scoring),
        Target("scoring-parquet", seeds_own.scoring_parquet, _scoring),
        Target("upload", seeds_own.uploads, lambda folder: inspect_file(_file(folder), 1_000), contained=True),
        Target("model", seeds_own.model, _model, _with_sums),
        Target("trees", seeds_own.trees, _trees),
    )
}
