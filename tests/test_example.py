"""The invented country has the formats and the statistical behaviour of the real one, and no real area."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from riskmodel.errors import InputError
from riskmodel.workflow.example import ExampleFiles, municipalities, write_example
from riskmodel.workflow.example.country import DIMENSIONS, WAVES
from riskmodel.workflow.example.tables import BASE, MISSING, WAVES_WITH_DIMENSIONS

REAL = Path(__file__).parents[2] / "shared" / "data"
REAL_LBM = REAL / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"
needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason="the official files are not here")

ORIGIN = ["P_WEST_AL", "P_N_W_AL", "P_MAROKKO", "P_ANT_ARU", "P_SURINAM", "P_TURKIJE", "P_OVER_NW"]
AGES = ["P_00_14_JR", "P_15_24_JR", "P_25_44_JR", "P_45_64_JR", "P_65_EO_JR"]
HEADER_2016 = (
    "WK_CODE,WK_NAAM,GM_CODE,GM_NAAM,IND_WBI,WATER,OAD,STED,AANT_INW,AANT_MAN,AANT_VROUW,"
    "P_00_14_JR,P_15_24_JR,P_25_44_JR,P_45_64_JR,P_65_EO_JR,P_ONGEHUWD,P_GEHUWD,P_GESCHEID,P_VERWEDUW,"
    "BEV_DICHTH,AANTAL_HH,P_EENP_HH,P_HH_Z_K,P_HH_M_K,GEM_HH_GR,"
    "P_WEST_AL,P_N_W_AL,P_MAROKKO,P_ANT_ARU,P_SURINAM,P_TURKIJE,P_OVER_NW,OPP_TOT,OPP_LAND,OPP_WATER"
)
HEADER_2022 = (
    '"code","name","province","area","urbanity","population","pop_0_14","pop_15_24","pop_25_44","pop_45_64",'
    '"pop_65plus","dwelling_total","dwelling_value","dwelling_ownership","employment_rate","income_low",'
    '"income_high","edu_appl_sci"'
)
# Below this, class 4 (zwak) or lower.
CUT_CLASS_5 = -0.164
WAVE_BEFORE = dict(zip(WAVES[1:], WAVES, strict=False))

# The ranges that hold for the real panel, to the rounding of its published figures: the real file is held
# against them too, otherwise they would describe something else. Shares are means over 2016, 2018 and 2020.
RANGES = {
    "level correlation 2012-2014": (0.9295, 0.9555),
    "level correlation 2014-2016": (0.9295, 0.9555),
    "level correlation 2016-2018": (0.9295, 0.9555),
    "level correlation 2018-2020": (0.9295, 0.9555),
    "level correlation 2014-2020": (0.88, 0.93),
    "mean change 2008": (0.002, 0.0155),
    "mean change 2012": (0.002, 0.0155),
    "mean change 2014": (0.002, 0.0155),
    "mean change 2016": (0.002, 0.0155),
    "mean change 2018": (0.002, 0.0155),
    "mean change 2020": (0.002, 0.0155),
    "sd change 2014": (0.0365, 0.0465),
    "sd change 2016": (0.0365, 0.0465),
    "sd change 2018": (0.0365, 0.0465),
    "sd change 2020": (0.0365, 0.0465),
    "sd change, below 200": (0.070, 0.100),
    "sd change, above 5000": (0.023, 0.030),
    "excess kurtosis, pooled": (3.0, 60.0),
    "reversal 2014/2016": (-0.36, -0.24),
    "reversal 2016/2018": (-0.49, -0.34),
    "reversal 2018/2020": (-0.20, -0.03),
    "fall, two-year waves": (0.03, 0.06),
    "fall, 500 or more": (0.018, 0.032),
    "slides a wave per 3290": (9, 37),
    "share below 500": (0.13, 0.17),
    "median size": (2700, 3600),
    "size-urbanity correlation": (0.40, 0.70),
    "best simple AUC 2016-2018": (0.69, 0.82),
    "best simple AUC 2018-2020": (0.69, 0.82),
}


def auc(score: np.ndarray, event: np.ndarray) -> float:
    ranks, n = rankdata(score), event.sum()
    return (ranks[event].sum() - n * (n + 1) / 2) / (n * (~event).sum())


def best_simple_auc(afw: pd.DataFrame, people: pd.Series, origin: int, cohort: int) -> float:
    rows = afw[people >= cohort].dropna()
    fell = (rows[origin + 2] - rows[origin] < -0.05).to_numpy()
    orderings = (rows[origin] - rows[WAVE_BEFORE[origin]], rows[origin], -people[rows.index])
    return max(auc(ordering.to_numpy(), fell) for ordering in orderings)


def statistics(leefbaarometer: Path, kwb_2022: Path) -> dict[str, float]:
    long, kwb = pd.read_csv(leefbaarometer), pd.read_csv(kwb_2022).set_index("code")
    afw = long.pivot_table(index="wk_code", columns="jaar", values="afw")
    people = kwb["population"].reindex(afw.index)
    change = afw.diff(axis=1).iloc[:, 1:]
    late = change[[2016, 2018, 2020]]
    slides = [((afw[w] < CUT_CLASS_5) & (afw[WAVE_BEFORE[w]] >= CUT_CLASS_5)).sum() for w in late]
    degrees = {"not": 0, "hardly": 1, "moderately": 2, "strongly": 3, "extremely": 4}
    rank = kwb["urbanity"].str.split().str[0].map(degrees)
    pairs = [(2012, 2014), (2014, 2016), (2016, 2018), (2018, 2020), (2014, 2020)]
    return {
        **{f"level correlation {a}-{b}": afw[a].corr(afw[b]) for a, b in pairs},
        **{f"mean change {wave}": change[wave].mean() for wave in change},
        **{f"sd change {wave}": change[wave].std() for wave in change if wave >= 2014},
        "sd change, below 200": late[people < 200].std().mean(),
        "sd change, above 5000": late[people > 5000].std().mean(),
        "excess kurtosis, pooled": pd.Series(late.to_numpy().ravel()).kurt(),
        **{f"reversal {w}/{w + 2}": change[w].corr(change[w + 2]) for w in (2014, 2016, 2018)},
        "fall, two-year waves": (late < -0.05).mean().mean(),
        "fall, 500 or more": (late[people >= 500] < -0.05).mean().mean(),
        "slides a wave per 3290": float(np.mean(slides)) * 3290 / len(afw),
        "share below 500": (people < 500).mean(),
        "median size": people.median(),
        "size-urbanity correlation": np.log(kwb["population"] + 20).corr(rank),
        "best simple AUC 2016-2018": best_simple_auc(afw, people, 2016, 500),
        "best simple AUC 2018-2020": best_simple_auc(afw, people, 2018, 500),
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ExampleFiles:
    return write_example(tmp_path_factory.mktemp("example"))


@pytest.fixture(scope="module")
def country_size(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """As many areas as the real country: events are rare, and 1,200 areas leave too much to chance."""
    big = write_example(tmp_path_factory.mktemp("big"), n_areas=3290)
    return statistics(big.leefbaarometer, big.kwb[1])


@pytest.mark.parametrize("name", RANGES)
def test_invented_panel_behaves_like_the_real_one(country_size, name):
    low, high = RANGES[name]
    assert low <= country_size[name] <= high


@needs_real_data
def test_ranges_describe_the_real_panel():
    real = statistics(REAL_LBM, REAL / "kwb" / "wijk_2022.csv")
    outside = {name: real[name] for name, (low, high) in RANGES.items() if not low <= real[name] <= high}
    assert outside == {}


def test_history_tells_something_but_not_much(tmp_path):
    """A linear fit on what was known explains a little of the change of large areas, out of sample."""
    explained = []
    for seed in (1, 2):
        files = write_example(tmp_path, n_areas=3290, seed=seed)
        long = pd.read_csv(files.leefbaarometer)
        afw = long.pivot_table(index="wk_code", columns="jaar", values="afw")
        onv = long.pivot_table(index="wk_code", columns="jaar", values="onv")
        people = pd.read_csv(files.kwb[1]).set_index("code")["population"].reindex(afw.index)
        known = pd.DataFrame({"level": afw[2018], "last": afw[2018] - afw[2016], "onv": onv[2018] - onv[2014]})
        known["town"] = (afw[2018] - afw[2014]).groupby(afw.index.str[:6]).transform("mean")
        rows = known.assign(one=1.0, y=afw[2020] - afw[2018])[people >= 500].dropna()
        explained.append((rows.drop(columns="y"), rows["y"]))
    (x_fit, y_fit), (x_new, y_new) = explained
    beta = np.linalg.lstsq(x_fit.to_numpy(), y_fit.to_numpy(), rcond=None)[0]
    skill = 1 - ((y_new - x_new @ beta) ** 2).mean() / y_new.var()
    assert 0.03 < skill < 0.30
    assert beta[list(x_fit).index("onv")] > 0, "areas whose nuisance got worse go on declining"
    assert beta[list(x_fit).index("town")] > 0, "municipalities keep their direction"


def test_same_seed_same_bytes_other_seed_other_bytes(files, tmp_path):
    def contents(written: ExampleFiles) -> list[bytes]:
        return [path.read_bytes() for path in (written.leefbaarometer, *written.kwb, written.boundaries)]

    assert contents(write_example(tmp_path / "again")) == contents(files)
    other = contents(write_example(tmp_path / "other", seed=2))
    assert all(a != b for a, b in zip(other, contents(files), strict=True))


def test_writes_its_files_and_nothing_outside_the_folder(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    files = write_example(tmp_path / "new" / "folder", n_areas=50)
    found = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {files.leefbaarometer, *files.kwb, files.boundaries}
    assert {path.parent for path in found} == {tmp_path / "new" / "folder"}


def test_leefbaarometer_format(files):
    text = files.leefbaarometer.read_text(encoding="utf-8")
    assert text.startswith("wk_code,wk_naam,jaar,lbm,afw,fys,onv,soc,vrz,won\n")
    assert ',"' in text and "\r" not in text
    frame = pd.read_csv(files.leefbaarometer)
    assert frame["wk_naam"].str.contains(",").any()
    assert not frame.duplicated(["wk_code", "jaar"]).any()
    assert sorted(frame["jaar"].unique()) == list(WAVES)
    assert frame[["lbm", "afw"]].notna().all(axis=None)
    shown = frame["jaar"].isin(WAVES_WITH_DIMENSIONS)
    dimensions = frame[list(DIMENSIONS)]
    assert dimensions[shown].notna().all(axis=None)
    assert dimensions[~shown].isna().all(axis=None)
    assert text.splitlines()[1].endswith(",NA,NA,NA,NA,NA")
    np.testing.assert_allclose(dimensions[shown].sum(axis=1), frame.loc[shown, "afw"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(frame["lbm"] - frame["afw"], BASE, rtol=0, atol=1e-12)


def test_some_areas_enter_late_as_in_the_real_file(files):
    waves = pd.read_csv(files.leefbaarometer).groupby("wk_code")["jaar"]
    assert 0 < (waves.size() < len(WAVES)).mean() < 0.02
    assert (waves.max() == WAVES[-1]).all()


def test_kwb_2016_format_and_consistency(files):
    frame = pd.read_csv(files.kwb[0])
    assert ",".join(frame) == HEADER_2016
    assert frame["WK_CODE"].is_unique
    assert (frame[ORIGIN] == MISSING).all(axis=None)
    assert (frame["AANT_MAN"] + frame["AANT_VROUW"] == frame["AANT_INW"]).all()
    assert (frame["OPP_LAND"] + frame["OPP_WATER"] == frame["OPP_TOT"]).all()
    assert (frame["WK_CODE"].str[2:6] == frame["GM_CODE"].str[2:]).all()
    hidden = frame["P_00_14_JR"] == MISSING
    assert (hidden == (frame["AANT_INW"] < 50)).all()
    assert frame.loc[~hidden, AGES].sum(axis=1).between(97, 103).all()
    everybody = pd.read_csv(files.kwb[1])
    assert 0.02 < 1 - (~hidden).sum() / len(everybody) < 0.06
    assert set(frame["WK_CODE"]) < set(everybody["code"])
    density = 100 * frame["AANT_INW"] / frame["OPP_LAND"]
    given = frame["BEV_DICHTH"] != MISSING
    np.testing.assert_allclose(frame.loc[given, "BEV_DICHTH"], density[given], atol=0.5001)


def test_kwb_2022_format_and_consistency(files):
    text = files.kwb[1].read_text(encoding="utf-8")
    assert text.splitlines()[0] == HEADER_2022
    assert '"NA"' not in text and ",NA" in text
    frame = pd.read_csv(files.kwb[1])
    assert frame["code"].is_unique and len(frame) == 1200
    small = frame["population"] < 110
    assert frame.loc[small, "income_low"].isna().all() and frame.loc[~small, "income_low"].notna().all()
    assert frame["dwelling_total"].corr(frame["population"]) > 0.95
    assert set(pd.read_csv(files.leefbaarometer)["wk_code"]) == set(frame["code"])


@needs_real_data
def test_headers_are_those_of_the_real_files(files):
    for ours, real in zip(
        (files.leefbaarometer, *files.kwb),
        (REAL_LBM, REAL / "kwb" / "wijk_2016.csv", REAL / "kwb" / "wijk_2022.csv"),
        strict=True,
    ):
        with ours.open(encoding="utf-8") as a, real.open(encoding="utf-8") as b:
            assert a.readline() == b.readline()


@needs_real_data
def test_no_invented_municipality_is_a_real_one():
    real_2022 = pd.read_csv(REAL / "kwb" / "gemeente_2022.csv")
    real_2016 = pd.read_csv(REAL / "kwb" / "wijk_2016.csv")
    invented = municipalities()
    assert not set(invented["code"]) & {*real_2022["code"], *real_2016["GM_CODE"]}
    names = set(invented["name"].str.removesuffix(" (voorbeeld)").str.casefold())
    assert not names & {*real_2022["name"].str.casefold(), *real_2016["GM_NAAM"].str.casefold()}


def test_municipalities_are_marked_as_invented(files):
    table = municipalities()
    assert table["code"].tolist() == [f"GM{number}" for number in range(9001, 9041)]
    assert table["name"].is_unique
    assert table["name"].str.endswith(" (voorbeeld)").all()
    assert set(pd.read_csv(files.kwb[0])["GM_NAAM"]) == set(table["name"])


@pytest.mark.parametrize("n_areas", [1, 2, 41, 3400])
def test_any_allowed_size_gives_unique_well_formed_codes(tmp_path, n_areas):
    codes = pd.read_csv(write_example(tmp_path, n_areas=n_areas).kwb[1])["code"]
    assert len(codes) == n_areas and codes.is_unique
    assert codes.str.fullmatch(r"WK90[0-4]\d\d\d").all()


@pytest.mark.parametrize("n_areas", [0, -5, 3401])
def test_refuses_sizes_the_codes_cannot_hold(tmp_path, n_areas):
    with pytest.raises(InputError, match="n_areas"):
        write_example(tmp_path / "never", n_areas=n_areas)
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("n_areas", [1, 7, 400, 3400])
def test_the_map_is_one_island_in_the_sea_without_gaps_or_overlaps(tmp_path, n_areas):
    geopandas = pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")
    made = write_example(tmp_path, n_areas=n_areas)
    areas = geopandas.read_file(made.boundaries)
    scores = pd.read_csv(made.leefbaarometer, na_values="NA")
    assert set(areas["code"]) == set(scores["wk_code"])
    assert areas.crs.to_epsg() == 4326 or "CRS84" in areas.crs.to_string()
    flat = areas.to_crs("EPSG:28992")
    assert flat.is_valid.all() and (flat.geom_type == "Polygon").all() and flat.area.min() > 0
    island = flat.union_all()
    assert island.geom_type == "Polygon" and not island.interiors
    assert flat.area.sum() == pytest.approx(island.area, rel=1e-6)
    west, south, east, north = areas.total_bounds
    assert 2.5 < west < east < 4.6 and 52 < south < north < 53.7
    towns = flat.dissolve(flat["code"].str[2:6])
    assert (towns.geom_type == "Polygon").mean() > 0.8
    if REAL.is_dir():
        assert not geopandas.read_file(REAL / "kwb" / "gemeente_2022.geojson").intersects(areas.union_all()).any()
