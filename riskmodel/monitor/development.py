"""Development of areas between two measurements, and which changes are larger than the noise of the score.

The noise belongs to the two measurements and not to the years between them: a change over twelve years is as noisy
as one over two. Waves are uneven (2002, 2008, 2012, 2014, ...), so a long span has more lasting change
with the same noise, and more of its changes stand out. Never compare shares beyond noise over spans of unequal
length.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured, municipality_names
from riskmodel.panel.measurement_noise import UNKNOWN, Noise, estimate_noise
from riskmodel.panel.panel import FloatArray

#: Standard deviations of the noise beyond which a change counts: two-sided, one in ten by noise alone.
BEYOND = 1.645
#: Half the width of an interval of 80%, in standard deviations.
HALF_80 = 1.2816
#: Words for the direction of a change.
FORWARD, BACK, UNCLEAR, NOT_KNOWN = "vooruit", "achteruit", "geen duidelijke verandering", "onbekend"


def span(measured: Measured, start: int, end: int) -> tuple[int, int]:
    """Return the indices of two measurements on the wave axis."""
    indices = measured.column(start), measured.column(end)
    if start >= end:
        raise InputError(f"measurements {start} and {end}", f"an end in {end}", f"an end after {start}")
    return indices


def inhabitants_at(measured: Measured, wave: int) -> FloatArray:
    """Return inhabitants at a wave, else at the nearest wave with a count; shape (areas,), NaN without any."""
    return _nearest_known(measured.inhabitants, measured, wave)


def households_at(measured: Measured, wave: int) -> FloatArray:
    """Return households, as :func:`inhabitants_at`."""
    return _nearest_known(measured.households, measured, wave)


def _nearest_known(counts: FloatArray, measured: Measured, wave: int) -> FloatArray:
    found: FloatArray = counts[:, measured.column(wave)]
    for other in sorted(measured.waves, key=lambda each: (abs(each - wave), each)):
        found = np.where(np.isnan(found), counts[:, measured.column(other)], found)
    return found


def noise_of(measured: Measured) -> Noise:
    """Estimate the noise of the score on all waves; ``measured`` is the whole country, never a part of it."""
    sizes = np.column_stack([inhabitants_at(measured, wave) for wave in measured.waves])
    try:
        return estimate_noise(measured.score, sizes)
    except InputError as error:
        raise InputError(
            f"jitter of Leefbaarometer {measured.edition}, level {measured.level}",
            error.found,
            error.expected,
            "Estimate it on all areas of the country with three measurements or more, and pass it as `noise`.",
        ) from error


def noise_of_change(measured: Measured, start: int, end: int, noise: Noise | None = None) -> FloatArray:
    """Return the standard deviation of the noise of every area's change, shape (areas,).

    In score points; NaN where it could not be estimated.
    """
    noise = noise_or_unknown(measured) if noise is None else noise
    return noise.of_change(inhabitants_at(measured, start), inhabitants_at(measured, end))


def noise_or_unknown(measured: Measured) -> Noise:
    """Return the noise as :func:`noise_of`; an unknown one where it cannot be estimated."""
    try:
        return noise_of(measured)
    except InputError:
        return UNKNOWN


def development_table(
    measured: Measured, start: int, end: int, noise: Noise | None = None, beyond: float = BEYOND
) -> pd.DataFrame:
    """Return the development of every area between two measurements.

    One row an area with a score at both, in the order of ``measured``. For a part of the country ``noise`` must be
    that of the whole. ``development_edition`` is ``"2.0"`` for 3.0 as well: its cuts are not published, those of
    2.0 are on the same scale. ``noise`` is the standard deviation of the noise of a change, ``low80, high80`` the
    change -+ 1.28 times it; ``beyond_noise`` is False and ``direction`` ``"onbekend"`` where the noise is unknown.
    """
    first, last = span(measured, start, end)
    noise = noise_or_unknown(measured) if noise is None else noise
    change = measured.change(start, end)
    spread = noise_of_change(measured, start, end, noise)
    there = ~np.isnan(change)
    development = np.where(there, measured.development.classify(change), 1).astype(int)
    beyond_noise = np.abs(change) > beyond * spread
    table = pd.DataFrame(
        {
            "location": measured.areas,
            "name": measured.names,
            "municipality": municipality_names(measured.municipality_codes()),
            "start": start,
            "end": end,
            "score_start": measured.score[:, first],
            "score_end": measured.score[:, last],
            "change": change,
            "class_start": measured.classes[:, first],
            "class_end": measured.classes[:, last],
            "development_class": development,
            "development_name": np.array(measured.development.names)[development - 1],
            "development_edition": "2.0",
            "inhabitants_start": inhabitants_at(measured, start),
            "inhabitants": inhabitants_at(measured, end),
            "noise": spread,
            "low80": change - HALF_80 * spread,
            "high80": change + HALF_80 * spread,
            "beyond_noise": beyond_noise,
            "direction": _direction(change, spread, beyond_noise),
        }
    )[there].reset_index(drop=True)
    table = table.astype({"class_start": int, "class_end": int})
    table.attrs = {
        "edition": measured.edition,
        "level": measured.level,
        "noise": asdict(noise),
        "beyond": beyond,
        "not_measured": int((~there).sum()),
    }
    return table


def _direction(
    change: FloatArray, spread: FloatArray, beyond_noise: npt.NDArray[np.bool_]
) -> npt.NDArray[np.str_]:
    words: npt.NDArray[np.str_] = np.select(
        [np.isnan(spread), beyond_noise & (change > 0), beyond_noise], [NOT_KNOWN, FORWARD, BACK], UNCLEAR
    )
    return words
