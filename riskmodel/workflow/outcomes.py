"""``riskmodel outcomes``: record visits to the areas of a list, and evaluate the list by them.

``lists/ID.json`` in the workspace is the record of a list: it is written once and never changed. ``outcomes/ID``
has the visits to its areas, one file an ingested file. Forecasting is imported only to evaluate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError, refuse_damage
from riskmodel.products.outcomes.lists import ListRecord, list_from_json, list_json
from riskmodel.products.outcomes.visits import COLUMNS, read_visits, refuse_known
from riskmodel.sources.formats.documents import read_json
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import put_file, remove_file

if TYPE_CHECKING:
    from riskmodel.products.outcomes.evaluate import Evaluation

#: Hint when there is no list: one without a capacity is not recorded, because nobody visits areas by it.
MAKE_A_LIST = "Run: riskmodel risk-list --municipality NAME --capacity 10 --out lists/NAME"


def ingest_outcomes(
    file: Path, workspace: Workspace, *, list_id: str | None = None, today: date | None = None
) -> pd.DataFrame:
    """Record visits to the areas of a list; all rows or none.

    Parameters
    ----------
    file : Path
        CSV or XLSX; see :func:`riskmodel.products.outcomes.visits.read_visits`.
    workspace : Workspace
        Where the list was made.
    list_id : str, optional
        The list that was followed; may be left out when there is one.
    today : datetime.date, optional
        No visit lies after it; by default today.

    Returns
    -------
    pandas.DataFrame
        The visits that were read.
    """
    record = load_list(workspace, list_id)
    visits = read_visits(file, record, today or datetime.now(tz=UTC).date())
    add_visits(workspace, record, visits)
    return visits


def evaluate_outcomes(workspace: Workspace, *, list_id: str | None = None) -> Evaluation:
    """Evaluate a list by its visits, and by the later measurement where there is one.

    See :func:`riskmodel.products.outcomes.evaluate.evaluate`; in Dutch by
    :func:`riskmodel.products.outcomes.words.evaluation_in_words`.
    """
    from riskmodel.products.outcomes.evaluate import evaluate
    from riskmodel.workflow.questions import forecast_folder, stored_forecast

    record = load_list(workspace, list_id)
    folder = forecast_folder(workspace, record.forecast_id)
    experiment = stored_forecast(workspace, folder, record.experiment).experiment
    panel = workspace.panel(record.level, allow_origin=experiment.allow_origin)
    return evaluate(record, load_visits(workspace, record), experiment.event, panel)


def save_list(workspace: Workspace, record: ListRecord) -> Path:
    """Write the record of a list; the same list again, on a later day, leaves it as it is."""
    path = _list_path(workspace, record.id)
    with only_writer(workspace):
        if not path.exists():
            return put_file(workspace, path, list_json(record).encode())
        if not load_list(workspace, record.id).areas.equals(record.areas):
            raise InputError(
                path,
                "other areas than the same forecast gives now",
                "the same areas: lists are never overwritten",
                "The code or a library has changed; make a new forecast first.",
            )
    return path


@contextmanager
def new_list(workspace: Workspace, record: ListRecord, timeout: float) -> Iterator[None]:
    """Write the record of a list for the body; one that was not there before goes again if the body fails.

    ``timeout`` is how many seconds it may wait for another writer.
    """
    path = _list_path(workspace, record.id)
    with only_writer(workspace, timeout):
        is_new = not path.exists()
        save_list(workspace, record)
        try:
            yield
        except BaseException:
            if is_new:
                remove_file(workspace, path)
            raise


def load_list(workspace: Workspace, identity: str | None = None) -> ListRecord:
    """Read the record of a list; without a name that of the only one."""
    known = sorted(path.stem for path in workspace.path("lists").glob("*.json"))
    chosen = known[0] if identity is None and len(known) == 1 else identity
    if chosen not in known:
        found = "no name of a list" if identity is None else f"no list {identity!r}"
        expected = f"one of {', '.join(known)}" if known else "a list"
        raise InputError("--list", found, expected, "" if known else MAKE_A_LIST)
    path = _list_path(workspace, str(chosen))
    written = "a file written by 'riskmodel risk-list'"
    about = read_json(path, written, missing=True)
    with refuse_damage(path, "no list", written):
        return list_from_json(about)


def _list_path(workspace: Workspace, identity: str) -> Path:
    return workspace.path("lists", f"{identity}.json")


def add_visits(workspace: Workspace, record: ListRecord, visits: pd.DataFrame) -> Path:
    """Write visits beside those of a list before; the same file again changes nothing."""
    name = str(visits["sha256"].iloc[0])[:16]
    path = workspace.path("outcomes", record.id, f"{name}.parquet")
    with only_writer(workspace):
        if path.exists():
            return path
        refuse_known(load_visits(workspace, record), visits)
        table = pa.Table.from_pandas(visits, preserve_index=False)
        return put_file(workspace, path, lambda draft: pq.write_table(table, draft, write_page_checksum=True))


def load_visits(workspace: Workspace, record: ListRecord) -> pd.DataFrame:
    """Read all visits to the areas of a list, columns :data:`COLUMNS`, in order of day and area."""
    parts: list[pd.DataFrame] = []
    for path in sorted(workspace.path("outcomes", record.id).glob("*.parquet")):
        try:
            parts.append(pq.read_table(path, page_checksum_verification=True).to_pandas()[list(COLUMNS)])
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            raise InputError(path, "a damaged file", "visits as ingested") from error
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    return pd.concat(parts, ignore_index=True).sort_values(["visited_on", "location"], ignore_index=True)
