"""Pictures of the present: each function takes plain tables and gives a figure; :func:`save` writes it.

All are drawn without pyplot, in Dutch, in colours that can be told apart by the colour blind and, with the numbers
and names in them, on a black-and-white printer.
"""

from __future__ import annotations

from riskmodel.monitor.pictures_bars import decomposition_shares, dimension_bars
from riskmodel.monitor.pictures_compare import association_scatter, survey_against_measurement
from riskmodel.monitor.pictures_flow import class_shares, transition_flow
from riskmodel.monitor.pictures_groups import bands, group_trajectory
from riskmodel.monitor.pictures_map import Outlines, change_map, class_map, outlines
from riskmodel.monitor.pictures_paths import slope_chart, small_multiples
from riskmodel.monitor.pictures_style import CLASS_COLOURS, ink_on, save

__all__ = [
    "CLASS_COLOURS",
    "Outlines",
    "association_scatter",
    "bands",
    "change_map",
    "class_map",
    "class_shares",
    "decomposition_shares",
    "dimension_bars",
    "group_trajectory",
    "ink_on",
    "outlines",
    "save",
    "slope_chart",
    "small_multiples",
    "survey_against_measurement",
    "transition_flow",
]
