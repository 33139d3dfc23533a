"""Drift of what is scored against what was learned from: counts by hand, and one definition with check RM009."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_worlds import NAMES, made_release, made_rows, write

import riskmodel
from riskmodel.cli.text import score_summary
from riskmodel.errors import InputError
from riskmodel.forecasting.checks.columns import psi
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.models.structural import SPREAD
from riskmodel.scoring.drift import DriftCounts, count_drift, drift_of
from riskmodel.scoring.reference import FeatureReference, load_reference, reference_file

TWO = FeatureReference("a.b", np.array([0.0]), np.array([30, 70]), 100, -1.0, 1.0)


def test_psi_by_hand() -> None:
    # 30% and 70% in training; now 3 of 4 known values at or below the border: 75% and 25%.
    values = np.array([[-2.0, -0.5, 0.0, 3.0, np.nan]])
    counts = count_drift([TWO], values)
    assert counts.bins[0].tolist() == [3, 1, *[0] * 8]
    [found] = drift_of([TWO], counts)
    assert found.psi == pytest.approx((0.75 - 0.3) * np.log(0.75 / 0.3) + (0.25 - 0.7) * np.log(0.25 / 0.7))
    assert found.psi == pytest.approx(0.8757, abs=1e-4)
    assert (found.missing_training, found.missing) == (0.5, 0.2)
    assert (found.below, found.above) == (1, 1)
    assert found.warning


def test_what_is_emptier_warns_and_what_is_fuller_does_not() -> None:
    full = FeatureReference("a.b", np.array([0.0]), np.array([50, 50]), 0, -1.0, 1.0)
    emptied = count_drift([full], np.array([[-0.5, 0.5, np.nan, np.nan]]))
    assert drift_of([full], emptied)[0].warning
    assert not drift_of([TWO], count_drift([TWO], np.array([[-0.5] * 3 + [0.5] * 7])))[0].warning


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 300), st.integers(0, 300), st.integers(1, 5))
def test_streaming_gives_the_index_of_the_check(seed: int, examples: int, rows: int, distinct: int) -> None:
    rng = np.random.default_rng(seed)
    before = rng.integers(-distinct, distinct, (examples, 2)) / 2 + np.array([0.0, 0.3]) * rng.normal()
    now = rng.integers(-distinct, distinct, (rows, 2)) / 2
    before[rng.random(before.shape) < 0.2] = np.nan
    now[rng.random(now.shape) < 0.2] = np.nan
    about = json.loads(reference_file(Features(("a.b", "a.c"), before)))["features"]
    reference = [
        FeatureReference(
            name,
            np.array(each["edges"], dtype=float),
            np.array(each["counts"]),
            each["missing"],
            np.nan if each["low"] is None else each["low"],
            np.nan if each["high"] is None else each["high"],
        )
        for name, each in about.items()
    ]
    counts = DriftCounts.none(2)
    for part in np.array_split(now, 3):
        counts = counts + count_drift(reference, np.ascontiguousarray(part.T))
    assert DriftCounts.from_dict(counts.as_dict()).bins.tolist() == counts.bins.tolist()
    for place, found in enumerate(drift_of(reference, counts)):
        assert found.psi == pytest.approx(psi(before[:, place], now[:, place]), abs=1e-12)
        assert found.missing == pytest.approx(np.isnan(now[:, place]).mean() if rows else 0.0)
        known = before[:, place][~np.isnan(before[:, place])]
        outside = (now[:, place] > known.max()) | (now[:, place] < known.min()) if len(known) else np.zeros(1)
        assert found.below + found.above == outside.sum()


def test_the_report_of_a_run(tmp_path: Path) -> None:
    release = made_release(tmp_path / "models")
    rows = made_rows(5_000, missing=0.0)
    rows["onv.level"] += 2
    rows["soc.level"] = np.nan
    done = riskmodel.score(write(rows, tmp_path / "in.parquet"), release.folder, tmp_path / "out")
    drift = {each["feature"]: each for each in done.manifest["drift"]["features"]}
    assert {name for name, each in drift.items() if each["warning"]} == {"onv.level", "soc.level"}
    assert drift["soc.level"]["missing"] == 1.0
    high = load_reference(release.folder, NAMES)[NAMES.index("onv.level")].high
    assert drift["onv.level"]["above"] == (rows["onv.level"] > high).sum() > 0
    told = score_summary(done.manifest)
    assert told[0] == f"{release.id}: 5,000 of 5,000 rows scored"
    assert told[1].startswith(f"drift: 2 of {len(NAMES)} features unlike the training")
    assert told[2].startswith("  onv.level: PSI ")


def test_a_model_without_a_reference_says_so(tmp_path: Path) -> None:
    release = made_release(tmp_path / "models", reference=False)
    rows = made_rows(100, missing=0.0)
    rows.loc[0, SPREAD] = np.nan
    done = riskmodel.score(write(rows, tmp_path / "in.parquet"), release.folder, tmp_path / "out")
    assert score_summary(done.manifest) == [
        f"{release.id}: 99 of 100 rows scored",
        "1 row rejected (1 missing); each with its reason under rejects",
        "drift: not known, this model was released without a reference of its training",
    ]


def test_a_reference_is_checked(tmp_path: Path) -> None:
    release = made_release(tmp_path / "models")
    path = release.folder / "training_reference.json"
    path.write_text(path.read_text().replace('"missing": 0', '"missing": 1', 1))
    with pytest.raises(InputError, match="changed or added"):
        riskmodel.score(write(made_rows(5), tmp_path / "in.csv"), release.folder, tmp_path / "out")
    path.write_text("[]")
    with pytest.raises(InputError, match="no reference of the training"):
        load_reference(release.folder, NAMES)
