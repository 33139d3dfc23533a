"""Pictures of the present: each function draws a figure from plain tables; :func:`save` writes it.

All are drawn without pyplot, in Dutch, in colours that can be told apart by the colour blind and, with the numbers
and names in them, on a black-and-white printer.
"""

from __future__ import annotations

from riskmodel.products.present.pictures.bars import decomposition_shares, dimension_bars
from riskmodel.products.present.pictures.compare import association_scatter
from riskmodel.products.present.pictures.flow import class_shares, transition_flow
from riskmodel.products.present.pictures.groups import bands, group_trajectory
from riskmodel.products.present.pictures.maps import change_map, class_map
from riskmodel.products.present.pictures.paths import slope_chart, small_multiples
from riskmodel.products.rendering.outlines import Outlines, outlines
from riskmodel.products.rendering.style import CLASS_COLOURS, ink_on, save

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
    "transition_flow",
]
