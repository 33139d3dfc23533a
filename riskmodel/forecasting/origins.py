"""Origins: the moments from which a forecast can be made, and what was known at each.

A forecast starts from a wave at the moment that wave was published. A training example is a pair of waves that
were both published by then and lie a horizon apart, or follow each other within a few years: waves are rare and
their gaps uneven, and a change over four years also teaches about one over two. With a lag of 28 months and waves
2008, 2012, 2014, 2016 and 2018:

>>> import datetime
>>> published = {year: datetime.date(year + 2, 5, 1) for year in (2008, 2012, 2014, 2016, 2018)}
>>> origin_from(published, wave=2016, horizon=2)
Origin(wave=2016, horizon=2, known_at=datetime.date(2018, 5, 1), pairs=((2008, 2012), (2012, 2014), (2014, 2016)))

The change 2016-2018 is what this origin is asked for. It was published on 1 May 2020 and takes no part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from riskmodel.errors import InputError
from riskmodel.panel.panel import Panel

#: Waves that follow each other within this many years form a training example, whatever the horizon.
WIDEST_GAP = 4


@dataclass(frozen=True)
class Origin:
    """A moment from which a forecast is made.

    Attributes
    ----------
    wave : int
        Year of the wave the forecast starts from.
    horizon : int
        Years ahead.
    known_at : datetime.date
        Publication date of the wave; nothing published later may be used.
    pairs : tuple of (int, int)
        Start and end wave of every training example.
    """

    wave: int
    horizon: int
    known_at: date
    pairs: tuple[tuple[int, int], ...]

    @property
    def origin_date(self) -> date:
        """Reference date of the wave: 1 January of its year."""
        return date(self.wave, 1, 1)

    @property
    def target_wave(self) -> int:
        """Year of the wave that is forecast."""
        return self.wave + self.horizon


def origin_from(published: Mapping[int, date], wave: int, horizon: int) -> Origin:
    """Origin at a wave, from the publication date of every wave."""
    if wave not in published:
        raise InputError(f"origin {wave}", "no such wave", f"one of {sorted(published)}")
    known_at = published[wave]
    known = {year for year, day in published.items() if day <= known_at}
    if wave + horizon in known:
        raise InputError(
            f"origin {wave}",
            f"wave {wave + horizon} already published by {known_at}",
            "an outcome that was still to come",
            "Forecast from the later wave.",
        )
    pairs = _pairs(sorted(known), horizon)
    if not pairs:
        raise InputError(
            f"origin {wave}",
            f"no history: of the waves published by {known_at} ({sorted(known)}) no two lie {horizon} years apart "
            f"or follow each other within {WIDEST_GAP}",
            "at least one such pair to learn from",
            "Choose a later origin.",
        )
    return Origin(wave, horizon, known_at, pairs)


def _pairs(known: Sequence[int], horizon: int) -> tuple[tuple[int, int], ...]:
    apart = {(start, start + horizon) for start in known if start + horizon in known}
    in_turn = {(start, end) for start, end in pairwise(known) if end - start <= WIDEST_GAP}
    return tuple(sorted(apart | in_turn))


def publication_dates(panel: Panel) -> dict[int, date]:
    """Publication date of every wave of a panel."""
    return {wave: panel.published_on("score", wave) for wave in panel.waves}


def origin_at(panel: Panel, wave: int, horizon: int) -> Origin:
    """Origin at one wave of a panel; see :func:`origin_from`."""
    return origin_from(publication_dates(panel), wave, horizon)


def latest_origin(panel: Panel, horizon: int) -> Origin:
    """Origin at the last wave of a panel."""
    return origin_at(panel, panel.waves[-1], horizon)


def backtest_origins(panel: Panel, horizon: int, waves: Sequence[int] | None = None) -> list[Origin]:
    """Origins whose outcome is in the panel, earliest first."""
    published = publication_dates(panel)
    if waves is not None:
        missing = [wave for wave in waves if wave in published and wave + horizon not in published]
        if missing:
            raise InputError(
                f"origin {missing[0]}",
                f"no wave {missing[0] + horizon} to test against",
                f"waves {sorted(published)}",
            )
        return [origin_from(published, wave, horizon) for wave in sorted(set(waves))]
    origins = []
    for wave in sorted(published):
        if wave + horizon in published:
            try:
                origins.append(origin_from(published, wave, horizon))
            except InputError:
                continue
    if not origins:
        raise InputError(
            "panel",
            f"waves {sorted(published)}",
            f"waves {horizon} years apart, with history before them",
        )
    return origins
