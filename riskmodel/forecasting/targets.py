"""What a forecast is asked: the change of the score, and the events read off it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray, Panel


@dataclass(frozen=True)
class Event:
    """The event whose chance is forecast.

    Attributes
    ----------
    kind : {"fall", "tipping"}
        ``"fall"``: the score falls by more than ``more_than``. ``"tipping"``: an area of class ``from_class``
        or better is in class ``to_class`` or lower at the next measurement.
    more_than : float
        Score points, above 0.
    from_class, to_class : int
        Classes 1 to 9.
    """

    kind: Literal["fall", "tipping"]
    more_than: float = 0.05
    from_class: int = 5
    to_class: int = 4

    def __post_init__(self) -> None:
        if self.kind not in ("fall", "tipping"):
            raise InputError("event.kind", repr(self.kind), "'fall' or 'tipping'")
        if not 0 < self.more_than < 1:
            raise InputError("event.more_than", str(self.more_than), "score points between 0 and 1")
        if not 1 <= self.to_class < self.from_class <= 9:
            raise InputError("event", f"from class {self.from_class} to {self.to_class}", "a lower class")

    @property
    def name(self) -> str:
        """Name in the Scores container, for instance ``"fall_0.05"``."""
        return f"fall_{self.more_than:g}" if self.kind == "fall" else f"tipping_{self.from_class}_{self.to_class}"

    @property
    def in_dutch(self) -> str:
        """The event in plain Dutch."""
        if self.kind == "fall":
            return f"de score daalt meer dan {self.more_than:g} punt".replace(".", ",")
        return f"het gebied zakt van klasse {self.from_class} of hoger naar klasse {self.to_class} of lager"

    def eligible(self, panel: Panel, wave: int) -> np.ndarray:
        """Areas to which the question applies at a wave, boolean, shape (areas,)."""
        measured: np.ndarray = ~np.isnan(panel.at("score", wave))
        if self.kind == "tipping":
            measured &= panel.classes(wave) >= self.from_class
        return measured

    def happened(self, panel: Panel, wave: int, end: int) -> FloatArray:
        """1.0 where the event happened between two waves, 0.0 where not, NaN where not measured."""
        if self.kind == "fall":
            change = score_change(panel, wave, end)
            return np.where(np.isnan(change), np.nan, (change < -self.more_than).astype(float))
        later = panel.classes(end)
        return np.where(np.isnan(later), np.nan, (later <= self.to_class).astype(float))


def score_change(panel: Panel, start: int, end: int) -> FloatArray:
    """Change of the total score between two waves in score points, shape (areas,)."""
    return panel.at("score", end) - panel.at("score", start)
