"""Scores of gemeenten beside the means of their wijken, on the official files of Leefbaarometer 2.0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from riskmodel.monitor.measured import Measured, measured
from riskmodel.panel.aggregate import aggregate, parents_of
from riskmodel.sources.kwb.reader import read_tables
from riskmodel.sources.leefbaarometer.edition2 import read_scores
from riskmodel.workspace.store import Workspace


@pytest.fixture(scope="module")
def workspace(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = real_data / "leefbaarometer-2.0"
    made = Workspace(tmp_path_factory.mktemp("edition2"))
    made.add(read_scores([folder / f"dimensiescore_{level} (stand).xlsx" for level in ("wijk", "gemeente")]))
    made.add(read_tables([real_data / "kwb" / "wijk_2016.csv"]))
    return made


def means_of_wijken(wijken: Measured) -> pd.DataFrame:
    """Score, class and share of inhabitants behind it of the gemeenten, by area and wave, from their wijken."""
    owner = parents_of(pd.Series(wijken.areas, dtype=str), "wijk", "gemeente").set_axis(wijken.areas)
    waves = {}
    for column, wave in enumerate(wijken.waves):
        people = pd.Series(wijken.inhabitants[:, column], index=wijken.areas)
        frame = pd.DataFrame({"score": wijken.score[:, column]}, index=wijken.areas)
        found = aggregate(frame, owner, people, {"score": "intensive"})
        found = found.rename(columns={"score_covered": "covered"})
        waves[wave] = found.assign(**{"class": wijken.scheme.classify(found["score"].to_numpy())})
    return pd.concat(waves, names=["wave", "location"]).swaplevel().dropna(subset="score")


def tidy(each: Measured) -> pd.DataFrame:
    """Score and class by area and wave, wherever there is a score."""
    index = pd.MultiIndex.from_product([each.areas, each.waves], names=["location", "wave"])
    return pd.DataFrame({"score": each.score.ravel(), "class": each.classes.ravel()}, index).dropna(subset="score")


def test_published_scores_of_gemeenten_are_means_of_their_wijken(workspace: Workspace) -> None:
    raised = means_of_wijken(measured(workspace, edition="2.0"))
    published = tidy(measured(workspace, edition="2.0", level="gemeente"))
    table = raised.join(published, how="inner", suffixes=("", "_published")).reset_index()
    table["difference"] = table["score"] - table["score_published"]
    assert table.groupby("wave").size().to_dict() == {2012: 390, 2014: 390, 2016: 390}
    by_wave = {int(str(wave)): part for wave, part in table.groupby("wave")}
    correlation = {w: part["score"].corr(part["score_published"]) for w, part in by_wave.items()}
    largest = {w: part["difference"].abs().max() for w, part in by_wave.items()}
    # The count is of 2016: the further from it, the more the shares of the wijken have moved.
    assert correlation[2016] > 0.999996 > correlation[2014] > 0.99996 > correlation[2012] > 0.9999
    assert largest[2016] == pytest.approx(0.00135, abs=1e-5)
    assert largest[2014] == pytest.approx(0.00569, abs=1e-5)
    assert largest[2012] == pytest.approx(0.00669, abs=1e-5)
    other = table[table["class"] != table["class_published"]]
    assert len(other) == 4
    assert (other["class"] - other["class_published"]).abs().max() == 1
    assert other["difference"].abs().max() < 0.002, "all of them lie at a cut"
    # Ommen has four wijken without a score in 2014, with a fifteenth of its inhabitants.
    worst = by_wave[2014].set_index("location")["difference"].abs().idxmax()
    assert worst == "GM0175"
    assert by_wave[2014].set_index("location").loc["GM0175", "covered"] == pytest.approx(0.934, abs=0.001)


def test_gemeenten_of_edition_2_have_names_and_the_people_of_their_wijken(workspace: Workspace) -> None:
    found = measured(workspace, edition="2.0", level="gemeente")
    names = dict(zip(found.areas, found.names, strict=True))
    assert names["GM0363"] == "Amsterdam"
    assert names["GM0007"] == "Bellingwedde", "gone since 2018"
    assert not [name for code, name in names.items() if name == code]
    assert not np.isnan(found.inhabitants).any()
    assert found.inhabitants[:, 0].sum() == 16_974_935
    assert found.counted == {2012: 2016, 2014: 2016, 2016: 2016}
