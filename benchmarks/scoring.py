"""What scoring costs beside the bare job: read Parquet, let LightGBM predict, write Parquet.

    python benchmarks/scoring.py [--rows N] [--driver-rows N] [--small N] [--rounds N] [--folder DIR]

A made model (500 trees x 31 leaves, 60 features, on a structural model as the released ones are) and made rows.
Each job runs in a process of its own, whose peak memory and processor time are the operating system's own account;
ratios are to the peer in the same run:

- ``score`` without drivers, beside a loop over row groups that reads, calls ``Booster.predict`` and writes;
- ``score`` of a smaller input, for the memory;
- ``score --drivers``, beside the same loop with ``pred_contrib`` and sums per driver, timed on fewer rows because
  it takes so long and scaled up: its cost is the same for every row.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from report import machine, ratio

import riskmodel
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.structural import EXPECTATION, SPREAD, UNREST
from riskmodel.forecasting.origins import Origin
from riskmodel.panel.panel import Panel
from riskmodel.scoring.driver_sums import driver_sums, summed
from riskmodel.scoring.reference import REFERENCE, reference_file
from riskmodel.scoring.release import load_release, save_release

FEATURES, TREES, LEAVES = 60, 500, 31
GROUP_ROWS = 131_072
#: Rows on which the peer with ``pred_contrib`` is timed, and its time for the rest is worked out.
PEER_ROWS = 16_384
STEPS = ("read", "predict", "write")
EXPERIMENT = Path(__file__).parents[1] / "experiments" / "decline-2y.yaml"
NAMES = (*EXPECTATION, UNREST, SPREAD, *(f"context.made_{number:02d}" for number in range(FEATURES - 8)))


def made_values(rows: int, seed: int) -> np.ndarray:
    """Features of shape (rows, features), one in twenty missing, but never the spread."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, FEATURES))
    values[rng.random(values.shape) < 0.05] = np.nan
    values[:, NAMES.index(SPREAD)] = np.log(0.03) + 0.4 * rng.normal(size=rows)
    return values


def make_model(folder: Path) -> Path:
    """Train and release a model of the size that is asked for."""
    values = made_values(100_000, 1)
    rng = np.random.default_rng(2)
    known = np.nan_to_num(values)
    change = 0.02 * known[:, 0] + 0.01 * np.sin(3 * known[:, 10]) * known[:, 11] + 0.005 * known[:, 8:].sum(axis=1)
    training = Training(
        features=Features(NAMES, values),
        change=change + 0.03 * rng.standard_t(5, len(values)),
        score_start=np.zeros(len(values)),
        municipality=np.full(len(values), "GM0000"),
        start=np.full(len(values), 2018),
        end=np.full(len(values), 2020),
        horizon=2,
    )
    model = LightGBM(trees=TREES, leaves=LEAVES, depth=-1, feature_share=1.0).fit(training, np.array([-0.05]))
    panel = Panel(
        level="grid",
        edition="3.0",
        base=4.1,
        boundaries=2022,
        areas=np.array(["E0N0"]),
        names=np.array(["E0N0"]),
        years=(2020,),
        indicators=("score",),
        values=np.full((1, 1, 1), 4.1),
        published=np.array([[np.datetime64("2022-04-14", "D")]]),
    )
    origin = Origin(2020, 2, date(2022, 4, 14), ((2018, 2020),))
    described = {REFERENCE: reference_file(training.features)}
    known_at = "benchmark"
    return save_release(folder, "made", model, EXPERIMENT, panel, origin, known_at, lambda _: described).folder


def make_rows(file: Path, rows: int) -> None:
    """Write rows to score, a row group at a time."""
    writer: Any = None
    for number, start in enumerate(range(0, rows, GROUP_ROWS)):
        size = min(GROUP_ROWS, rows - start)
        columns = dict(zip(NAMES, made_values(size, 100 + number).T.copy(), strict=True))
        deviation = np.random.default_rng(number).normal(0, 0.15, size)
        location = pa.array([f"E{start + each:07d}" for each in range(size)])
        table = pa.table({"location": location, "deviation": deviation, **columns})
        writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd", compression_level=1)
        writer.write_table(table, row_group_size=GROUP_ROWS)
    writer.close()


