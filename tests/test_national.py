import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_worlds import measured_world, with_dimensions
from official import official_workspace

from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured, measured
from riskmodel.monitor.national import class_distribution, onvoldoende
from riskmodel.monitor.national_change import crossings, direction_shares, fallers_by_dimension, mean_change
from riskmodel.panel.measurement_noise import Noise
from riskmodel.products.present.national_text import national_text
from riskmodel.products.present.national_words import as_markdown, as_text, counting, people
from riskmodel.products.rendering.dutch import count_of, listed, share

#: A change stands out from 1.645 * sqrt(2) * .01 = .0233 score points.
NOISE = Noise(1e-4, 0.0, 1000.0)
#: Six wijken in Amsterdam, Rotterdam and Groningen; the last one has no score in 2018, the fifth no count.
DEVIATION = [[-0.30, -0.20], [-0.30, -0.30], [-0.20, -0.30], [0.0, 0.0], [0.0, 0.05], [0.10, np.nan]]
INHABITANTS = np.array([1000.0, 3000.0, 100.0, 5000.0, np.nan, 900.0])
TOWNS = np.array([363, 363, 599, 599, 14, 14])
G4 = {"G4": np.array([True] * 4 + [False] * 2)}


@pytest.fixture
def country() -> Measured:
    return measured_world(DEVIATION, (2016, 2018), INHABITANTS, municipality=TOWNS)


def row(table: pd.DataFrame, **where: object) -> pd.Series:
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_classes_are_counted_by_hand(country: Measured) -> None:
    table = class_distribution(country)
    now = table[table["wave"] == 2018].set_index("class")
    assert now["areas"].tolist() == [0, 0, 2, 1, 0, 1, 1, 0, 0]
    assert now["inhabitants"].tolist() == [0, 0, 3100, 1000, 0, 5000, 0, 0, 0]
    assert now.loc[3, "share_areas"] == pytest.approx(2 / 5)
    assert now.loc[3, "share_inhabitants"] == pytest.approx(3100 / 9100)
    assert now.loc[7, "areas_without_inhabitants"] == 1
    assert now.loc[6, "class_name"] == "ruim voldoende"
    assert table.attrs["not_measured"] == {2016: 0, 2018: 1}


def test_people_that_are_not_known_have_no_share(country: Measured) -> None:
    unknown = country.inhabitants.copy()
    unknown[:, 0] = np.nan
    table = class_distribution(replace(country, inhabitants=unknown, counted={2018: 2018}))
    before = table[table["wave"] == 2016]
    assert before["inhabitants"].isna().all() and before["share_inhabitants"].isna().all()
    assert before["areas"].sum() == 6 and before["counted"].isna().all()
    assert table[table["wave"] == 2018]["counted"].eq(2018).all()


