"""What ``--json`` prints: the values of small files, worked out by hand, under keys that stay."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import scipy.stats
from test_formats import FORMAT_0
from test_outcomes import record_of, visits_from
from test_source_local import GOOD, LONG
from typer.testing import CliRunner
from workspace_worlds import NAME
from worlds import panel_of

import riskmodel
from riskmodel.cli import app
from riskmodel.cli.json_results import outcomes_result, register_result, reproduce_result
from riskmodel.cli.plain import plain
from riskmodel.forecasting.targets import Event
from riskmodel.products.governance.register_entry import entry_of
from riskmodel.products.outcomes.evaluate import evaluate
from riskmodel.workflow.example import ExampleFiles
from riskmodel.workflow.reproduce import Reproduction
from riskmodel.workspace.store import Workspace


def told(*words: object, exit_code: int = 0) -> Any:
    """What a command prints with ``--json``: nothing but JSON."""
    done = CliRunner().invoke(app, [*map(str, words), "--json"], catch_exceptions=False)
    assert done.exit_code == exit_code, done.output
    return json.loads(done.stdout)


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def kept(tmp_path: Path) -> Workspace:
    """A workspace with a forecast, a list of capacity 3 and one visit: a decline in its first area."""
    with tarfile.open(FORMAT_0) as archive:
        archive.extractall(tmp_path, filter="data")
    return Workspace(tmp_path / "workspace")


# --- what was read -----------------------------------------------------------------------------------------------


def test_scores(tmp_path: Path) -> None:
    rows = [
        f"WK90010{n},Wijk {n},{year},4.20,0.097735,0.01,0.02,0.03,0.02,0.017735"
        for n in (0, 1, 2)
        for year in (2018, 2020)
    ]
    header = "wk_code,wk_naam,jaar,lbm,afw,fys,onv,soc,vrz,won"
    file = written(tmp_path / "Leefbaarometer-scores wijken 2018-2020.csv", header, *rows)
    [read] = told("ingest", "leefbaarometer", file, "--workspace", tmp_path / "w")
    assert set(read) == {"source", "level", "boundaries", "areas", "indicators", "years", "files", "notes"}
    assert (read["source"], read["level"], read["areas"]) == ("leefbaarometer-3.0", "wijk", 3)
    assert read["years"] == [2018, 2020]
    assert {"score", "deviation", "fys", "onv", "soc", "vrz", "won"} >= set(read["indicators"]) >= {"score", "fys"}
    assert read["files"] == [{"name": file.name, "sha256": sha256(file)}]


def test_results_of_a_survey_by_the_ministry(tmp_path: Path) -> None:
    share = "woon_satisfied_dwelling"
    file = written(tmp_path / "woon.csv", "area,year,indicator,share,margin", f"GM0034,2021,{share},86.5,2.5")
    assert told("ingest", "woon", file, "--workspace", tmp_path / "w") == [
        {
            "source": "woon", "level": "gemeente", "boundaries": 2021, "areas": 1, "years": [2021],
            "indicators": [share, f"{share}_low", f"{share}_high"],
            "files": [{"name": "woon.csv", "sha256": sha256(file)}], "notes": [],
        }
    ]  # fmt: skip


def test_sizes_of_areas(tmp_path: Path, example_files: ExampleFiles) -> None:
    read = told("ingest", "kwb", *example_files.kwb, "--workspace", tmp_path / "w")
    counted = {path.name: pd.read_csv(path, sep=None, engine="python") for path in example_files.kwb}
    assert {(each["files"][0]["name"], tuple(each["years"])) for each in read} == {
        ("voorbeeld_wijk_2016.csv", (2016,)),
        ("voorbeeld_wijk_2022.csv", (2022,)),
    }
    assert all("population" in each["indicators"] for each in read)
    assert {each["level"] for each in read} == {"wijk"}
    assert all(0 < each["areas"] <= len(counted[each["files"][0]["name"]]) for each in read)


def test_links_between_years(tmp_path: Path) -> None:
    file = written(
        tmp_path / "links.csv",
        "level,year_from,year_to,code_from,code_to,addresses",
        "wijk,2016,2018,900100,900101,10",
        "wijk,2018,2022,900101,900102,12",
        "wijk,2018,2022,900101,900103,5",
    )
    assert told("ingest", "crosswalk", file, "--workspace", tmp_path / "w") == {
        "links": 3, "from": 2016, "to": 2022,
    }  # fmt: skip


def test_polygons(tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")
    import shapely

    shapes = [shapely.box(120_000 + 500 * n, 480_000, 120_500 + 500 * n, 480_500) for n in range(4)]
    frame = geopandas.GeoDataFrame({"bu_code": [f"BU9001000{n}" for n in range(4)]}, geometry=shapes, crs=28992)
    frame.to_file(tmp_path / "buurten.geojson", engine="pyogrio")
    read = told("ingest", "boundaries", tmp_path / "buurten.geojson", "--workspace", tmp_path / "w")
    assert read == {"level": "buurt", "areas": 4}


def test_figures_of_a_municipality_and_a_first_mapping(tmp_path: Path) -> None:
    file, mapping = written(tmp_path / "meldingen.csv", LONG.rstrip()), written(tmp_path / "m.toml", GOOD)
    place = ("--workspace", tmp_path / "w")
    draft = tmp_path / "draft.toml"
    assert told("ingest", "local", file, "--draft-mapping", draft, *place) == {"mapping": str(draft)}
    assert draft.exists()
    read = told("ingest", "local", file, "--mapping", mapping, *place)
    assert [(each["level"], each["boundaries"], each["areas"], each["years"]) for each in read] == [
        ("wijk", 2022, 2, [2021, 2022])
    ]
    assert {name.rpartition("_")[2] for name in read[0]["indicators"]} == {"aantal", "cijfer"}


def test_what_was_downloaded(tmp_path: Path) -> None:
    """A complete file of the cache is not asked for again: nothing is fetched here."""
    file = tmp_path / "boundaries" / "boundaries_2022.gpkg"
    file.parent.mkdir()
    file.write_bytes(b"SQLite format 3\x00" + bytes(100))
    about = {"url": "https://example.nl/x.gpkg", "bytes": 116, "sha256": sha256(file)}
    file.with_name(f"{file.name}.json").write_text(json.dumps(about))
    assert told("download", "boundaries", "--years", "2022", "--cache", tmp_path) == {"files": [str(file)]}


def test_the_text_of_the_present_fits_on_a_screen(example_workspace: Workspace) -> None:
    place = ("--workspace", str(example_workspace.folder))
    areas = told("current", "--municipality", "GM9001", *place)["areas"]
    text = CliRunner().invoke(app, ["current", "--municipality", "GM9001", *place]).stdout.splitlines()
    assert text[0].split()[:5] == ["location", "name", "score", "class", "inhabitants"]
    assert text[0].split()[-1] == "since_2018"
    assert max(map(len, text[:-1])) <= 120
    # A row each, in order, with the figures of the result.
    assert len(text) == len(areas) + 2
    for line, area in zip(text[1:], areas, strict=False):
        assert line.startswith(f"{area['location']} {area['name'][:23]}")
        assert f" {area['class']} {area['class_name']} " in line
        assert f" {area['score']:.3f} " in line
        assert f" {area['inhabitants']:,.0f} " in line
        assert line.endswith(f" {area['change_since_2018']:.3f}")


# --- a survey ----------------------------------------------------------------------------------------------------


def test_a_survey_beside_what_was_measured(
    tmp_path: Path, example_workspace: Workspace, example_files: ExampleFiles
) -> None:
    scores = pd.read_csv(example_files.leefbaarometer)
    scores = scores.pivot(index="wk_code", columns="jaar", values="lbm").dropna()
    area, other = scores.index[0], scores.index[1]
    file = written(
        tmp_path / "enquete.csv",
        "code,respondents,saw_decline,saw_progress",
        f"{area},100,10,60",
        f"{other},40,30,4",
    )
    span = ("--from", 2016, "--to", 2020)
    found = told("survey", file, *span, "--answers", "number", "--workspace", example_workspace.folder)
    assert {key: found[key] for key in ("edition", "level", "who", "from", "to", "folder")} == {
        "edition": "3.0", "level": "wijk", "who": "bewoners", "from": 2016, "to": 2020, "folder": None,
    }  # fmt: skip
    first, second = found["units"]
    assert (first["code"], second["code"]) == (area, other)
    # 10 of 100 saw decline and 60 progress; 30 of 40 and 4.
    assert (first["decline"], first["progress"], first["balance"]) == pytest.approx((0.1, 0.6, 0.5))
    assert (second["decline"], second["progress"], second["balance"]) == pytest.approx((0.75, 0.1, -0.65))
    exact = scipy.stats.binomtest(10, 100).proportion_ci(method="wilson")
    assert (first["decline_low"], first["decline_high"]) == pytest.approx((exact.low, exact.high))
    assert first["change"] == pytest.approx(scores.loc[area, 2020] - scores.loc[area, 2016])
    assert (first["seen"], second["seen"]) == ("vooruit", "achteruit")
    assert first["few"] is False
    assert found["text"] and all(isinstance(line, str) for line in found["text"])
    out = tmp_path / "out"
    again = told(
        "survey", file, *span, "--answers", "number", "--out", out, "--workspace", example_workspace.folder
    )
    assert again == found | {"folder": str(out)}


# --- outcomes ----------------------------------------------------------------------------------------------------


def test_visits_and_what_they_say(kept: Workspace, tmp_path: Path) -> None:
    [path] = kept.path("lists").glob("[!.]*.json")
    areas = [each["location"] for each in json.loads(path.read_text(encoding="utf-8"))["areas"]]
    found = told("outcomes", "evaluate", "--workspace", kept.folder)
    assert (found["list"], found["experiment"], found["wave"]) == (path.stem, NAME, 2020)
    assert found["by_part"]["top"]["visited"] == found["by_part"]["top"]["decline"] == 1
    assert sum(part["areas"] for part in found["by_part"].values()) == len(areas)
    # One clear case, and right. Wilson's lower end is then 1 / (1 + z squared).
    assert found["precision"]["value"] == 1.0
    assert found["precision"]["low"] == pytest.approx(1 / (1 + 1.959963984540054**2))
    assert found["measured"] is None
    assert found["text"][0].endswith("gemaakt op 2 januari 2026.")
    rows = [f"{areas[0]};2026-01-03;onduidelijk;;wijkteam", f"{areas[0]};2026-01-04;geen achteruitgang;;wijkteam"]
    file = written(tmp_path / "more.csv", "code;bezocht_op;gevonden;gedaan;door", *rows)
    assert told("outcomes", "ingest", file, "--workspace", kept.folder) == {
        "list": path.stem, "visits": 2, "areas": 1,
    }  # fmt: skip
    # Of an area the last visit counts.
    assert told("outcomes", "evaluate", "--workspace", kept.folder)["precision"]["value"] == 0.0
    assert [each["visited_on"] for each in told("outcomes", "show", "--workspace", kept.folder)] == [
        "2026-01-02", "2026-01-03", "2026-01-04",
    ]  # fmt: skip


def test_figures_of_outcomes_by_hand() -> None:
    # Top 3: 2 declines, 1 not. Drawn 1 of 3 others: 1 decline. One too small.
    record = record_of(small=1, top=3, drawn=1, rest=2)
    start, change = [4.0] * 7, [-0.06, -0.04, -0.1, -0.08, 0.0, float("nan"), -0.2]
    scores = {2020: start, 2022: [a + b for a, b in zip(start, change, strict=True)]}
    panel = panel_of({"score": scores}, record.areas["location"].tolist())
    visits = visits_from({0: "decline", 1: "decline", 2: "no_decline", 3: "decline"}, done=(0,))
    result = plain(outcomes_result(evaluate(record, visits, Event("fall"), panel), ["Zo staat het ervoor."]))
    assert result["by_part"] == {
        "top": {"areas": 3, "visited": 3, "decline": 2, "no_decline": 1, "unclear": 0, "done": 1},
        "drawn": {"areas": 1, "visited": 1, "decline": 1, "no_decline": 0, "unclear": 0, "done": 0},
        "rest": {"areas": 2, "visited": 0, "decline": 0, "no_decline": 0, "unclear": 0, "done": 0},
        "too_small": {"areas": 1, "visited": 0, "decline": 0, "no_decline": 0, "unclear": 0, "done": 0},
    }
    assert result["precision"]["value"] == pytest.approx(2 / 3)
    # 2 at the top, all seen; 3 outside, of which 1 was seen and declines: 1 to 3.
    assert result["declines"] == {"value": 5.0, "low": 3.0, "high": 5.0}
    assert result["recall"] == pytest.approx({"value": 2 / 5, "low": 2 / 5, "high": 2 / 3})
    assert result["measured"]["wave"] == 2022
    assert result["measured"]["by_part"]["top"] == {"areas": 3, "declines": 2}
    assert result["measured"]["agreement"] == {
        "decline": {"decline": 2, "no_decline": 1},
        "no_decline": {"decline": 1, "no_decline": 0},
    }
    assert (result["list"], result["title"], result["made_on"]) == (
        "2020-test",
        "Risicolijst Meerstad",
        "2022-06-01",
    )
    assert result["text"] == ["Zo staat het ervoor."]


# --- accounts ----------------------------------------------------------------------------------------------------


def test_what_is_open_in_an_entry() -> None:
    made = entry_of({"name": "Risicolijst", "description_short": "Een lijst."}, {"status": "In ontwikkeling"})
    result = plain(register_result(made, {"entry": Path("entry.json")}))
    assert result["complete"] is False
    assert result["files"] == {"entry": "entry.json"}
    assert {"organization", "contact_email", "publication_category"} <= set(result["missing"])
    assert not {"name", "description_short", "status"} & {*result["missing"], *result["optional"]}
    assert not set(result["missing"]) & set(result["optional"])


def test_what_was_made_again() -> None:
    found = Reproduction("2020-x", "forecast", ("a.csv", "b.csv"), ("c.csv",), ("numpy 1.0 then, 2.0 now",))
    assert plain(reproduce_result(found)) == {
        "kind": "forecast",
        "id": "2020-x",
        "same": False,
        "files": [
            {"name": "a.csv", "same": True},
            {"name": "b.csv", "same": True},
            {"name": "c.csv", "same": False},
        ],
        "notes": ["numpy 1.0 then, 2.0 now"],
    }
    assert reproduce_result(Reproduction("x", "list", ("a.csv",), ()))["same"] is True


def test_what_is_taken_for_good(kept: Workspace) -> None:
    riskmodel.adopt(kept)
    place = ("--workspace", kept.folder)
    assert told("adopt", *place) == {"changed": []}
    scores = kept.path("backtests", NAME, "scores.csv")
    scores.write_text(scores.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    [gone] = kept.path("lists").glob("[!.]*.json")
    gone.unlink()
    assert told("adopt", *place) == {"changed": [f"backtests/{NAME}/scores.csv", f"lists/{gone.name}"]}


# --- the service -------------------------------------------------------------------------------------------------


def test_tokens(tmp_path: Path) -> None:
    pytest.importorskip("fastapi", reason="the extra riskmodel[web] is not installed")
    tmp_path.joinpath("w").mkdir()
    place = ("--workspace", tmp_path / "w")
    assert told("token", "list", *place) == []
    made = told("token", "create", "--label", "Venlo", "--role", "analyst", "--municipality", "GM0983", *place)
    text = made.pop("token")
    assert text.startswith(f"rm_{made['id']}_")
    assert (made["role"], made["label"], made["municipalities"]) == ("analyst", "Venlo", ["GM0983"])
    assert made["revoked_at"] is made["last_used_at"] is None
    # The secret is told once and nowhere else.
    assert told("token", "list", *place) == [made]
    gone = told("token", "revoke", made["id"], *place)
    assert gone == made | {"revoked_at": gone["revoked_at"]}
    assert gone["revoked_at"] is not None
    assert told("token", "list", *place) == [gone]
