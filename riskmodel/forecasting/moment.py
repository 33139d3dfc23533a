"""The moment that a forecast speaks about: how far it lies from today, and whether a newer wave is out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from riskmodel.catalogue import newest_wave


@dataclass(frozen=True)
class Moment:
    """A measurement that is forecast, seen from a day.

    Attributes
    ----------
    target_date, today : datetime.date
        Reference date of the measurement, and the day.
    origin_wave : int
        Year of the wave that the forecast starts from.
    newer_wave : int or None
        A wave that is out on that day and newer than the one the forecast starts from.
    """

    target_date: date
    today: date
    origin_wave: int
    newer_wave: int | None

    @property
    def passed(self) -> bool:
        """Whether the reference date has come."""
        return self.target_date <= self.today

    @property
    def months(self) -> int:
        """Whole months between the day and the reference date, whichever comes first."""
        first, last = sorted((self.today, self.target_date))
        whole = 12 * (last.year - first.year) + last.month - first.month
        return whole - (last.day < first.day)


def moment_of(wave: int, horizon: int, edition: str, today: date) -> Moment:
    """Moment of a forecast from a wave; only of Leefbaarometer 3.0 newer waves are known."""
    newest = newest_wave(today) if edition == "3.0" else wave
    return Moment(date(wave + horizon, 1, 1), today, wave, newest if newest > wave else None)


def default_moment(moments: Sequence[Moment]) -> Moment:
    """The moment that is spoken about first: the nearest that lies ahead, else the latest."""
    ahead = [moment for moment in moments if not moment.passed]
    return min(ahead, key=_target) if ahead else max(moments, key=_target)


def _target(moment: Moment) -> date:
    return moment.target_date
