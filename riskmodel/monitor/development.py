"""How areas developed between two measurements, and which changes are larger than the jitter of the score.

The jitter belongs to the two measurements and not to the years between them: a change over twelve years jitters as
much as one over two. Waves are uneven (2002, 2008, 2012, 2014, ...), so a long span holds more lasting change
against the same jitter, and more of its changes stand out. Never compare shares beyond noise over spans of unequal
length.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured
from riskmodel.monitor.measured import municipality_names as names_of_codes
from riskmodel.panel.measurement_noise import UNKNOWN, Noise, estimate_noise
from riskmodel.panel.panel import FloatArray

#: Beyond so many standard deviations of the jitter a change stands out: two-sided, one in ten by jitter alone.
BEYOND = 1.645
#: Half the width of an interval of 80%, in standard deviations.
HALF_80 = 1.2816
#: Words for the direction of a change.
FORWARD, BACK, UNCLEAR, NOT_KNOWN = "vooruit", "achteruit", "geen duidelijke verandering", "onbekend"


def span(measured: Measured, start: int, end: int) -> tuple[int, int]:
    """Places of two measurements on the wave axis."""
    places = measured.column(start), measured.column(end)
    if start >= end:
        raise InputError(f"measurements {start} and {end}", f"an end in {end}", f"an end after {start}")
    return places


def inhabitants_at(measured: Measured, wave: int) -> FloatArray:
    """Inhabitants at a wave, else at the nearest wave with a count; shape (areas,), NaN where there is none."""
    return _nearest_known(measured.inhabitants, measured, wave)


def households_at(measured: Measured, wave: int) -> FloatArray:
    """Households, as :func:`inhabitants_at`."""
    return _nearest_known(measured.households, measured, wave)


def _nearest_known(counts: FloatArray, measured: Measured, wave: int) -> FloatArray:
    found: FloatArray = counts[:, measured.column(wave)]
    for other in sorted(measured.waves, key=lambda each: (abs(each - wave), each)):
        found = np.where(np.isnan(found), counts[:, measured.column(other)], found)
    return found


def noise_of(measured: Measured) -> Noise:
    """Jitter of the score, estimated on all waves; give it the whole country, never a part of it."""
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
    """Standard deviation of the jitter of every area's change, given its inhabitants at both measurements."""
    noise = noise_or_unknown(measured) if noise is None else noise
    return noise.of_change(inhabitants_at(measured, start), inhabitants_at(measured, end))


def noise_or_unknown(measured: Measured) -> Noise:
    """As :func:`noise_of`; where it cannot be estimated ``riskmodel.panel.measurement_noise.UNKNOWN``."""
    try:
        return noise_of(measured)
    except InputError:
        return UNKNOWN


def development_table(
    measured: Measured, start: int, end: int, noise: Noise | None = None, beyond: float = BEYOND
) -> pd.DataFrame:
    """Development of every area between two measurements."""
    first, last = span(measured, start, end)
    noise = noise_or_unknown(measured) if noise is None else noise
    change = measured.change(start, end)
    spread = noise_of_change(measured, start, end, noise)
    there = ~np.isnan(change)
    development = np.where(there, measured.development.classify(change), 1).astype(int)
    stands_out = np.abs(change) > beyond * spread
    table = pd.DataFrame(
        {
            "location": measured.areas,
            "name": measured.names,
            "municipality": municipality_names(measured),
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
            "beyond_noise": stands_out,
            "direction": _direction(change, spread, stands_out),
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


def _direction(change: FloatArray, spread: FloatArray, stands_out: npt.NDArray[np.bool_]) -> npt.NDArray[np.str_]:
    words: npt.NDArray[np.str_] = np.select(
        [np.isnan(spread), stands_out & (change > 0), stands_out], [NOT_KNOWN, FORWARD, BACK], UNCLEAR
    )
    return words


def municipality_names(measured: Measured) -> npt.NDArray[np.str_]:
    """Name of every area's municipality, shape (areas,); the code where no name is known, empty without code."""
    return names_of_codes(measured.municipality_codes())
