import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from measured_worlds import measured_world, with_dimensions
from official import official_workspace

from riskmodel.catalogue import class_scheme, load
from riskmodel.catalogue.group_lists import groups as shipped
from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured
from riskmodel.monitor.published.statement_figures import FIGURES, Figure, Missing, Question
from riskmodel.monitor.published.statements import all_statements, compare, find_statement, statements_table
from riskmodel.products.present.statement_text import in_full, side_by_side
from riskmodel.workflow import published

#: Classes 3, 3, 6 and 7 in 2014; 3, 4, 6 and 7 in 2016 (cuts of 3.0).
DEVIATION = [[-0.30, -0.30], [-0.30, -0.20], [0.0, 0.0], [0.05, 0.05]]
INHABITANTS = np.array([100.0, 300.0, 600.0, 1000.0])
GROUPS = {"G4": np.array([True, False, True, False])}
PAGE = Path(__file__).parents[1] / "docs" / "present.md"


@pytest.fixture
def country() -> Measured:
    return measured_world(DEVIATION, (2014, 2016), INHABITANTS, municipality=np.array([363, 14, 363, 14]))


def asked(
    *waves: int, classes: tuple[int, int] = (1, 3), weight: str = "inhabitants", **other: object
) -> Question:
    groups = tuple(other.get("groups", ()))  # type: ignore[call-overload]
    return Question(waves, classes, groups, weight)


def shown(name: str, country: Measured, what: Question) -> Figure:
    found = FIGURES[name](country, GROUPS, what)
    assert isinstance(found, Figure), found
    return found


def test_shares_of_classes_by_hand(country: Measured) -> None:
    found = shown("share_of_classes", country, asked(2014, 2016))
    assert found.values == pytest.approx((400 / 2000, 100 / 2000))
    assert found.text == "20.0% -> 5.0%"
    assert "400 of 2,000 inhabitants, 2 of 4 wijk areas" in found.detail
    assert shown("share_of_classes", country, asked(2014, classes=(6, 9))).values == pytest.approx((0.8,))


def test_areas_stand_in_for_people_that_are_not_known(country: Measured) -> None:
    nobody = replace(country, inhabitants=np.full((4, 2), np.nan))
    found = shown("share_of_classes", nobody, asked(2014))
    assert (found.values, found.weight) == ((0.5,), "areas")
    statement = find_statement("onvoldoende")
    figure, marks = compare(statement, nobody, GROUPS)
    assert isinstance(figure, Figure) and "A" in marks and "C" not in marks
    assert isinstance(FIGURES["people_in_classes"](nobody, GROUPS, asked(2014)), Missing)


def test_counts_of_people_and_areas_by_hand(country: Measured) -> None:
    assert shown("people_in_classes", country, asked(2016)).values == (100.0,)
    found = shown("areas_in_classes", country, asked(2014, 2016, weight="areas"))
    assert (found.values, found.text) == ((2.0, 1.0), "2 -> 1 of 4 wijk areas")


def test_the_part_in_a_group_by_hand(country: Measured) -> None:
    of_people = shown("part_in_group", country, asked(2014, groups=["G4"]))
    of_areas = shown("part_in_group", country, asked(2014, groups=["G4"], weight="areas"))
    assert of_people.values == pytest.approx((100 / 400,)) and of_areas.values == (0.5,)
    unknown = FIGURES["part_in_group"](country, GROUPS, asked(2014, groups=["G40"]))
    assert unknown == Missing("no areas known of the group G40")
    fine = measured_world([[0.1, 0.1]] * 4, (2014, 2016), INHABITANTS)
    assert FIGURES["part_in_group"](fine, GROUPS, asked(2014, groups=["G4"])) == Missing(
        "nothing is onvoldoende at this level"
    )


def test_mean_changes_of_country_and_group_by_hand(country: Measured) -> None:
    assert shown("mean_changes", country, asked(2014, 2016)).values == pytest.approx((300 * 0.1 / 2000,))
    found = shown("group_changes", country, asked(2014, 2016, groups=["G4", "G40"]))
    assert found.values == (0.0,)
    assert found.text == "G4 +0.000" and "rest +0.023" in found.detail and "not at hand: G40" in found.detail


