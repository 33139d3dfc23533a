"""What features of a large panel cost: seconds and memory per cell, from ten thousand cells to a million.

python benchmarks/features.py [--cells 10000,30000,100000,300000,1000000] [--plot benchmarks/features.png]

Each size runs in a process of its own, so that its peak memory is its own. The panel is made up: 9 waves, 60
indicators (the score, its dimensions, others of the catalogue), every cell with four neighbours. Timed are the
features of the last origin, with everything known then; the peer in the same run is one pass over the same values
(``numpy.nanmean`` along the waves).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
from report import ratio

from riskmodel import catalogue
from riskmodel.catalogue import DIMENSIONS
from riskmodel.forecasting.features import features_of
from riskmodel.forecasting.origins import latest_origin
from riskmodel.panel.panel import Panel

WAVES = (2004, 2006, 2008, 2010, 2012, 2014, 2016, 2018, 2020)
INDICATORS = 60


def made_panel(cells: int) -> Panel:
    """A made-up grid of cells with every value there."""
    side = int(np.ceil(np.sqrt(cells)))
    others = [
        key
        for key, about in catalogue.indicators().items()
        if about.feature and about.sensitivity != "origin" and key not in ("score", "population", *DIMENSIONS)
    ]
    indicators = ("score", *DIMENSIONS, "population", *others)[:INDICATORS]
    rng = np.random.default_rng(1)
    values = rng.normal(0.0, 0.05, (len(indicators), cells, len(WAVES)))
    values[0] += 4.1
    values[indicators.index("population")] = rng.integers(5, 400, (cells, 1))
    place = np.arange(cells)
    right, below = place[(place + 1) % side != 0], place[place + side < cells]
    borders = np.concatenate([np.column_stack([right, right + 1]), np.column_stack([below, below + side])])
    published = np.array([np.datetime64(date(wave + 2, 5, 1), "D") for wave in WAVES])
    return Panel(
        level="grid",
        edition="3.0",
        base=4.1,
        boundaries=2020,
        areas=np.array([f"c{number:07d}" for number in place]),
        names=np.full(cells, "cell"),
        years=WAVES,
        indicators=indicators,
        values=values,
        published=np.tile(published, (len(indicators), 1)),
        definitions={key: about for key, about in catalogue.indicators().items() if key in indicators},
        borders=borders[(borders < cells).all(axis=1)],
    )


def measure(cells: int) -> str:
    """One line: cells, seconds of the features, of the peer, and memory in bytes per cell."""
    panel = made_panel(cells)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    features = features_of(panel, latest_origin(panel, 2))
    took = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    np.nanmean(panel.values, axis=2)
    peer = time.perf_counter() - begin
    more = (after - before) * 1024
    return f"{cells},{features.values.shape[1]},{took:.3f},{peer:.3f},{panel.values.nbytes},{more}"


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", default="10000,30000,100000,300000,1000000")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(measure(asked.one))
        return
    rows = []
    print("|     cells | features | seconds | µs a cell | times one pass | values MiB | more memory / values |")
    print("|----------:|---------:|--------:|----------:|---------------:|-----------:|---------------------:|")
    for cells in map(int, asked.cells.split(",")):
        line = subprocess.run(
            [sys.executable, __file__, "--one", str(cells)], check=True, capture_output=True, text=True
        ).stdout
        number, width, took, peer, size, more = map(float, line.split(","))
        rows.append((number, 1e6 * took / number))
        print(
            f"| {number:9,.0f} | {width:8.0f} | {took:7.2f} | {rows[-1][1]:9.2f} | {took / peer:14.2f} | "
            f"{size / 2**20:10,.0f} | {more / size:20.2f} |"
        )
    least, most = rows[0], rows[-1]
    ratio(f"features: cost of a cell of {most[0]:,.0f} / of {least[0]:,.0f}", most[1] / least[1])
    if asked.plot:
        plot(rows, asked.plot)


def plot(rows: list[tuple[float, float]], path: Path) -> None:
    """Microseconds a cell against the number of cells."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.add_subplot()
    cells, cost = zip(*rows, strict=True)
    axes.plot(cells, cost, "o-", color="#0072B2")
    axes.set_xscale("log")
    axes.set(ylim=(0, 1.4 * max(cost)), xlabel="cells", ylabel="microseconds a cell")
    axes.set_title("Features of 9 waves and 60 indicators", loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
