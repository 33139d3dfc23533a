"""The Forecast container: its tidy form, its checks, and that every risk is read off one distribution."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from riskmodel.catalogue import class_scheme
from riskmodel.errors import InputError
from riskmodel.forecasting.curve import CLIP, Curve
from riskmodel.forecasting.distribution import StudentT
from riskmodel.forecasting.forecast import Forecast, Outputs, read_forecasts, to_table, write_forecasts
from riskmodel.forecasting.origins import Origin
from riskmodel.forecasting.stage import forecast_from, readings_of
from riskmodel.forecasting.targets import READINGS, Event

HUBVERSE = ["origin_date", "target", "horizon", "location", "output_type", "output_type_id", "value"]
ORIGIN = Origin(2018, 2, date(2020, 5, 1), ((2014, 2016), (2016, 2018)))
OUTPUTS = Outputs((0.025, 0.1, 0.5, 0.9, 0.975), (-0.1, -0.05, 0.0, 0.05))
FALL, TIPPING = Event("fall", 0.05), Event("tipping")
LOCATION = np.array([0.01, -0.02, 0.0])
SCALE = np.array([0.03, 0.05, 0.10])
DEVIATION = np.array([0.0, -0.15, 0.2])


def made(outputs=OUTPUTS, model="made", wave=2018, location=LOCATION, scale=SCALE, deviation=DEVIATION):
    return forecast_from(
        model=model,
        origin=replace(ORIGIN, wave=wave),
        outputs=outputs,
        locations=np.array([f"WK0001{i:02d}" for i in range(len(location))]),
        deviation=deviation,
        scheme=class_scheme("3.0"),
        distribution=StudentT(location, 0.9 * scale, freedom=5.0),
    )


def cdf(point, area):
    """The same distribution according to scipy."""
    return stats.t.cdf(point, df=5.0, loc=LOCATION[area], scale=0.9 * SCALE[area])


def test_every_risk_is_that_of_the_distribution():
    forecast = made()
    for area in range(3):
        assert forecast.chance_of(FALL)[area] == pytest.approx(cdf(-0.05, area), abs=1e-12)
        # Class 4 or lower: the deviation ends below -.16405.
        tips = cdf(-0.16405 - DEVIATION[area], area)
        assert forecast.chance_of(TIPPING)[area] == pytest.approx(tips, abs=1e-12)
        # Class 6 exactly: from -.10295 up to .01015.
        six = cdf(0.01015 - DEVIATION[area], area) - cdf(-0.10295 - DEVIATION[area], area)
        assert forecast.pmf[area, 5] == pytest.approx(six, abs=1e-12)
        lower = stats.t.ppf(0.1, df=5.0, loc=LOCATION[area], scale=0.9 * SCALE[area])
        assert forecast.quantile(0.1)[area] == pytest.approx(lower, abs=1e-12)
    np.testing.assert_array_equal(forecast.mean, LOCATION)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(0.005, 0.3), st.floats(-0.6, 0.5)), min_size=1, max_size=8)
)
def test_a_forecast_never_contradicts_itself(areas):
    location, scale, deviation = np.array(areas).T
    # A threshold at the class cut of the first area.
    at_cut = float(class_scheme("3.0").cuts[3] - deviation[0])
    forecast = made(Outputs((0.1, 0.5, 0.9), (at_cut,)), location=location, scale=scale, deviation=deviation)
    assert (np.diff(forecast.quantiles, axis=1) >= 0).all()
    np.testing.assert_allclose(forecast.pmf.sum(axis=1), 1, atol=1e-9)
    assert (forecast.pmf >= 0).all()
    assert forecast.pmf[0, :4].sum() == pytest.approx(forecast.cdf[0, 0], abs=1e-9)
    assert forecast.chance_of(TIPPING)[0] == pytest.approx(forecast.cdf[0, 0], abs=1e-9)


def test_tidy_rows_have_the_columns_of_the_hubverse_and_two_more():
    table = to_table(made())
    assert set(table.column_names) == {*HUBVERSE, "model", "known_at"}
    assert len(table.column_names) == len(HUBVERSE) + 2
    frame = table.to_pandas()
    # The readings have two rows each; none of the three areas is of class 1, and none of class 4 or lower.
    assert len(frame) == 3 * (1 + 5 + 4 + 9 + 5 * 2)
    assert set(frame["origin_date"]) == {date(2018, 1, 1)}
    assert set(frame["known_at"]) == {date(2020, 5, 1)}
    assert set(frame["horizon"]) == {2}
    kinds = frame.groupby(["target", "output_type"], observed=True)["output_type_id"].unique()
    assert kinds["score_change", "quantile"].tolist() == ["0.025", "0.1", "0.5", "0.9", "0.975"]
    assert kinds["score_change", "cdf"].tolist() == ["-0.1", "-0.05", "0", "0.05"]
    assert kinds["class", "pmf"].tolist() == [str(number) for number in range(1, 10)]
    assert frame.loc[frame["output_type"] == "mean", "output_type_id"].isna().all()


def test_tidy_values_stand_with_their_area_and_id():
    forecast = made()
    frame = to_table(forecast).to_pandas()
    for area, code in enumerate(forecast.locations):
        own = frame[frame["location"] == code]
        quantiles = own[own["output_type"] == "quantile"]
        assert (np.diff(quantiles["value"]) > 0).all()
        for level, value in zip(quantiles["output_type_id"], quantiles["value"], strict=True):
            exact = stats.t.ppf(float(level), df=5.0, loc=LOCATION[area], scale=0.9 * SCALE[area])
            assert value == pytest.approx(exact, abs=1e-12)
        chances = own[own["output_type"] == "cdf"].set_index("output_type_id")["value"]
        assert chances["-0.05"] == forecast.chance_of(FALL)[area]
        sums = own[own["output_type"] == "pmf"].groupby("target", observed=True)["value"].sum()
        assert sums.to_dict() == pytest.approx(dict.fromkeys(sums.index, 1.0), abs=1e-12)
        assert set(sums.index) == {"class", *READINGS} - {"recover"}


def test_forecasts_come_back_from_parquet_bit_by_bit(tmp_path):
    first, second = made(model="b"), made(model="a")
    earlier = made(model="b", wave=2016)
    path = tmp_path / "forecasts.parquet"
    write_forecasts([first, second, earlier], path)
    for back, expected in zip(read_forecasts(path), [earlier, second, first], strict=True):
        for name in ("model", "origin_date", "known_at", "horizon", "outputs"):
            assert getattr(back, name) == getattr(expected, name)
        for name in ("locations", "mean", "quantiles", "cdf", "pmf"):
            np.testing.assert_array_equal(getattr(back, name), getattr(expected, name))
        assert list(back.readings) == list(READINGS)
        for name, chance in expected.readings.items():
            np.testing.assert_array_equal(back.readings[name], chance)


def test_a_forecast_without_readings_stays_readable(tmp_path):
    path = tmp_path / "forecasts.parquet"
    write_forecasts([replace(made(), readings={})], path)
    [back] = read_forecasts(path)
    assert not back.readings
    np.testing.assert_array_equal(back.chance_of(FALL), made().chance_of(FALL))
    with pytest.raises(InputError, match=r"no chances of 'slide'.*forecast again"):
        back.chance_of(Event("slide"))


def test_readings_agree_with_a_simulation_of_classes():
    """Draw the later score of areas of every class and count; class 1 cannot go lower, class 5 cannot recover."""
    scheme = class_scheme("3.0")
    deviation = np.array([-0.5, -0.43, -0.37, -0.3, -0.2, -0.15, -0.05, 0.05, 0.12, 0.3])
    areas = len(deviation)
    distribution = StudentT(np.linspace(-0.1, 0.05, areas), np.linspace(0.15, 0.05, areas), 5.0)
    found = readings_of(distribution, deviation, scheme)
    rng = np.random.default_rng(3)
    change = distribution.location + distribution.scale * rng.standard_t(5.0, (200_000, areas))
    now, later = scheme.classify(deviation), scheme.classify(deviation + change)
    counted = {
        "slide": (later < now) & (later <= 4),
        "clear_slide": (later <= 4) & (change < -0.05),
        "weak": later <= 4,
        "lower_class": later < now,
        "recover": later >= 5,
        "decline": change < -0.05,
    }
    cannot = {"slide": now == 1, "lower_class": now == 1, "recover": now > 4}
    assert list(found) == list(counted)
    for name, happened in counted.items():
        expected = np.where(cannot.get(name, False), np.nan, happened.mean(axis=0))
        np.testing.assert_allclose(found[name], expected, atol=0.005, err_msg=name)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-0.6, 0.6), min_size=1, max_size=5),
    st.floats(-0.2, 0.2),
    st.floats(0.005, 0.2),
)
def test_readings_are_sums_of_class_chances(deviation, location, scale):
    deviation = np.array(deviation)
    scheme, n = class_scheme("3.0"), len(deviation)
    distribution = StudentT(np.full(n, location), np.full(n, scale), 4.0)
    edges = np.column_stack([np.zeros(n), distribution.cdf(scheme.cuts - deviation[:, None]), np.ones(n)])
    pmf, found = np.diff(edges, axis=1), readings_of(distribution, deviation, scheme)
    for area, now in enumerate(scheme.classify(deviation).astype(int)):
        lower = pmf[area, : now - 1].sum() if now > 1 else np.nan
        slide = pmf[area, : min(now, 5) - 1].sum() if now > 1 else np.nan
        weak, fall = pmf[area, :4].sum(), distribution.cdf(np.full((n, 1), -0.05))[area, 0]
        expected = [slide, min(weak, fall), weak, lower, 1 - weak if now <= 4 else np.nan, fall]
        np.testing.assert_allclose([found[name][area] for name in READINGS], expected, atol=1e-12)


def test_a_reading_file_that_contradicts_itself_is_refused(tmp_path):
    path = tmp_path / "forecasts.parquet"
    write_forecasts([made()], path)
    table = pq.read_table(path)
    frame = table.to_pandas()
    rows = (frame["target"] == "slide").to_numpy()
    for change, message in (
        (np.where(rows & (frame["output_type_id"] == "yes"), 0.9999, frame["value"]), "a total of 1"),
        (np.where(rows, 0.5, frame["value"]), "contradicts"),
    ):
        at = table.column_names.index("value")
        pq.write_table(table.set_column(at, "value", pa.array(change)), path)
        with pytest.raises(InputError, match=message):
            read_forecasts(path)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.0001, 0.4), st.floats(1e-7, 0.0999))
def test_any_threshold_and_level_comes_back_exactly(tmp_path_factory, fall, level):
    forecast = made(Outputs((level, 0.1, 0.9), (-fall,)))
    path = tmp_path_factory.mktemp("exact") / "forecasts.parquet"
    write_forecasts([forecast], path)
    [back] = read_forecasts(path)
    assert back.outputs == forecast.outputs
    np.testing.assert_array_equal(back.chance_of(Event("fall", fall)), forecast.chance_of(Event("fall", fall)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": np.array([0.0, np.nan, 0.0])}, "expected change"),
        ({"mean": np.zeros(2)}, "expected change"),
        ({"quantiles": made().quantiles[:, ::-1]}, "cross"),
        ({"quantiles": made().quantiles[:, 1:]}, "quantiles of shape"),
        ({"cdf": made().cdf[:, ::-1]}, "cross"),
        ({"cdf": made().cdf + 1}, "outside 0 and 1"),
        ({"cdf": made().cdf * np.inf}, "not finite"),
        ({"pmf": made().pmf * 0.99}, "add up"),
        ({"pmf": np.tile([-0.5, 1.5, 0, 0, 0, 0, 0, 0, 0], (3, 1))}, "outside 0 and 1"),
        ({"pmf": made().pmf[:, :8]}, "pmf of shape"),
        ({"readings": {"collapse": np.zeros(3)}}, "unknown reading"),
        ({"readings": {"slide": np.zeros(2)}}, "chances of shape"),
        ({"readings": {"weak": made().readings["weak"] + 0.01}}, "contradicts"),
        ({"readings": {"slide": made().readings["weak"] + 0.01}}, "contradicts"),
        ({"readings": {"decline": np.full(3, 1.5)}}, "contradicts"),
        ({"locations": np.array(["WK000100", "WK000100", "WK000102"])}, "twice"),
        ({"locations": np.array(["WK000102", "WK000101", "WK000100"])}, "out of order"),
    ],
)
def test_an_invalid_forecast_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        replace(made(), **change)


@pytest.mark.parametrize(
    ("quantiles", "thresholds"),
    [((0.1, 0.5), (0.0,)), ((0.9, 0.1), (0.0,)), ((0.0, 0.1, 0.9), (0.0,)), ((0.1, 0.9), (0.0, -0.1))],
)
def test_impossible_outputs_are_refused(quantiles, thresholds):
    with pytest.raises(InputError):
        Outputs(quantiles, thresholds)


NINE = Outputs((0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975), (-0.1, -0.0667, -0.05, 0.0, 0.05))


def test_a_reported_chance_is_given_exactly_and_any_other_lies_close_to_the_distribution():
    forecast = made(NINE)
    reported = np.tile(NINE.thresholds, (3, 1))
    np.testing.assert_array_equal(forecast.cdf_at(reported), forecast.cdf)
    np.testing.assert_allclose(forecast.cdf_at(forecast.quantiles), np.tile(NINE.quantiles, (3, 1)), atol=1e-12)
    points = np.tile(np.linspace(-0.6, 0.6, 1201), (3, 1))
    exact = np.stack([cdf(points[area], area) for area in range(3)])
    np.testing.assert_allclose(forecast.cdf_at(points), exact, atol=0.005)
    np.testing.assert_allclose(
        forecast.chance_of(Event("fall", 0.07)), [cdf(-0.07, i) for i in range(3)], atol=1e-3
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(0.001, 0.3)), min_size=1, max_size=4),
    st.lists(st.floats(-2, 2), min_size=2, max_size=20).map(sorted),
)
def test_the_chance_between_reported_points_never_falls(areas, points):
    location, scale = np.array(areas).T
    forecast = made(NINE, location=location, scale=scale, deviation=np.zeros(len(areas)))
    chance = forecast.cdf_at(np.tile(points, (len(areas), 1)))
    assert (np.diff(chance, axis=1) >= -2 * CLIP).all()
    assert ((chance >= 0) & (chance <= 1)).all()


def test_every_event_is_read_off_the_same_distribution():
    forecast = made(NINE)
    assert forecast.chance_of(Event("development"))[1] == pytest.approx(cdf(-0.0666, 1), abs=1e-3)
    # Relative to the country: the mean expected change of the three areas is -.01 / 3.
    behind = forecast.chance_of(Event("relative_fall", 0.05))
    np.testing.assert_allclose(behind, [cdf(-0.05 - 0.01 / 3, i) for i in range(3)], atol=1e-3)
    limits = np.array([-0.03, np.nan, -0.2])
    beyond = forecast.chance_of(Event("beyond_noise"), limits)
    np.testing.assert_allclose(beyond[[0, 2]], [cdf(-0.03, 0), cdf(-0.2, 2)], atol=1e-3)
    assert np.isnan(beyond[1])
    with pytest.raises(InputError, match="no limits of the areas"):
        forecast.chance_of(Event("beyond_noise"))


def brute_force_crps(area, happened):
    """Integral of the squared gap between the whole distribution and the step, by the trapezium rule."""
    x = np.linspace(-4, 4, 400_001)
    return np.trapezoid((cdf(x, area) - (x >= happened)) ** 2, x)


@pytest.mark.parametrize("happened", [-0.9, -0.2, -0.05, -0.02, 0.0, 0.013, 0.09, 0.5])
def test_crps_is_the_integral_of_the_squared_gap(happened):
    found = made(NINE).curve.crps(np.full(3, happened))
    np.testing.assert_allclose(found, [brute_force_crps(area, happened) for area in range(3)], rtol=0.006)


@settings(max_examples=100, deadline=None)
@given(st.floats(-0.1, 0.1), st.floats(0.005, 0.2), st.floats(-4, 4))
def test_crps_of_a_normal_distribution_is_that_of_gneiting_and_raftery(location, scale, far):
    levels, happened = np.array(NINE.quantiles), location + scale * far
    quantiles = stats.norm.ppf(levels, location, scale)[None, :]
    curve = Curve.through(NINE, quantiles, stats.norm.cdf(NINE.thresholds, location, scale)[None, :])
    known = scale * (far * (2 * stats.norm.cdf(far) - 1) + 2 * stats.norm.pdf(far) - 1 / np.sqrt(np.pi))
    assert curve.crps(np.array([happened]))[0] == pytest.approx(known, rel=0.02)


@pytest.mark.parametrize("freedom", [5.0, 2.5, 1e6])
def test_the_mean_crps_is_that_of_the_distribution(freedom):
    # Outcomes drawn from the forecast itself: the expected score is that of the distribution.
    spread, levels = 0.04, np.array(NINE.quantiles)
    happened = spread * stats.t.ppf((np.arange(2000) + 0.5) / 2000, freedom)
    quantiles = np.tile(spread * stats.t.ppf(levels, freedom), (2000, 1))
    cdf = np.tile(stats.t.cdf(np.array(NINE.thresholds) / spread, freedom), (2000, 1))
    x = np.linspace(-6, 6, 240_001)
    below = stats.t.cdf(x / spread, freedom)
    expected = np.trapezoid(below * (1 - below), x)  # E|X - X'| / 2
    found = Curve.through(NINE, quantiles, cdf).crps(happened).mean()
    assert found == pytest.approx(expected, rel=0.002 if freedom >= 5 else 0.01)


def test_crps_of_a_curve_is_exactly_its_own_integral():
    rng = np.random.default_rng(3)
    quantiles = np.sort(rng.normal(0, 0.05, (40, 9)), axis=1)
    quantiles[0] = 0.01  # no spread at all
    quantiles[1, 3:6] = quantiles[1, 3]
    curve = Curve.through(Outputs(NINE.quantiles, ()), quantiles, np.empty((40, 0)))
    happened = rng.normal(0, 0.06, 40)
    x = np.linspace(-3, 3, 600_001)
    for area in range(40):
        gap = curve.rows(np.array([area])).at(x[None, :])[0] - (x >= happened[area])
        assert curve.crps(happened)[area] == pytest.approx(np.trapezoid(gap**2, x), abs=2e-5)
    assert curve.crps(happened)[0] == pytest.approx(abs(happened[0] - 0.01), abs=1e-9)


def written(tmp_path, table):
    path = tmp_path / "forecasts.parquet"
    pq.write_table(table, path)
    return path


def test_a_file_without_some_rows_is_refused(tmp_path):
    table = to_table(made())
    with pytest.raises(InputError):
        read_forecasts(written(tmp_path, table.slice(0, table.num_rows - 1)))


def test_rows_in_another_order_are_not_given_to_the_wrong_area(tmp_path):
    frame = to_table(made()).to_pandas().sort_values(["output_type", "output_type_id", "location"])
    with pytest.raises(InputError, match="another order"):
        read_forecasts(written(tmp_path, pa.Table.from_pandas(frame, preserve_index=False)))


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    path = tmp_path / "forecasts.parquet"
    path.write_text("not a table")
    with pytest.raises(InputError, match="damaged"):
        read_forecasts(path)


def test_a_forecast_is_found_by_area():
    forecast: Forecast = made()
    assert forecast.positions(np.array(["WK000102", "WK000100"])).tolist() == [2, 0]
    with pytest.raises(InputError, match="no area WK000101x"):
        forecast.positions(np.array(["WK000101x"]))
