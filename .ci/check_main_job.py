"""Check what the main job wrote, against the official file itself wherever that says what must stand there."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

DRECHTSTEDEN = ["0482", "0505", "0523", "0531", "0590", "0610", "0642"]
#: Lists, the numbers of their municipalities in the codes of the official file, and how many areas can be visited.
LISTS = {
    "almere": (["0034"], 10),
    "venlo": (["0983"], 10),
    "venlo-all": (["0983"], 10),
    "drechtsteden": (DRECHTSTEDEN, 20),
    "seven": (DRECHTSTEDEN, 10),
}
METRICS = {
    "auc", "average_precision", "brier", "log_loss", "calibration_error", "coverage_80", "width_80",
    *(f"{name}_at_{cut}" for name in ("precision", "recall", "lift") for cut in ("1pct", "5pct", "k")),
}  # fmt: skip
OFFICIAL = Path("../shared/data/leefbaarometer-3.0/Leefbaarometer-scores wijken 2002-2020.csv")


def official_scores() -> dict[str, float]:
    with OFFICIAL.open(encoding="utf-8", newline="") as file:
        return {row["wk_code"]: float(row["lbm"]) for row in csv.DictReader(file) if row["jaar"] == "2020"}


def check_list(folder: Path, numbers: list[str], capacity: int, scores: dict[str, float]) -> None:
    table = pd.read_csv(folder / "risicolijst.csv")
    expected = {code for code in scores if code[2:6] in numbers}
    assert set(table["location"]) == expected, f"{folder.name}: other areas than in the official file"
    assert (table["location"].map(scores) - table["score"]).abs().max() < 1e-12, "other scores"
    large = table[~table["too_small"]]
    assert large["chance"].between(0, 1).all() and table["rank"].is_monotonic_increasing
    assert large.loc[large["reason"] != "new", "chance"].is_monotonic_decreasing, "not in order of chance"
    assert table.loc[table["too_small"], [*table.filter(like="p_"), "chance"]].isna().all(axis=None), "small areas"
    parts = large[["basis", *(column for column in map(str, table) if column.startswith("bijdrage_"))]].sum(axis=1)
    assert (parts - large["expected_change"]).abs().max() < 1e-6, "contributions do not add up"
    country = (large["p_slide"] - large.filter(regex="^chance_").sum(axis=1, skipna=False)).dropna()
    assert len(country) and country.max() - country.min() < 1e-9, "parts of the chance do not add up"
    first = table["verdict"].eq("threatens") & table["section"].isin(["to_weak", "weak"])
    assert table.loc[first, "score_class"].max() < 7, "an area of class 7 or higher threatens to slide"
    assert 0 < table["on_list"].sum() + table["audit"].sum() <= capacity
    assert not (table["on_list"] & table["audit"]).any(), "an area both at the top and drawn"
    page = (folder / "risicolijst.html").read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org", "") and 'src="' not in page
    assert (folder / "risicolijst.xlsx").stat().st_size > 5000
    print(f"{folder.name}: {len(table)} areas, as in the official file; contributions add up")


def check_backtest(folder: Path) -> None:
    scores = pd.read_csv(folder / "scores.csv")
    counted = ["model", "target", "cohort", "origin_date", "horizon", "metric", "value", "n", "n_events"]
    assert list(scores.columns) == counted, scores.columns
    for key, rows in scores.groupby(["model", "origin_date", "cohort"]):
        missing = METRICS - set(rows["metric"])
        assert not missing, f"{key}: no {missing}"
    forecasts = pq.read_table(folder / "forecasts.parquet").to_pandas()
    pmf = forecasts[forecasts["output_type"] == "pmf"].groupby(
        ["model", "origin_date", "target", "location"], observed=True
    )
    assert (pmf["value"].sum() - 1).abs().max() < 1e-9, "chances of classes or of a reading do not add up to 1"
    origins = sorted({str(day)[:4] for day in forecasts["origin_date"]})
    print(f"{folder.name}: {len(forecasts):,} forecast rows, origins {', '.join(origins)}, all scores present")


def check_scores(folder: Path) -> None:
    stored = next((folder / "workspace" / "forecasts" / "change-2y-wijk").iterdir())
    forecast = pd.read_parquet(stored / "forecast.parquet")
    means = forecast[(forecast["output_type"] == "mean") & (forecast["target"] == "score_change")]
    expected = means.set_index("location")["value"]
    scored, again = (
        pd.read_parquet(folder / name / "scores").set_index("location") for name in ("scores", "again")
    )
    assert set(scored.index) == set(again.index) == set(expected.index), "other areas than in the forecast"
    assert (scored["expected_change"] - expected).abs().max() < 1e-12, "scoring in batch differs from the forecast"
    parts = scored.filter(like="driver_").sum(axis=1)
    assert (parts - scored["expected_change"]).abs().max() < 1e-9, "contributions do not add up"
    # The released model saw nearly the same files.
    assert (again["expected_change"] - expected).abs().mean() < 0.005, "the released model says something else"
    print(f"scores: {len(scored):,} areas, those of the forecast; the released model is near")


def main() -> None:
    folder = Path(sys.argv[1])
    scores = official_scores()
    for name, (numbers, capacity) in LISTS.items():
        check_list(folder / "lists" / name, numbers, capacity, scores)
    check_scores(folder)
    for backtest in sorted((folder / "workspace" / "backtests").iterdir()):
        check_backtest(backtest)
    shown = (folder / "current.txt").read_text(encoding="utf-8").splitlines()
    assert len(shown) == len(scores) + 2, "current does not show every area"


if __name__ == "__main__":
    main()
