"""Tables and pictures of the national picture, by file name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.catalogue import municipalities
from riskmodel.catalogue.group_lists import groups as shipped
from riskmodel.errors import InputError
from riskmodel.monitor.comparable import Weight
from riskmodel.monitor.decomposition import covariance_shares
from riskmodel.monitor.groups import find
from riskmodel.monitor.measured import Measured
from riskmodel.monitor.national import Groups, class_distribution, onvoldoende
from riskmodel.monitor.national_change import crossings, direction_shares, fallers_by_dimension
from riskmodel.monitor.trajectory import trajectory
from riskmodel.monitor.transitions import movers, transition_rows
from riskmodel.monitor.view import dimension_span
from riskmodel.panel.measurement_noise import Noise
from riskmodel.products.present.group_words import parts_found
from riskmodel.products.rendering.dutch import areas_word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Groups in the text and in the picture of trajectories; the tables have all shipped groups.
SHOWN_GROUPS = ("G4", "40 aandachtswijken", "Krimpregio's")
#: Risers and fallers in the table.
MOVERS = 50


@dataclass(frozen=True)
class GroupMasks:
    """The shipped groups that have areas here.

    Attributes
    ----------
    masks : mapping of str to numpy.ndarray of bool, shape (areas,)
        Areas of each group by its name.
    titles : mapping of str to str
        Its name in running Dutch text.
    partly : mapping of str to str
        For groups of which parts are missing, how many were found, in Dutch.
    """

    masks: Groups
    titles: dict[str, str]
    partly: dict[str, str]


def groups_in(measured: Measured) -> GroupMasks:
    """Return the shipped groups that have areas here, without the provinces."""
    provinces = set(municipalities()["province"])
    masks, titles, partly = {}, {}, {}
    for name, group in shipped().items():
        if name in provinces:
            continue
        try:
            found = find(group, measured)
        except InputError:
            # A group of wijken has no areas among municipalities.
            continue
        masks[name], titles[name] = found.areas, group.title_nl
        if found.parts < found.listed:
            partly[name] = f"{parts_found(found)} delen gevonden"
            titles[name] += f" ({partly[name]})"
    return GroupMasks(masks, titles, partly)


def national_tables(
    measured: Measured, start: int, end: int, groups: Groups, noise: Noise
) -> dict[str, pd.DataFrame]:
    """Return the tables of the country by name.

    ``classes, onvoldoende, groups`` of all measurements; ``directions, crossings, transitions`` and, with a known
    noise, ``movers`` between the two; ``dimensions`` and ``fallers`` between the nearest two with dimensions.
    """
    made = {
        "classes": class_distribution(measured),
        "onvoldoende": onvoldoende(measured, groups),
        "groups": _courses(measured, groups, noise),
        "directions": direction_shares(measured, start, end, noise),
        "crossings": crossings(measured, start, end, noise),
        "transitions": transition_rows(measured, start, end),
    }
    span = dimension_span(measured, start, end)
    if span is not None:
        made["dimensions"] = covariance_shares(measured, *span).assign(start=span[0], end=span[1])
    # Without a known noise no area can be called a mover.
    if noise.constant == noise.constant:
        made["movers"] = movers(measured, start, end, n=MOVERS, noise=noise)
        if span is not None:
            fallers = fallers_by_dimension(measured, *span, noise)
            made["fallers"] = fallers.assign(start=span[0], end=span[1])
    return made


def national_pictures(
    measured: Measured, start: int, end: int, tables: dict[str, pd.DataFrame], partly: Mapping[str, str]
) -> dict[str, Figure]:
    """Return the pictures of the country: ``classes, transitions, groups`` and, where known, ``dimensions``."""
    from riskmodel.products.present import pictures
    from riskmodel.products.present.pictures.groups import bands
    from riskmodel.products.present.pictures.view_pictures import (
        band_words,
        class_picture,
        decomposition_picture,
        source_line,
    )

    many = areas_word(measured.level)
    courses = tables["groups"][tables["groups"]["part"] != "rest"]
    courses = courses.assign(part=courses["group"])
    shown = [name for name in ("Nederland", *SHOWN_GROUPS) if (courses["part"] == name).any()]
    missing = "".join(f"{name}: {partly[name]}. " for name in shown if name in partly)
    found = {
        "classes": class_picture(measured, "Klassen in Nederland"),
        "transitions": pictures.transition_flow(
            tables["transitions"],
            start,
            end,
            measured.scheme.names,
            title="Van klasse naar klasse in Nederland",
            subtitle=f"Aantal {many} per klasse, {start} tot {end}",
            note=source_line(measured),
            unit=many,
        ),
        "groups": pictures.group_trajectory(
            bands(courses, {name: name for name in shown}),
            title="Verloop van de score in groepen gebieden",
            subtitle=f"Gemiddelde naar inwoners{band_words(courses)}",
            note=f"Alleen {many} met een score in elke meting. {missing}Een verschil zegt niet waardoor het komt. "
            + source_line(measured),
        ),
    }
    if "dimensions" in tables:
        shares = tables["dimensions"]
        found["dimensions"] = decomposition_picture(
            shares, measured, int(shares["start"].iloc[0]), int(shares["end"].iloc[0])
        )
    return found


def _courses(measured: Measured, groups: Groups, noise: Noise) -> pd.DataFrame:
    """Return the trajectory of the country, and of every group and the rest of the country."""
    people = bool((measured.inhabitants > 0).any())
    weight: Weight = "inhabitants" if people else "areas"
    made = [trajectory(measured, None, weight, noise=noise).assign(group="Nederland")]
    for name, chosen in groups.items():
        try:
            course = trajectory(measured, chosen, weight, noise=noise)
        except InputError:
            # No area of the group was measured every time.
            continue
        made.append(course[course["part"].isin(["group", "rest"])].assign(group=name))
    table = pd.concat(made, ignore_index=True)
    return table[["group", *table.columns.drop("group")]]
