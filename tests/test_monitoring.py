import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import riskmodel
from riskmodel.cli import app, main
from riskmodel.errors import InputError
from riskmodel.monitor.measured import measured
from riskmodel.monitor.view import dimension_span, span_of, tables, view_of
from riskmodel.products.present import folder as monitoring_files
from riskmodel.products.present.group_words import coverage
from riskmodel.workflow import published
from riskmodel.workspace.store import Workspace

PAGE = Path(__file__).parents[1] / "docs" / "present.md"
TABLES = {
    "state.csv",
    "development.csv",
    "transitions.csv",
    "trajectory.csv",
    "difference.csv",
    "contributions.csv",
    "contributions_of_group.csv",
}


def run(workspace: Workspace, *words: object) -> str:
    done = CliRunner().invoke(app, [*map(str, words), "--workspace", str(workspace.folder)])
    assert done.exit_code == 0, done.output
    return done.output


def small_town(workspace: Workspace) -> str:
    """Code of the municipality with the fewest areas, but more than two: few pictures to draw."""
    codes, counts = np.unique(measured(workspace).municipality_codes(), return_counts=True)
    return str(codes[np.where(counts > 2, counts, counts.max()).argmin()])


def test_help_has_an_example_of_every_command() -> None:
    for name in ("monitor", "national", "statement", "verify", "survey", "current"):
        text = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"}).output
        assert f"Example: riskmodel {name}" in text


def test_importing_the_package_imports_no_tables() -> None:
    code = "import sys, riskmodel, riskmodel.cli; assert not {'pandas', 'matplotlib', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_municipality_is_written_whole(example_workspace: Workspace, tmp_path: Path) -> None:
    code, out = small_town(example_workspace), tmp_path / "deep" / "town"
    output = run(example_workspace, "monitor", "--municipality", code, "--out", out)
    written = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert written >= TABLES
    assert {"pictures/classes.png", "pictures/classes.svg", "pictures/trajectory.png"} <= written
    assert len([name for name in written if name.endswith(".html")]) == 1
    assert not [path for path in out.parent.iterdir() if path != out]
    assert str(out / "state.csv") in output
    country = measured(example_workspace)
    inside = country.municipality_codes() == code
    development = pd.read_csv(out / "development.csv")
    assert set(development["location"]) == set(country.areas[inside])
    change = dict(zip(country.areas, country.change(*country.waves[-2:]), strict=True))
    assert np.allclose(development["change"], development["location"].map(change))
    state = pd.read_csv(out / "state.csv")
    assert (state["wave"] == country.waves[-1]).all() and len(state) == inside.sum()
    course = pd.read_csv(out / "trajectory.csv")
    assert {"group", "rest", "all"} <= set(course["part"])
    apart = pd.read_csv(out / "difference.csv").set_index("wave")
    means = course.pivot_table(index="wave", columns="part", values="score")
    assert np.allclose(apart["difference"], (means["group"] - means["comparable"]).loc[apart.index])
    assert apart["since_base"].iloc[0] == 0 and (apart["low"] <= apart["high"]).all()
    parts = pd.read_csv(out / "contributions_of_group.csv").groupby("group")
    assert np.allclose(parts["change"].sum(), parts["total_change"].first())


def test_a_group_of_ones_own_is_the_same_as_its_municipality(example_workspace: Workspace, tmp_path: Path) -> None:
    country = measured(example_workspace)
    code = small_town(example_workspace)
    own = tmp_path / "own.toml"
    own.write_text(f'name = "eigen"\ntitle_nl = "ons gebied"\nmembers = ["{code}"]\n', encoding="utf-8")
    by_file, by_code = view_of(country, (), str(own)), view_of(country, [code])
    assert (by_file.chosen == by_code.chosen).all() and by_file.title == "ons gebied"
    made = [tables(each)["state"].to_csv() for each in (by_file, by_code)]
    assert made[0] == made[1]


