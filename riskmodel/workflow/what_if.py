"""``riskmodel what-if``: what the model would say of other values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.workspace.store import Workspace

if TYPE_CHECKING:
    from riskmodel.forecasting.drivers import what_if as asking


def what_if(
    workspace: Workspace,
    changes: Mapping[str, asking.Change | str],
    *,
    municipality: Sequence[str] = (),
    experiment: str | None = None,
) -> pd.DataFrame:
    """How the latest forecast would move if indicators had another value; behaviour of the model, not an effect.

    Parameters
    ----------
    workspace : Workspace
        With a stored forecast and the model behind it.
    changes : mapping of str to Change or str
        By indicator; a text such as ``"*0.9"`` or ``"+0.01"``.
    municipality : sequence of str
        Where the indicators change: names, ``GM`` codes or regions; by default everywhere.
    experiment : str, optional
        The question; by default that of the only model.

    Returns
    -------
    pandas.DataFrame
        See :func:`riskmodel.forecasting.drivers.what_if.what_if`; ``attrs["label"]`` must be shown with it. Areas
        too small to say anything are marked in ``too_small`` and have no figures.
    """
    from riskmodel.forecasting.drivers import what_if as asking
    from riskmodel.forecasting.groups import abstains
    from riskmodel.forecasting.origins import origin_at
    from riskmodel.scoring.release import load_release
    from riskmodel.workflow.questions import newest_forecast, release_folder
    from riskmodel.workflow.risk_list import municipality_codes

    stored = newest_forecast(workspace, experiment)
    release = load_release(release_folder(workspace, stored.release_id))
    panel = workspace.panel(stored.level, allow_origin=stored.experiment.allow_origin)
    codes = municipality_codes(panel, municipality)
    chosen = np.isin(panel.municipality_codes(), codes) if codes else np.ones(len(panel.areas), dtype=bool)
    origin = origin_at(panel, stored.forecast.origin_date.year, stored.experiment.horizon)
    read = {
        key: asking.Change.parse(change) if isinstance(change, str) else change for key, change in changes.items()
    }
    table = asking.what_if(release.name, release.model, stored.experiment, panel, origin, read, chosen)
    people = panel.latest("population")[np.searchsorted(panel.areas, table["location"])]
    return without_small(table, abstains(people))


def without_small(table: pd.DataFrame, small: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Answers of which those of areas too small to say anything are marked and left empty."""
    figures = [column for column in table.columns if column not in ("location", "name")]
    shown = table.assign(too_small=small)
    shown.loc[small, figures] = np.nan
    shown.attrs = table.attrs
    return shown[["location", "name", "too_small", *figures]]


def parse_changes(texts: Sequence[str]) -> dict[str, asking.Change]:
    """Changes from texts such as ``"onv=+0.01"``."""
    from riskmodel.forecasting.drivers import what_if as asking

    found: dict[str, asking.Change] = {}
    for text in texts:
        indicator, equals, change = text.partition("=")
        if not equals or not indicator.strip() or indicator.strip() in found:
            wrong = "an indicator twice" if indicator.strip() in found else repr(text)
            raise InputError("--change", wrong, "INDICATOR=CHANGE, such as onv=+0.01, each indicator once")
        found[indicator.strip()] = asking.Change.parse(change)
    return found
