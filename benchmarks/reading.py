"""What reading costs: the real wijk file beside bare readers, and a made grid of 4 million rows.

    python benchmarks/reading.py FILE        the Leefbaarometer file at wijk level
    python benchmarks/reading.py --grid      makes half a million cells x 8 waves and ingests them

Every figure is the median of several runs; the grid is ingested in a process of its own, whose peak memory is the
operating system's own account.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq
from report import ratio

import riskmodel
from riskmodel.catalogue import DIMENSIONS
from riskmodel.workspace.store import Workspace

CELLS = 500_000
WAVES = (2008, 2012, 2014, 2016, 2018, 2020, 2022, 2024)
BASE = 4.102264851143685


def median_ms(call: Callable[[], object], times: int = 15) -> float:
    """Median milliseconds of a call."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken) * 1000)


def compare(file: Path) -> None:
    """Ingest the file beside a bare read and write of the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        bare = pd.read_csv(file, engine="pyarrow")
        target = Path(folder, "bare.parquet")
        table = pa.Table.from_pandas(bare, preserve_index=False)
        write = median_ms(lambda: pq.write_table(table, target, compression="zstd"))
        read = median_ms(lambda: pd.read_csv(file, engine="pyarrow"))
        ours = median_ms(lambda: riskmodel.ingest_leefbaarometer([file], Workspace(Path(folder, "workspace"))))
    print(f"pandas.read_csv (pyarrow)            {read:7.1f} ms")
    print(f"write as Parquet                     {write:7.1f} ms")
    print(f"riskmodel ingest, read + check + write {ours:5.1f} ms")
    ratio("ingest / (1.5 x bare read + bare write)", ours / (1.5 * read + write))


def make_grid(file: Path) -> None:
    """Write an invented grid file in the published format."""
    random = np.random.default_rng(1)
    codes = np.array([f"E{cell // 1000:04d}N{cell % 1000:04d}" for cell in range(CELLS)])
    # Cells stay what they are, as real ones do: a file in which they do not is refused.
    lasting = random.normal(0.0, 0.06, (CELLS, len(DIMENSIONS))).repeat(len(WAVES), axis=0)
    parts = np.round(lasting + random.normal(0.0, 0.01, lasting.shape), 9)
    deviation = parts.sum(axis=1)
    columns = {
        "gridcode": np.repeat(codes, len(WAVES)),
        "jaar": np.tile(WAVES, CELLS),
        "lbm": deviation + BASE,
        "afw": deviation,
        **dict(zip(DIMENSIONS, parts.T, strict=True)),
    }
    pv.write_csv(pa.table(columns), file)


def ingest_grid() -> None:
    """Make a grid and ingest it in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "grid.csv")
        make_grid(file)
        command = [sys.executable, __file__, "--ingest", str(file), str(Path(folder, "workspace"))]
        begin = time.perf_counter()
        subprocess.run(command, check=True)
        taken = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
        size = file.stat().st_size / 1024**2
        begin = time.perf_counter()
        pd.read_csv(file, engine="pyarrow")
        bare = time.perf_counter() - begin
    print(f"{CELLS * len(WAVES):,} rows, {size:,.0f} MiB of CSV")
    print(f"ingest in a new process              {taken:7.1f} s, peak memory {peak:.2f} GiB")
    print(f"pandas.read_csv (pyarrow) alone      {bare:7.1f} s")


def main() -> None:
    """Run what was asked."""
    if sys.argv[1:2] == ["--ingest"]:
        riskmodel.ingest_leefbaarometer([Path(sys.argv[2])], Workspace(Path(sys.argv[3])))
    elif sys.argv[1:] == ["--grid"]:
        ingest_grid()
    else:
        compare(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