def bare(file: Path, model: Path, target: Path, drivers: bool) -> dict[str, float]:
    """Read, predict and write, and what each took."""
    model_of: Any = load_release(model).model
    booster, took = model_of.trees, {"read": 0.0, "predict": 0.0, "write": 0.0}
    owner: Any = None
    if drivers:
        sums: Any = driver_sums(model_of, compiled=False)
        names = sums.names
        owner = np.array([names.index("context") if name.startswith("context") else 0 for name in NAMES])
    writer: Any = None
    with pq.ParquetFile(file) as source:
        for group in range(source.num_row_groups):
            begin = time.perf_counter()
            table = source.read_row_group(group)
            values = np.column_stack([table.column(name).to_numpy() for name in NAMES])
            read = time.perf_counter()
            made = booster.predict(values, pred_contrib=drivers)
            answers = summed(made, owner).T if drivers else [made]
            predicted = time.perf_counter()
            columns = {f"answer{number}": pa.array(each) for number, each in enumerate(answers)}
            out = pa.table({"location": table.column("location"), **columns})
            writer = writer or pq.ParquetWriter(target, out.schema, compression="zstd", compression_level=1)
            writer.write_table(out)
            took["read"] += read - begin
            took["predict"] += predicted - read
            took["write"] += time.perf_counter() - predicted
    writer.close()
    return took


def job(what: str, *arguments: str) -> dict[str, float]:
    """Run one job in a process of its own: its wall time within, and its peak memory."""
    command = [sys.executable, __file__, "--job", what, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def do_job(what: str, file: str, model: str, target: str) -> None:
    """The inside of :func:`job`."""
    begin, begin_processor = time.perf_counter(), time.process_time()
    told: dict[str, float] = {}
    if what.startswith("bare"):
        told = bare(Path(file), Path(model), Path(target), what.endswith("drivers"))
    else:
        done = riskmodel.score(file, model, target, drivers=what.endswith("drivers"))
        told = {"rows": done.manifest["totals"]["scored"]}
    used = {"seconds": time.perf_counter() - begin, "processor": time.process_time() - begin_processor}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({**told, **used, "peak_gib": peak}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--driver-rows", type=int, default=500_000)
    parser.add_argument("--small", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1, help="times of bare and score in turn, without drivers")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--job", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.job:
        do_job(*asked.job)
        return
    folder = Path(tempfile.mkdtemp(dir=asked.folder, prefix="scoring-"))
    try:
        model = str(make_model(folder / "models"))
        files = {}
        for rows in {asked.rows, asked.driver_rows, asked.small, PEER_ROWS}:
            files[rows] = folder / f"rows-{rows}.parquet"
            make_rows(files[rows], rows)
        rounds = []
        for number in range(asked.rounds):
            peer = job("bare", str(files[asked.rows]), model, str(folder / f"bare-{number}.parquet"))
            ours = job("score", str(files[asked.rows]), model, str(folder / f"scored-{number}"))
            rounds.append(ours["seconds"] / sum(peer[key] for key in STEPS))
        small = job("score", str(files[asked.small]), model, str(folder / "scored-small"))
        with_drivers = job("score drivers", str(files[asked.driver_rows]), model, str(folder / "drivers"))
        contrib = job("bare drivers", str(files[PEER_ROWS]), model, str(folder / "contrib.parquet"))
        drivers_by = json.loads((folder / "drivers" / "run.json").read_text())["settings"]["drivers_by"]
    finally:
        shutil.rmtree(folder)
    print(machine())
    print(f"{TREES} trees x {LEAVES} leaves x {FEATURES} features\n")
    print(f"{asked.rows:,} rows, Parquet to Parquet, no drivers")
    print(f"  bare: read {peer['read']:.1f} + predict {peer['predict']:.1f} + write {peer['write']:.1f} s")
    total = peer["read"] + peer["predict"] + peer["write"]
    print(f"  riskmodel score {ours['seconds']:.1f} s of {total:.1f} s")
    print(f"  processor time {ours['processor']:.1f} against {peer['processor']:.1f} s")
    print(f"  peak memory: bare {peer['peak_gib']:.2f} GiB, score {ours['peak_gib']:.2f} GiB;")
    print(f"  of {asked.small:,} rows {small['peak_gib']:.2f} GiB")
    each = sum(contrib[key] for key in STEPS) / PEER_ROWS
    print(f"{asked.driver_rows:,} rows with drivers, told by {drivers_by}")
    print(f"  through pred_contrib {each * asked.driver_rows:.0f} s (from {PEER_ROWS:,} rows)")
    told = with_drivers["seconds"]
    print(f"  riskmodel score --drivers {told:.1f} s")
    spent = contrib["processor"] * asked.driver_rows / PEER_ROWS / with_drivers["processor"]
    print(f"  peak memory {with_drivers['peak_gib']:.2f} GiB")
    rows = f"{asked.rows:,} rows x {FEATURES}"
    ratio(f"score / read, bare predict and write: {rows}", float(np.median(rounds)), rounds, "at most 1.25")
    ratio("the same in processor time", ours["processor"] / peer["processor"])
    ratio(f"score: memory of {asked.rows:,} / of {asked.small:,} rows", ours["peak_gib"] / small["peak_gib"])
    many = f"{asked.driver_rows:,} rows"
    ratio(
        f"job through pred_contrib / score --drivers: {many}", each * asked.driver_rows / told, aim="at least 15"
    )
    ratio("the same in processor time", spent)


if __name__ == "__main__":
    main()