def test_decline_is_a_development_class(country: Measured) -> None:
    falling = measured_world([[0.0, -0.07], [0.0, -0.06], [0.0, 0.0], [0.0, 0.2]], (2012, 2014), INHABITANTS)
    assert shown("share_declined", falling, asked(2012, 2014)).values == pytest.approx((100 / 2000,))


def test_all_classes_add_up(country: Measured) -> None:
    found = shown("all_classes", country, asked(2014))
    assert found.values == pytest.approx((0, 0, 0.2, 0, 0, 0.3, 0.5, 0, 0))
    assert found.text == "0.0 0.0 20.0 0.0 0.0 30.0 50.0 0.0 0.0 %"


def test_covariance_of_safety_is_that_of_numpy() -> None:
    rng = np.random.default_rng(3)
    changes = rng.normal(size=(5, 40)) * np.array([3.0, 1, 1, 1, 1])[:, None] / 100
    parts = np.stack([np.zeros((5, 40)), changes], axis=2)
    total = changes.sum(axis=0)
    expected = np.cov(changes[0], total)[0, 1] / np.var(total, ddof=1)
    world = with_dimensions(parts, municipality=np.arange(40) + 1)
    assert shown("safety_covariance", world, asked(2014, 2018)).values == pytest.approx((expected,))


def test_what_cannot_be_shown_says_why(country: Measured) -> None:
    figure, marks = compare(find_statement("trajectory"), country, GROUPS)
    assert figure == Missing("no scores of 2008, 2012") and marks == ()
    figure, _ = compare(find_statement("safety-falls"), country, GROUPS)
    assert figure == Missing("no scores of 2018, 2020")
    with pytest.raises(InputError, match="one of ruim-voldoende"):
        find_statement("leefbaarheid")


def test_marks_follow_from_what_was_counted(country: Measured) -> None:
    marks = compare(find_statement("onvoldoende"), country, GROUPS)[1]
    assert marks == ("L", "E")
    older = replace(country, counted={2014: 2016, 2016: 2016}, edition="2.0", level="buurt")
    older = replace(older, scheme=country.scheme)
    assert compare(find_statement("onvoldoende"), older, GROUPS)[1] == ("C",)
    assert compare(find_statement("goed"), older, GROUPS)[1] == ("U", "C")