@given(
    st.lists(st.floats(-0.6, 0.4) | st.just(np.nan), min_size=1, max_size=30),
    st.integers(0, 2**31),
)
@settings(max_examples=40, deadline=None)
def test_classes_are_those_of_a_loop_over_areas(deviations: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = np.where(rng.random(len(deviations)) < 0.2, np.nan, rng.integers(0, 9000, len(deviations)))
    world = measured_world(np.array(deviations)[:, None], (2018,), size)
    table = class_distribution(world).set_index("class")
    areas, inhabitants = dict.fromkeys(range(1, 10), 0), dict.fromkeys(range(1, 10), 0.0)
    for deviation, count in zip(deviations, size, strict=True):
        if not np.isnan(deviation):
            place = 1 + sum(world.base + deviation - world.base >= cut for cut in world.scheme.cuts)
            areas[place] += 1
            inhabitants[place] += 0.0 if np.isnan(count) else count
    assert table["areas"].to_dict() == areas
    known = {key: value for key, value in inhabitants.items() if not np.isnan(table["inhabitants"][key])}
    assert table["inhabitants"].dropna().to_dict() == pytest.approx(known)
    if sum(areas.values()):
        assert table["share_areas"].sum() == pytest.approx(1)


def test_onvoldoende_is_found_where_it_lies(country: Measured) -> None:
    table = onvoldoende(country, G4)
    land = row(table, wave=2018, kind="land")
    assert (land["areas"], land["measured_areas"], land["inhabitants"]) == (2, 5, 3100)
    assert (land["known_inhabitants"], land["small_areas"], land["areas_without_inhabitants"]) == (9100, 1, 0)
    south = row(table, wave=2018, kind="provincie", name="Zuid-Holland")
    assert (south["areas"], south["measured_areas"], south["part_areas"]) == (1, 2, 0.5)
    assert south["part_inhabitants"] == pytest.approx(100 / 3100)
    assert south["share_inhabitants"] == pytest.approx(100 / 5100)
    north = row(table, wave=2018, kind="provincie", name="Groningen")
    assert north["areas"] == 0 and np.isnan(north["share_inhabitants"])
    group = row(table, wave=2018, kind="groep", name="G4")
    assert (group["areas"], group["measured_areas"], group["part_areas"]) == (2, 4, 1.0)
    towns = table[(table["wave"] == 2016) & (table["kind"] == "gemeente")]
    assert dict(zip(towns["name"], towns["areas"], strict=True)) == {"Amsterdam": 2}


def test_levels_without_municipalities_have_no_provinces(country: Measured) -> None:
    grid = replace(country, level="grid")
    assert set(onvoldoende(grid)["kind"]) == {"land"}


def test_nothing_onvoldoende_has_no_parts() -> None:
    table = onvoldoende(measured_world([[0.1], [0.2]], (2018,)))
    assert row(table, kind="land")["areas"] == 0
    assert np.isnan(row(table, kind="land")["part_areas"])


def test_directions_are_counted_beside_what_jitter_would_do(country: Measured) -> None:
    table = direction_shares(country, 2016, 2018, NOISE).set_index("direction")
    assert table["areas"].to_dict() == {
        "vooruit": 2,
        "achteruit": 1,
        "geen duidelijke verandering": 2,
        "onbekend": 0,
    }
    assert table.loc["achteruit", "share_areas"] == pytest.approx(1 / 5)
    assert table.loc["geen duidelijke verandering", "inhabitants"] == 8000
    # One in ten by jitter alone, both sides together.
    assert table.loc["vooruit", "by_jitter"] == pytest.approx(0.05, abs=1e-4)
    assert table["by_jitter"].sum() == pytest.approx(1)
    assert table.attrs["not_measured"] == 1


def test_crossings_tell_how_many_changes_stand_out(country: Measured) -> None:
    table = crossings(country, 2016, 2018, NOISE).set_index("crossing")
    assert table["areas"].to_dict() == {"erin": 1, "eruit": 1, "gebleven": 1}
    assert table["inhabitants"].to_dict() == {"erin": 100, "eruit": 1000, "gebleven": 3000}
    assert table["beyond_noise"].to_dict() == {"erin": 1, "eruit": 1, "gebleven": 0}


def test_the_dimension_that_fell_most_stands_beside_its_peer() -> None:
    # Changes of onv, soc, won, fys, vrz: two areas fall, two do not.
    change = np.array(
        [[-0.1, 0, 0, 0, 0], [-0.02, -0.08, 0, 0, 0], [-0.01, 0.01, 0.01, 0.01, 0.01], [0, 0, 0.05, 0, -0.05]]
    )
    parts = np.stack([np.zeros((5, 4)), change.T], axis=2)
    table = fallers_by_dimension(with_dimensions(parts), 2014, 2018, NOISE).set_index("dimension")
    assert table["fallers"].to_dict() == {"onv": 1, "soc": 1, "won": 0, "fys": 0, "vrz": 0}
    assert table["all_areas"].to_dict() == {"onv": 2, "soc": 1, "won": 0, "fys": 0, "vrz": 1}
    assert (table["of_fallers"].iloc[0], table["of_all"].iloc[0]) == (2, 4)
    assert table.loc["onv", "share_fallers"] == table.loc["onv", "share_all"] == 0.5
    # Wilson, 1 in 2, by hand: (.5 + z2/4 -+ z sqrt(1/8 + z2/16)) / (1 + z2/2), z2 = 3.8415.
    assert table.loc["onv", "low95"] == pytest.approx(0.0945, abs=5e-4)
    assert table.loc["onv", "high95"] == pytest.approx(0.9055, abs=5e-4)


def test_dimensions_need_waves_that_have_them(country: Measured) -> None:
    with pytest.raises(InputError, match="no dimensions"):
        fallers_by_dimension(country, 2016, 2018, NOISE)


def test_a_mean_change_weighs_by_the_people_at_the_end(country: Measured) -> None:
    mean, areas = mean_change(country, 2016, 2018)
    assert areas == 4
    assert mean == pytest.approx((1000 * 0.1 + 100 * -0.1) / 9100)
    assert mean_change(country, 2016, 2018, G4["G4"] & (TOWNS == 363)) == (pytest.approx(100 / 4000), 2)
    nobody = replace(country, inhabitants=np.full((6, 2), np.nan))
    assert mean_change(nobody, 2016, 2018) == (pytest.approx(0.05 / 5), 5)


def test_the_text_has_the_figures_worked_out_by_hand(country: Measured) -> None:
    text = as_markdown("Nederland", national_text(country, 2016, 2018, G4, NOISE, {"G4": "de vier steden"}))
    for sentence in (
        "In 2018 hebben 5 wijken een score; 1 wijk niet.",
        "In 2018 woonde 34,1% van de inwoners in een wijk met de klasse onvoldoende, ruim onvoldoende of zeer "
        "onvoldoende. Dat zijn 3.100 van de 9.100 inwoners, in 2 van de 5 wijken. In 2016 was het 40,0%: 4.000 "
        "inwoners, in 2 wijken.",
        "Verdeeld over de provincies: Noord-Holland (1), Zuid-Holland (1).",
        "In de vier steden liggen 2 van de 2 (100,0%).",
        "Van de 2 is er 1 klein",
        "De score veranderde tussen 2016 en 2018 gemiddeld +0,010 punt (4 wijken).",
        "2 wijken gingen duidelijk vooruit (40,0%) en 1 duidelijk achteruit (20,0%). Dat is van de 5 wijken",
        "1 wijk kwam onder de grens van onvoldoende en 1 kwam erboven.",
        "De grootste stijgers: Wijk 0 in Amsterdam (+0,100); Wijk 4 in Groningen (+0,050).",
        "De dimensies zijn niet bekend. Voor 2016 en 2018 kunnen we dit niet laten zien.",
    ):
        assert sentence in text


def test_the_text_tells_which_count_stands_in(country: Measured) -> None:
    same = as_text("x", national_text(replace(country, counted=dict.fromkeys((2016, 2018), 2016)), 2016, 2018))
    assert "Als aantal inwoners gebruiken we voor beide jaren dat van 2016." in same
    other = as_text("x", national_text(replace(country, counted={2016: 2016, 2018: 2022}), 2016, 2018))
    assert "voor 2016 dat van 2016 en voor 2018 dat van 2022. Een deel van de verschillen" in other
    none = as_text("x", national_text(replace(country, counted={2018: 2018}), 2016, 2018))
    assert "Voor 2016 weten we niet hoeveel mensen er woonden." in none


def test_the_text_says_so_when_jitter_is_not_known(country: Measured) -> None:
    text = as_text("x", national_text(country, 2016, 2018))
    assert "Hoeveel de score door toeval schommelt, is hier niet bekend." in text
    assert "duidelijk vooruit" not in text


def test_numbers_are_dutch() -> None:
    assert share(0.1234, 1) == "12,3%" and share(None) == "onbekend"
    assert people(15_340_000.0) == "15,3 miljoen" and people(133_430) == "133.430"
    assert counting(0, "wijk", "ging", "gingen") == "Geen wijk ging"
    assert counting(1, "buurt", "ging", "gingen") == "1 buurt ging"
    assert count_of(2.0, "gemeente") == "2 gemeenten"
    assert listed([2014, 2018, 2020]) == "2014, 2018 en 2020" and listed([2014]) == "2014"


@pytest.fixture(scope="module")
def real(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measured]:
    workspace = official_workspace(real_data, tmp_path_factory)
    return {edition: measured(workspace, edition=edition, level="wijk") for edition in ("2.0", "3.0")}


@pytest.mark.parametrize("edition", ["2.0", "3.0"])
def test_official_figures_add_up(real: dict[str, Measured], edition: str) -> None:
    country = real[edition]
    table = class_distribution(country)
    sums = table.groupby("wave")[["areas", "share_areas"]].sum()
    assert sums["areas"].tolist() == (~np.isnan(country.score)).sum(axis=0).tolist()
    assert np.allclose(sums["share_areas"], 1)
    where = onvoldoende(country)
    parts = where[where["kind"] != "land"].groupby(["wave", "kind"])["areas"].sum().unstack()
    land = where[where["kind"] == "land"].set_index("wave")["areas"]
    assert (parts["provincie"] == land).all() and (parts["gemeente"] == land).all()
    assert "onbekend" not in set(where["name"])


def test_official_text_is_plain_and_names_no_causes(real: dict[str, Measured]) -> None:
    for country in real.values():
        start, end = country.waves[-2:]
        text = as_text("Leefbaarheid", national_text(country, start, end))
        assert not re.search(
            r"\b(door|dankzij|vanwege|omdat|leidt|veroorzaakt|gevolg)\b(?! toeval| het ander)", text
        )
        assert not re.search(r"\d\.\d{1,2}\D|nan|None", text.replace("3.0", "").replace("2.0", ""))
        longest = max(re.split(r"[.;:]\s", text.replace("\n", ". ")), key=lambda part: len(part.split()))
        assert len(longest.split()) <= 40


def test_official_safety_falls_more_often_in_areas_that_fell(real: dict[str, Measured]) -> None:
    table = fallers_by_dimension(real["2.0"], 2014, 2016).set_index("dimension")
    safety = table.loc["lbm2_safety"]
    assert safety["low95"] > safety["share_all"]
    assert 0.4 < safety["share_fallers"] < 0.6 and 0.1 < safety["share_all"] < 0.2
