"""Completion of values on the command line: experiments, municipalities, levels, forms and lists.

A shell asks at every press of the tab key, so these read names of files and small tables, and import nothing
heavy. Whatever goes wrong, a shell gets no words rather than an error.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import typer

from riskmodel.workflow.status import SCORES, default_workspace

LEVELS = ("wijk", "buurt", "gemeente", "pc4", "grid")
FORMS = ("csv", "xlsx", "html", "parquet", "gpkg", "geojson", "pdf", "all")
EDITIONS = ("3.0", "2.0")
ROLES = ("reader", "analyst", "admin")
#: Levels with the code of a municipality in the codes of their areas.
WITH_MUNICIPALITY = ("wijk", "buurt", "gemeente")


def levels(ctx: typer.Context, incomplete: str) -> list[str]:
    """Levels with scores in the workspace; all levels where there are none yet."""
    found = [path.stem.partition("_")[2] for path in _workspace(ctx).glob(f"observations/{SCORES}_*.parquet")]
    return _starting([level for level in LEVELS if level in found] or LEVELS, incomplete)


def forms(incomplete: str) -> list[str]:
    """File formats of a risk list."""
    return _starting(FORMS, incomplete)


def editions(incomplete: str) -> list[str]:
    """Editions of the instrument."""
    return _starting(EDITIONS, incomplete)


def roles(incomplete: str) -> list[str]:
    """Roles of a token."""
    return _starting(ROLES, incomplete)


def experiment_files(incomplete: str) -> list[str]:
    """Built-in experiments, by name, and YAML files."""
    from riskmodel.forecasting.builtin_experiments import builtin_names

    if incomplete.startswith("-"):
        return []
    files = sorted(Path().glob(f"{incomplete}*.yaml")) + sorted(Path("experiments").glob("*.yaml"))
    folders = [f"{path}/" for path in sorted(Path().glob(f"{incomplete}*/")) if incomplete]
    return _starting([*builtin_names(), *map(str, files), *folders], incomplete)


def trained(ctx: typer.Context, incomplete: str) -> list[str]:
    """Questions that a trained model in the workspace answers, and the names of the models."""
    from riskmodel.forecasting.builtin_experiments import builtin_names

    models = _names(_workspace(ctx).glob("models/[!.]*/"))
    horizons = tuple(f"-{name.split('-')[1]}" for name in models if name.startswith("change-"))
    built_in = [name for name in builtin_names() if name.endswith(horizons)]
    own = _names(_workspace(ctx).glob("backtests/[!.]*/")) if horizons else []
    return _starting([*built_in, *own, *models], incomplete)


def attempts(ctx: typer.Context, incomplete: str) -> list[str]:
    """Experiments with a backtest in the workspace."""
    return _starting(_names(_workspace(ctx).glob("backtests/[!.]*/")), incomplete)


def lists(ctx: typer.Context, incomplete: str) -> list[str]:
    """Stored lists."""
    return _starting(sorted(path.stem for path in _workspace(ctx).glob("lists/[!.]*.json")), incomplete)


def municipalities(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of municipalities with areas in the workspace, or of all where those are not known."""
    catalogue = resources.files("riskmodel.catalogue")
    with catalogue.joinpath("municipalities.csv").open(encoding="utf-8") as file:
        known = [(row["name"], row["code"]) for row in csv.DictReader(file)]
    known += tomllib.loads(catalogue.joinpath("usual_names.toml").read_text("utf-8"))["municipalities"].items()
    present = _municipality_codes(_workspace(ctx))
    names = sorted({name for name, code in known if not present or code in present})
    return [name for name in names if name.casefold().startswith(incomplete.casefold())]


def _municipality_codes(workspace: Path) -> set[str]:
    """GM codes in the areas of the first level with scores; nothing else here reads a table."""
    for level in WITH_MUNICIPALITY:
        path = workspace / "observations" / f"{SCORES}_{level}.parquet"
        if path.exists():
            try:
                import pyarrow.parquet as pq

                column = pq.read_table(path, columns=["location"], use_threads=False)["location"]
                return {f"GM{str(code)[2:6]}" for code in column.combine_chunks().unique().to_pylist()}
            except Exception:  # a shell that completes must not show a traceback
                return set()
    return set()


def _workspace(ctx: typer.Context) -> Path:
    return Path(ctx.params.get("workspace") or default_workspace())


def _names(folders: Iterable[Path]) -> list[str]:
    return sorted(folder.name for folder in folders)


def _starting(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in dict.fromkeys(words) if word.startswith(incomplete)]
