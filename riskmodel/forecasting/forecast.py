"""The Forecast container: what one model forecasts at one origin, validated once.

In memory a forecast is a handful of arrays. On disk it is tidy rows in the column names of the *hubverse*
model-output standard, so that other people's tools can score it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError, refuse_damage
from riskmodel.forecasting.curve import Curve, Outputs
from riskmodel.forecasting.targets import READINGS, WEAK_CLASS, Event
from riskmodel.panel.panel import FloatArray

__all__ = ["SCHEMA", "Forecast", "Outputs", "read_forecasts", "to_table", "write_forecasts"]

CHANGE, CLASS = "score_change", "class"
#: Rounding allowed when a distribution is checked, and when a reading is checked against the classes.
SLACK, READING_SLACK = 1e-9, 1e-6
#: Ids of the two rows of a reading.
YES, NO = "yes", "no"

_TEXT = pa.dictionary(pa.int32(), pa.string())
#: Columns of the tidy form.
SCHEMA = pa.schema(
    [
        ("model", _TEXT),
        ("origin_date", pa.date32()),
        ("known_at", pa.date32()),
        ("target", _TEXT),
        ("horizon", pa.int32()),
        ("location", _TEXT),
        ("output_type", _TEXT),
        ("output_type_id", _TEXT),
        ("value", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Forecast:
    """One model's forecast of the change of the score from one origin.

    Attributes
    ----------
    model : str
        Name of the model.
    origin_date, known_at : datetime.date
        Reference date of the starting wave and the date it was published.
    horizon : int
        Years ahead.
    outputs : Outputs
        Quantile levels and thresholds.
    locations : numpy.ndarray of str, shape (areas,)
        Area codes, ascending, each once.
    mean : numpy.ndarray, shape (areas,)
        Expected change in score points.
    quantiles : numpy.ndarray, shape (areas, levels)
        Quantiles of the change, non-decreasing.
    cdf : numpy.ndarray, shape (areas, thresholds)
        Chance that the change is at most each threshold, non-decreasing.
    pmf : numpy.ndarray, shape (areas, 9)
        Chance of each class at the target wave; rows add up to 1.
    readings : mapping of str to numpy.ndarray, shape (areas,)
        Chance of each event of :data:`~riskmodel.forecasting.targets.READINGS` by name; NaN where it cannot
        happen. Empty for forecasts of earlier versions.
    """

    model: str
    origin_date: date
    known_at: date
    horizon: int
    outputs: Outputs
    locations: npt.NDArray[np.str_]
    mean: FloatArray
    quantiles: FloatArray
    cdf: FloatArray
    pmf: FloatArray
    readings: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where, n = f"forecast of {self.model!r}", len(self.locations)
        if (self.locations[1:] <= self.locations[:-1]).any():
            raise InputError(where, "areas out of order or twice", "ascending area codes, each once")
        for name, values, width in (
            ("quantiles", self.quantiles, len(self.outputs.quantiles)),
            ("cdf", self.cdf, len(self.outputs.thresholds)),
            ("pmf", self.pmf, 9),
        ):
            if values.shape != (n, width):
                raise InputError(where, f"{name} of shape {values.shape}", f"shape {(n, width)}")
            if not np.isfinite(values).all():
                raise InputError(where, f"{name} that are not finite", "a number for every area")
        if self.mean.shape != (n,) or not np.isfinite(self.mean).all():
            raise InputError(where, "an expected change that is missing", "a number for every area")
        if (np.diff(self.quantiles, axis=1) < -SLACK).any() or (np.diff(self.cdf, axis=1) < -SLACK).any():
            raise InputError(where, "quantiles or chances that cross", "a non-decreasing distribution")
        chances = np.column_stack([self.cdf, self.pmf])
        if (chances < -SLACK).any() or (chances > 1 + SLACK).any():
            raise InputError(where, "a chance outside 0 and 1", "chances from 0 to 1")
        if (np.abs(self.pmf.sum(axis=1) - 1) > 1e-6).any():
            raise InputError(where, "class chances that do not add up to 1", "a total of 1")
        for name, chance in self.readings.items():
            self._check_reading(f"{where}, {name}", name, chance)

    def _check_reading(self, where: str, name: str, chance: FloatArray) -> None:
        """Check a reading against the chances of the classes, which it cannot contradict."""
        if name not in READINGS:
            raise InputError(where, "an unknown reading", f"one of {', '.join(READINGS)}")
        if chance.shape != self.mean.shape or np.isinf(chance).any():
            raise InputError(where, f"chances of shape {chance.shape}", "a chance for every area, or none")
        low, weak = np.zeros(len(chance)), self.pmf[:, :WEAK_CLASS].sum(axis=1)
        high = low + 1.0
        if name in ("slide", "clear_slide", "weak"):
            high = weak
        if name in ("weak", "recover"):
            low = high = weak if name == "weak" else 1.0 - weak
        if (chance < low - READING_SLACK).any() or (chance > high + READING_SLACK).any():
            raise InputError(
                where, "a chance that contradicts those of the classes", "readings of one distribution"
            )

    @cached_property
    def curve(self) -> Curve:
        """The distribution between the reported points."""
        return Curve.through(self.outputs, self.quantiles, self.cdf)

    def cdf_at(self, points: FloatArray) -> FloatArray:
        """Chance that the change is at most each point, also between the reported ones.

        Parameters
        ----------
        points : numpy.ndarray, shape (areas, k)
            Changes in score points; each area may have its own.

        Returns
        -------
        numpy.ndarray, shape (areas, k)
            Exactly as reported at a reported threshold, otherwise read off :attr:`curve`.
        """
        chance = self.curve.at(points)
        for reported, at in zip(self.outputs.thresholds, self.cdf.T, strict=True):
            chance = np.where(points == reported, at[:, None], chance)
        return chance

    def chance_of(self, event: Event, limits: FloatArray | None = None) -> FloatArray:
        """Chance of an event, shape (areas,); NaN where the limit of an area is not known or it cannot happen.

        A fall relative to the country is read against this forecast's own mean expected change of all its areas.

        Parameters
        ----------
        event : Event
            What is asked.
        limits : numpy.ndarray, shape (areas,), optional
            Change below which the event happens, for events whose limit depends on the area:
            ``event.limits(panel, wave)`` at these areas.

        Raises
        ------
        InputError
            If the event needs limits and there are none, or is a reading that an earlier version did not store.
        """
        reading = next((name for name, one in READINGS.items() if one == event), "")
        if reading in self.readings:
            return self.readings[reading]
        if event.kind == reading:
            where = f"forecast of {self.model!r}"
            raise InputError(
                where, f"no chances of {reading!r}", "them", "It is of an earlier version: forecast again."
            )
        if event.kind == "tipping":
            chance: FloatArray = self.pmf[:, : event.to_class].sum(axis=1)
            return chance
        if limits is not None:
            return self.cdf_at(limits[:, None])[:, 0]
        limit = event.limit(float(self.mean.mean()))
        if limit in self.outputs.thresholds:
            return self.cdf[:, self.outputs.thresholds.index(limit)]
        return self.curve.at(np.full((len(self.locations), 1), limit))[:, 0]

    def positions(self, areas: npt.NDArray[np.str_]) -> npt.NDArray[np.intp]:
        """Rows of the given areas, shape of ``areas``.

        Raises
        ------
        InputError
            If the forecast misses one of them.
        """
        rows = np.searchsorted(self.locations, areas)
        found = self.locations[np.minimum(rows, len(self.locations) - 1)] == areas
        if not found.all():
            missing = areas[np.argmin(found)]
            raise InputError(f"forecast of {self.model!r}", f"no area {missing}", "every area that is judged")
        return rows

    def rows(self, chosen: npt.NDArray[np.bool_]) -> Forecast:
        """Return the forecast of some of its areas; what is computed of it knows nothing of the others."""
        arrays = {name: getattr(self, name)[chosen] for name in ("locations", "mean", "quantiles", "cdf", "pmf")}
        return replace(self, **arrays, readings={name: each[chosen] for name, each in self.readings.items()})

    def quantile(self, level: float) -> FloatArray:
        """One of the reported quantiles, shape (areas,)."""
        return self.quantiles[:, self.outputs.quantiles.index(level)]


def to_table(forecast: Forecast) -> pa.Table:
    """Tidy rows of a forecast in the hubverse column names, as an Arrow table of :data:`SCHEMA`.

    ``output_type_id`` is the quantile level, the threshold or the class number as text, and missing for the mean.
    Each reading is a target of its own with the rows ``yes`` and ``no`` of every area where it can happen.
    """
    blocks: list[tuple[str, str, list[str | None], FloatArray]] = [
        (CHANGE, "mean", [None], forecast.mean[:, None]),
        (CHANGE, "quantile", [_text(level) for level in forecast.outputs.quantiles], forecast.quantiles),
        (CHANGE, "cdf", [_text(point) for point in forecast.outputs.thresholds], forecast.cdf),
        (CLASS, "pmf", [str(number) for number in range(1, 10)], forecast.pmf),
    ]
    for name, chance in forecast.readings.items():
        blocks.append((name, "pmf", [YES, NO], np.column_stack([chance, 1 - chance])))
    tables = []
    for target, kind, ids, values in blocks:
        areas = np.flatnonzero(~np.isnan(values[:, 0]))
        rows = len(areas) * len(ids)
        tables.append(
            pa.table(
                [
                    _same(forecast.model, rows),
                    pa.array(np.full(rows, np.datetime64(forecast.origin_date, "D"))),
                    pa.array(np.full(rows, np.datetime64(forecast.known_at, "D"))),
                    _same(target, rows),
                    pa.array(np.full(rows, forecast.horizon, dtype=np.int32)),
                    _codes(np.repeat(areas, len(ids)), forecast.locations.tolist()),
                    _same(kind, rows),
                    _codes(np.tile(np.arange(len(ids)), len(areas)), ids),
                    pa.array(values[areas].ravel()),
                ],
                schema=SCHEMA,
            )
        )
    return pa.concat_tables(tables, promote_options="none").unify_dictionaries()


def write_forecasts(forecasts: Iterable[Forecast], path: Path) -> None:
    """Write forecasts to one Parquet file, a row group each."""
    repeated = [column for column in SCHEMA.names if column != "value"]
    with pq.ParquetWriter(
        path, SCHEMA, compression="zstd", compression_level=1, use_dictionary=repeated
    ) as writer:
        for forecast in forecasts:
            writer.write_table(to_table(forecast).combine_chunks())


def read_forecasts(path: Path, model: str | None = None) -> list[Forecast]:
    """Read forecasts back from tidy rows, in order of origin and model; of one model, or of all.

    Raises
    ------
    InputError
        If the file is damaged or a forecast in it is not valid.
    """
    expected = "forecasts as written by riskmodel"
    with refuse_damage(path, "a damaged file", expected, also=(pa.ArrowException,)):
        of_model = None if model is None else [("model", "==", model)]
        table = pq.read_table(path, filters=of_model).select(SCHEMA.names).cast(SCHEMA)
        empty = [name for name in SCHEMA.names if name != "output_type_id" and table.column(name).null_count]
        if empty:
            raise InputError(path, f"rows without {empty[0]}", expected)
        groups = table.to_pandas().groupby(["origin_date", "model"], observed=True)
        try:
            forecasts = [_from_rows(rows) for _, rows in groups]
        except InputError as error:
            raise InputError(f"{path}: {error.where}", error.found, error.expected, error.hint) from error
    return sorted(forecasts, key=lambda forecast: (forecast.origin_date, forecast.model))


def _from_rows(rows: pd.DataFrame) -> Forecast:
    def block(target: str, kind: str) -> tuple[list[str], FloatArray, np.ndarray]:
        part = rows[(rows["target"] == target) & (rows["output_type"] == kind)]
        names, ids = pd.factorize(part["output_type_id"].astype(object), use_na_sentinel=False)
        codes = part["location"].astype(str).to_numpy(dtype=str).reshape(-1, len(ids))
        if (names.reshape(codes.shape) != np.arange(len(ids))).any() or (codes != codes[:, :1]).any():
            raise InputError(f"{kind} rows", "rows in another order", "the rows of an area together")
        return list(ids), part["value"].to_numpy().reshape(codes.shape), codes[:, 0]

    quantile_ids, quantiles, locations = block(CHANGE, "quantile")
    threshold_ids, cdf, _ = block(CHANGE, "cdf")
    targets = set(rows["target"]) - {CHANGE, CLASS}
    # A reading without rows can happen nowhere, in a forecast that has any.
    readings = {name: np.full(len(locations), np.nan) for name in READINGS if targets}
    for name in sorted(targets):
        ids, chances, areas = block(name, "pmf")
        if ids != [YES, NO] or (np.abs(chances.sum(axis=1) - 1) > SLACK).any():
            raise InputError(f"{name} rows", f"{ids}", f"the chances of {YES!r} and {NO!r}, a total of 1")
        if not np.isin(areas, locations).all():
            raise InputError(f"{name} rows", "an area without a distribution", "areas of the forecast")
        readings[name] = np.full(len(locations), np.nan)
        readings[name][np.searchsorted(locations, areas)] = chances[:, 0]
    first = rows.iloc[0]
    return Forecast(
        model=str(first["model"]),
        origin_date=first["origin_date"],
        known_at=first["known_at"],
        horizon=int(first["horizon"]),
        outputs=Outputs(tuple(map(float, quantile_ids)), tuple(map(float, threshold_ids))),
        locations=locations.astype(str),
        mean=block(CHANGE, "mean")[1][:, 0],
        quantiles=quantiles,
        cdf=cdf,
        pmf=block(CLASS, "pmf")[1],
        readings=readings,
    )


def _text(number: float) -> str:
    """The shortest text that reads back as the same number."""
    return np.format_float_positional(number, trim="-")


def _same(text: str, rows: int) -> pa.DictionaryArray:
    return _codes(np.zeros(rows, dtype=np.int64), [text])


def _codes(positions: np.ndarray, texts: Sequence[str | None]) -> pa.DictionaryArray:
    missing = np.array([text is None for text in texts])
    words = pa.array([text for text in texts if text is not None], pa.string())
    return pa.DictionaryArray.from_arrays(
        pa.array(positions.astype(np.int32), mask=missing[positions] if missing.any() else None), words
    )
