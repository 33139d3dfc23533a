"""Areas of a municipality or a group between two measurements, and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue.area_names import all_called, find_municipalities
from riskmodel.errors import InputError
from riskmodel.monitor.comparable import Weight, match
from riskmodel.monitor.current import state_table
from riskmodel.monitor.decomposition import dimension_contributions, group_contributions
from riskmodel.monitor.development import development_table, noise_or_unknown
from riskmodel.monitor.group_difference import difference
from riskmodel.monitor.groups import Found, Group, find, group
from riskmodel.monitor.measured import Measured
from riskmodel.monitor.trajectory import trajectory
from riskmodel.monitor.transitions import transition_rows
from riskmodel.panel.measurement_noise import Noise
from riskmodel.panel.panel import FloatArray


@dataclass(frozen=True)
class View:
    """Some areas of a country between two measurements.

    Attributes
    ----------
    country : Measured
        Every area: noise, comparable areas and the rest come from it.
    chosen : numpy.ndarray of bool, shape (areas,)
        The areas of the view.
    title : str
        Their name in running Dutch text.
    group, found : Group and Found, or None
        The group that is shown and what of it is in the measurements; None for municipalities.
    start, end : int
        The measurements.
    dimension_waves : tuple of int or None
        Measurements with dimensions nearest to them, or None when fewer than two have any.
    noise : Noise
        Noise of the score, estimated on the country.
    """

    country: Measured
    chosen: npt.NDArray[np.bool_]
    title: str
    group: Group | None
    found: Found | None
    start: int
    end: int
    dimension_waves: tuple[int, int] | None
    noise: Noise

    @property
    def areas(self) -> Measured:
        """The areas of the view alone."""
        return self.country.only(self.chosen)

    @property
    def whole(self) -> bool:
        """Whether the view is the whole country, without a rest to compare with."""
        return bool(self.chosen.all())


def view_of(
    country: Measured,
    municipality: Sequence[str] = (),
    group_name: str | None = None,
    start: int | None = None,
    end: int | None = None,
) -> View:
    """Return a view of municipalities or of a group."""
    if bool(municipality) == bool(group_name):
        raise InputError(
            "monitor", "both or neither" if municipality else "neither", "either --municipality or --group"
        )
    named = found = None
    if group_name:
        named = group(group_name)
        found = find(named, country)
        chosen, title = found.areas, named.title_nl
    else:
        chosen, title = (
            in_municipalities(country, municipality),
            all_called(municipality),
        )
    start, end = span_of(country, start, end)
    return View(
        country=country,
        chosen=chosen,
        title=title,
        group=named,
        found=found,
        start=start,
        end=end,
        dimension_waves=dimension_span(country, start, end),
        noise=noise_or_unknown(country),
    )


def in_municipalities(country: Measured, municipality: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which areas lie in municipalities or regions, shape (areas,)."""
    codes = country.municipality_codes()
    if (codes == "").any():
        raise InputError(
            "--municipality",
            f"areas of level {country.level!r}",
            "areas whose code names a municipality",
            "Leave --municipality out for the whole country, or read scores of wijken or buurten as well.",
        )
    present = frozenset(codes.tolist())
    wanted = {code for name in municipality for code in find_municipalities(name, present)}
    return np.asarray(np.isin(codes, sorted(wanted)))


def span_of(country: Measured, start: int | None, end: int | None) -> tuple[int, int]:
    """Return the two measurements asked for; by default the last one, and the one before the end."""
    end = country.waves[-1] if end is None else end
    last = country.column(end)
    if start is None and last == 0:
        raise InputError("--to", str(end), f"a measurement after {end}, or --from an earlier one")
    start = country.waves[last - 1] if start is None else start
    country.column(start)
    if start >= end:
        raise InputError("--from and --to", f"{start} and {end}", "an earlier and a later measurement")
    return start, end


def dimension_span(country: Measured, start: int, end: int) -> tuple[int, int] | None:
    """Return the waves with dimensions nearest to a span: the last up to its end, and the last up to its start.

    Where none lies up to the start, the one before the end; None when there are no two of them.
    """
    upto = [wave for wave in country.dimension_waves() if wave <= end]
    if len(upto) < 2:
        return None
    before = [wave for wave in upto[:-1] if wave <= start]
    return (before or upto[:-1])[-1], upto[-1]


def tables(view: View, urbanity: FloatArray | None = None) -> dict[str, pd.DataFrame]:
    """Return the tables of a view by name."""
    country, codes = view.country, view.country.areas[view.chosen]
    development = development_table(country, view.start, view.end, view.noise)
    shown = development[development["location"].isin(codes)].reset_index(drop=True)
    shown.attrs = development.attrs
    made = {
        "state": state_table(view.areas, view.end),
        "development": shown,
        "transitions": transition_rows(view.areas, view.start, view.end),
        **_beside_others(view, urbanity),
    }
    if view.dimension_waves is not None:
        made["contributions"] = dimension_contributions(view.areas, *view.dimension_waves)
        made["contributions_of_group"] = group_contributions(
            country, *view.dimension_waves, groups={view.title: view.chosen}
        )
    return made


def _beside_others(view: View, urbanity: FloatArray | None) -> dict[str, pd.DataFrame]:
    """Return the trajectory of the areas, and its difference with that of comparable areas."""
    people = ~np.isnan(view.country.inhabitants[view.chosen]).all()
    weight: Weight = "inhabitants" if people else "areas"
    if view.whole:
        return {"trajectory": trajectory(view.country, None, weight, noise=view.noise)}
    matched, found = None, {}
    if urbanity is not None:
        first = view.country.waves[0]
        try:
            matched = match(view.country, view.chosen, first, urbanity, weight=weight).weights
            found["difference"] = difference(view.country, view.chosen, first, urbanity, weight=weight)
        except InputError:
            # Too few areas with an urbanity: the group is then compared with the rest alone.
            matched = None
    course = trajectory(view.country, view.chosen, weight, matched=matched, noise=view.noise)
    return {"trajectory": course, **found}