def test_measurements_asked_for_are_the_ones_compared(example_workspace: Workspace) -> None:
    country = measured(example_workspace)
    waves = country.waves
    assert span_of(country, None, None) == (waves[-2], waves[-1])
    assert span_of(country, waves[0], waves[2]) == (waves[0], waves[2])
    assert span_of(country, None, waves[2]) == (waves[1], waves[2])
    with pytest.raises(InputError, match="earlier and a later"):
        span_of(country, waves[2], waves[1])
    with pytest.raises(InputError, match="--from an earlier"):
        span_of(country, None, waves[0])
    with pytest.raises(InputError, match="1999"):
        span_of(country, 1999, waves[-1])
    having = country.dimension_waves()
    assert dimension_span(country, having[0], having[-1]) == (having[0], having[-1])
    assert dimension_span(country, having[-2], having[-1]) == (having[-2], having[-1])
    assert dimension_span(country, having[0] - 4, having[0]) is None


def test_what_is_wrong_is_told_and_nothing_is_written(
    example_workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code = small_town(example_workspace)
    wrong: tuple[list[str], ...] = (
        ["monitor"],
        ["monitor", "--municipality", code, "--group", "G4"],
        ["monitor", "--municipality", "Nergenshuizen"],
        ["monitor", "--group", "G5"],
        ["monitor", "--municipality", code, "--edition", "4.0"],
        ["monitor", "--municipality", code, "--from", "1999"],
        ["national", "--level", "gemeente"],
        ["national", "--to", "1999"],
    )
    for words in wrong:
        with pytest.MonkeyPatch.context() as patched, pytest.raises(SystemExit) as stopped:
            patched.setattr(
                sys, "argv", ["riskmodel", *words, "--out", str(out), "--workspace", str(example_workspace.folder)]
            )
            main()
        assert stopped.value.code == 2, words
        assert capsys.readouterr().err.startswith("riskmodel: ")
        assert not out.exists() and not list(tmp_path.iterdir())


def test_a_folder_changes_only_when_everything_was_made(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    (out / "a.txt").write_text("old")

    def halfway(folder: Path) -> None:
        (folder / "a.txt").write_text("new")
        raise InputError("b", "nothing", "something")

    with pytest.raises(InputError):
        monitoring_files.publish(out, halfway)
    assert (out / "a.txt").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]

    def whole(folder: Path) -> None:
        (folder / "a.txt").write_text("new")
        (folder / "pictures").mkdir()
        (folder / "pictures" / "b.png").write_text("drawn")

    files = monitoring_files.publish(out, whole)
    assert (out / "a.txt").read_text() == "new" and (out / "mine.txt").read_text() == "mine"
    assert files == {"a.txt": out / "a.txt", "pictures/b.png": out / "pictures" / "b.png"}
    with pytest.raises(InputError, match="a file"):
        monitoring_files.publish(out / "a.txt", whole)


def test_without_the_library_for_pdf_the_sheet_is_still_written(
    example_workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    view = view_of(measured(example_workspace), [small_town(example_workspace)])
    notes = monitoring_files.write_sheet(
        tmp_path, view, start=None, boundaries=None, files=(), made_on=date(2022, 6, 1)
    )
    assert [path.suffix for path in tmp_path.iterdir()] == [".html"]
    assert len(notes) == 1 and "weasyprint" in notes[0]


def test_the_country_is_written_with_its_text(example_workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "country"
    run(example_workspace, "national", "--out", out)
    country = measured(example_workspace)
    classes = pd.read_csv(out / "classes.csv")
    assert classes["areas"].sum() == (~np.isnan(country.score)).sum()
    land = pd.read_csv(out / "onvoldoende.csv").query("kind == 'land'")
    assert land["areas"].tolist() == (country.classes <= 3).sum(axis=0).tolist()
    text = (out / "nederland.txt").read_text(encoding="utf-8")
    assert f"metingen van {country.waves[-2]} en {country.waves[-1]}" in text
    assert (out / "nederland.md").read_text(encoding="utf-8").startswith("# Leefbaarheid in Nederland")
    assert (out / "pictures" / "transitions.svg").exists()


def test_current_of_another_measurement(example_workspace: Workspace, tmp_path: Path) -> None:
    workspace = Workspace(shutil.copytree(example_workspace.folder, tmp_path / "copy"))
    waves = measured(workspace).waves
    then = riskmodel.current(workspace, wave=waves[1])
    assert (then["wave"] == waves[1]).all()
    assert workspace.path("current", f"wijk-3.0-{waves[1]}.csv").exists()
    code = small_town(workspace)
    output = run(workspace, "current", "--municipality", code, "--wave", waves[1])
    assert f"wave {waves[1]}" in output
    with pytest.raises(InputError, match=r"no scores of Leefbaarometer 2\.0"):
        riskmodel.current(workspace, edition="2.0")


def test_a_survey_is_held_against_the_measurement(example_workspace: Workspace, tmp_path: Path) -> None:
    country = measured(example_workspace)
    chosen = country.areas[:3]
    lines = [f"{code},100,{20 + place},40" for place, code in enumerate(chosen)]
    file = tmp_path / "survey.csv"
    head = "code,respondents,saw_decline_number,saw_progress_number"
    file.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    out = tmp_path / "out"
    output = run(example_workspace, "survey", file, "--out", out)
    table = pd.read_csv(out / "survey.csv")
    assert table["decline"].tolist() == [0.2, 0.21, 0.22]
    start, end = country.waves[-2:]
    expected = country.change(start, end)[:3]
    assert np.allclose(table["change"], expected, equal_nan=True)
    assert (out / "enquete.txt").read_text(encoding="utf-8").strip() in output
    with pytest.raises(InputError, match="--answers"):
        published.survey(file, example_workspace, answers="votes")


def test_a_file_that_differs_ends_with_exit_code_1(real_data: Path, tmp_path: Path) -> None:
    good = next((real_data / "leefbaarometer-3.0").glob("wfs*.csv"))
    table = pd.read_csv(good, dtype=str)
    few = tmp_path / "few.csv"
    table.head(50).to_csv(few, index=False)
    assert CliRunner().invoke(app, ["verify", str(few)]).exit_code == 0
    table.head(50).assign(kscore=["1", *table["kscore"][1:50]]).to_csv(few, index=False)
    done = CliRunner().invoke(app, ["verify", str(few)])
    assert done.exit_code == 1 and "differs" in done.output


def test_the_page_has_what_verify_prints(real_data: Path) -> None:
    files = [
        *sorted((real_data / "leefbaarometer-2.0").glob("*.xlsx")),
        *sorted((real_data / "leefbaarometer-3.0").glob("*.csv")),
    ]
    text, same = published.verify(files)
    assert same and text in PAGE.read_text(encoding="utf-8")


def test_statements_need_scores(tmp_path: Path, example_workspace: Workspace) -> None:
    with pytest.raises(InputError, match="no scores"):
        published.statements(Workspace(tmp_path))
    assert set(published.statements(example_workspace)["edition"]) == {"3.0"}


def test_a_group_found_in_part_does_not_pass_for_the_whole(example_workspace: Workspace, tmp_path: Path) -> None:
    country = measured(example_workspace)
    own = tmp_path / "own.csv"
    own.write_text(f"code\n{small_town(example_workspace)}\nGM0001\n", encoding="utf-8")
    view = view_of(country, (), str(own))
    assert coverage(view) == "1 van de 2 delen"
    (tmp_path / "out").mkdir()
    today = date(2022, 6, 1)
    monitoring_files.write_sheet(tmp_path / "out", view, start=None, boundaries=None, files=(), made_on=today)
    [page] = (tmp_path / "out").glob("*.html")
    assert page.name == f"leefbaarheid-own-{country.waves[-1]}.html"
    assert "own (1 van de 2 delen)" in page.read_text(encoding="utf-8")
