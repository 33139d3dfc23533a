"""Check what the main job wrote, against the official file itself wherever that says what must stand there."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

#: Wijken with a score in 2020, counted in the official file by municipality number in the code.
MUNICIPALITIES = {
    "almere": ["0034"],
    "venlo": ["0983"],
    "drechtsteden": ["0482", "0505", "0523", "0531", "0590", "0610", "0642"],
    "region": ["0482", "0505", "0523", "0531", "0590", "0610", "0642"],
}
METRICS = {
    "auc", "average_precision", "brier", "log_loss", "calibration_error", "coverage_80", "width_80",
    *(f"{name}_at_{cut}" for name in ("precision", "recall", "lift") for cut in ("1pct", "5pct", "k")),
}  # fmt: skip
OFFICIAL = Path("../shared/data/leefbaarometer-3.0/Leefbaarometer-scores wijken 2002-2020.csv")


def official_scores() -> dict[str, float]:
    with OFFICIAL.open(encoding="utf-8", newline="") as file:
        return {row["wk_code"]: float(row["lbm"]) for row in csv.DictReader(file) if row["jaar"] == "2020"}


def check_list(folder: Path, numbers: list[str], scores: dict[str, float]) -> None:
    table = pd.read_csv(folder / "risicolijst.csv")
    expected = {code for code in scores if code[2:6] in numbers}
    assert set(table["location"]) == expected, f"{folder.name}: other areas than in the official file"
    assert (table["location"].map(scores) - table["score"]).abs().max() < 1e-12, "other scores"
    assert table["p_decline"].between(0, 1).all() and table["rank"].is_monotonic_increasing
    large = table[~table["too_small"]]
    assert large["p_decline"].is_monotonic_decreasing, "not in order of chance"
    parts = table[["basis", *(column for column in table if column.startswith("bijdrage_"))]].sum(axis=1)
    assert (parts - table["expected_change"]).abs().max() < 1e-6, "contributions do not add up"
    assert table["on_list"].sum() + table["audit"].sum() == 10
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
    pmf = forecasts[forecasts["output_type"] == "pmf"].groupby(["model", "origin_date", "location"], observed=True)
    assert (pmf["value"].sum() - 1).abs().max() < 1e-9, "class chances do not add up to 1"
    origins = sorted({str(day)[:4] for day in forecasts["origin_date"]})
    print(f"{folder.name}: {len(forecasts):,} forecast rows, origins {', '.join(origins)}, all scores present")


def main() -> None:
    folder = Path(sys.argv[1])
    scores = official_scores()
    for name, numbers in MUNICIPALITIES.items():
        check_list(folder / "lists" / name, numbers, scores)
    for backtest in sorted((folder / "workspace" / "backtests").iterdir()):
        check_backtest(backtest)
    shown = (folder / "current.txt").read_text(encoding="utf-8").splitlines()
    assert len(shown) == len(scores) + 2, "current does not show every area"


if __name__ == "__main__":
    main()