def test_the_catalogue_is_complete() -> None:
    content = load("statements")
    text = resources.files("riskmodel.catalogue").joinpath("statements.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)["statements"]) == {each.id for each in all_statements()}
    for each in all_statements():
        assert each.figure in FIGURES and each.source in content["sources"].values()
        assert set(each.reasons) <= set(content["reasons"])
        assert each.level in ("", "buurt", "wijk", "pc4") and each.edition in ("", "2.0")
    known = {name for each in all_statements() for name in each.asked.groups}
    assert known <= set(shipped())


def test_a_table_is_printed_with_its_sources_and_reasons(country: Measured) -> None:
    table = statements_table([(country, GROUPS)], [find_statement("onvoldoende-g4"), find_statement("trajectory")])
    text = side_by_side(table)
    assert "| onvoldoende-g4 | 41% of the buurten" in text and "| 41% [1*] | 100% (L, E) |" in text
    assert "not shown: no scores of 2008, 2012" in text
    assert "- [1] answers to parliament of 16 November 2018" in text
    assert "- L: another level" in text and "- S:" not in text
    full = in_full(table)
    assert "published: 41%" in full and "1 of 1 wijk areas" in full and "    L: another level" in full


@pytest.fixture(scope="module")
def official(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return published.statements(official_workspace(real_data, tmp_path_factory))


def figures(table: pd.DataFrame, name: str, edition: str) -> tuple[float, ...]:
    chosen = table[(table["id"] == name) & (table["edition"] == edition)]
    assert len(chosen) == 1
    values: tuple[float, ...] = chosen["values"].iloc[0]
    return values


def test_the_page_has_the_table_that_the_command_prints(official: pd.DataFrame) -> None:
    assert side_by_side(official) in PAGE.read_text(encoding="utf-8")


def test_official_figures_go_the_way_of_the_letters(official: pd.DataFrame) -> None:
    for edition in ("2.0", "3.0"):
        before, after = figures(official, "onvoldoende-people", edition)
        assert after < before < 0.045
        areas_before, areas_after = figures(official, "onvoldoende-buurten", edition)
        assert areas_after < areas_before < 573
        assert figures(official, "mean-2014", edition)[0] > 0 and figures(official, "mean-2016", edition)[0] > 0
    assert abs(figures(official, "goed", "2.0")[0] - 0.50) < 0.01
    assert abs(figures(official, "decline", "2.0")[0] - 0.01) < 0.005
    assert abs(figures(official, "ruim-voldoende", "2.0")[0] - 0.80) < 0.06
    fell = figures(official, "safety-falls", "2.0")
    assert fell[0] > 0.5 and fell[2] > 0.5 and fell[1] < 0.25 and fell[3] < 0.25
    assert all(0.5 < share < 0.75 for share in figures(official, "safety-covariance", "2.0"))


def test_official_trajectories_are_as_the_note_says(official: pd.DataFrame) -> None:
    names = find_statement("trajectory-groups").asked.groups
    values = figures(official, "trajectory-groups", "3.0")
    course = {name: values[2 * place : 2 * place + 2] for place, name in enumerate(names)}
    for name in ("40 aandachtswijken", "G4", "Rotterdam-Zuid"):
        assert course[name][0] > 0 > course[name][1]
    assert min(course["G40"]) > 0 and min(figures(official, "trajectory", "3.0")) > 0


def test_the_note_on_the_forty_counts_right() -> None:
    forty = shipped()["40 aandachtswijken"]
    told = f"the {len(forty.parts) - len(forty.unmapped)} of them that could be tied"
    assert told in find_statement("onvoldoende-40").note


def test_official_classes_of_both_editions_add_up(official: pd.DataFrame) -> None:
    for edition in ("2.0", "3.0"):
        shares = figures(official, "class-shares", edition)
        assert sum(shares) == pytest.approx(1)
        assert sum(shares[:3]) == pytest.approx(figures(official, "onvoldoende", edition)[0])
        assert sum(shares[5:]) == pytest.approx(figures(official, "ruim-voldoende", edition)[0])


def test_a_wijk_hides_its_buurten(real_data: Path) -> None:
    """The figures in docs/present.md on how much the level matters."""
    layer = pd.read_csv(real_data / "leefbaarometer-3.0" / "wfs buurtscore24.csv")
    people = pd.read_csv(real_data / "codes" / "Population85984_2024.csv").set_index("nhood_id")["population"]
    layer["people"] = layer["code"].map(people)
    layer["mass"] = layer["afw"] * layer["people"]
    wijken = layer.groupby("WK" + layer["code"].str[2:8])[["people", "mass"]].sum()
    wijken = wijken[wijken["people"] > 0]
    classes = class_scheme("3.0").classify((wijken["mass"] / wijken["people"]).to_numpy())
    low, ample = layer["kscore"] <= 3, layer["kscore"] >= 6
    told = {
        "136 of 12,147 buurten": (int(low.sum()), len(layer)) == (136, 12147),
        "1.7% of the people": round(layer.loc[low, "people"].sum() / layer["people"].sum(), 3) == 0.017,
        "0.5% of the people": round(wijken["people"][classes <= 3].sum() / wijken["people"].sum(), 3) == 0.005,
        "from 84.7% to 88.5%": (
            round(layer.loc[ample, "people"].sum() / layer["people"].sum(), 3),
            round(wijken["people"][classes >= 6].sum() / wijken["people"].sum(), 3),
        )
        == (0.847, 0.885),
    }
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert all(told.values()), told
    assert all(words in page for words in told)


def test_one_statement_is_held_against_every_level(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = in_full(published.statements(official_workspace(real_data, tmp_path_factory), "onvoldoende"))
    # The higher the level, the less there is to see at the ends of the scale.
    assert "2.0 wijk: 3.1%" in text and "2.0 gemeente: 0.0%" in text and "3.0 wijk: 2.7%" in text
    assert "L: another level" in text
