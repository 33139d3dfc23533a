"""Run every benchmark and write one table: what it costs here, beside which peer, on which machine.

    python benchmarks/run.py [--data FOLDER] [--quick] [--only WORD] [--out benchmarks/results.md]

A workspace is made first: of the official files in ``--data``, or of the invented country where there are none.
Each benchmark is a command of its own, which prints its figures and, for every figure with an aim or a peer, a
line with the ratio to that peer in the same run. The lines are collected at the top; below them stands what each
command printed. ``--quick`` asks for small sizes, to see that everything runs. Without it the whole takes about an
hour on two cores: nothing else should run meanwhile.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from report import RATIO, machine

import riskmodel
from riskmodel.workflow.example import write_example
from riskmodel.workspace.store import Workspace

HERE = Path(__file__).parent
SCORES = "leefbaarometer-3.0/Leefbaarometer-scores wijken 2002-2020.csv"


@dataclass(frozen=True)
class Benchmark:
    """One command.

    Attributes
    ----------
    title : str
        What it measures.
    script : str
        File beside this one.
    whole, quick : tuple of str
        Arguments for the whole size and for a small one.
    needs : str
        Python package or program that it needs and that may be absent.
    """

    title: str
    script: str
    whole: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    needs: str = ""


@dataclass(frozen=True)
class Done:
    """What a command printed, and how long it took."""

    benchmark: Benchmark
    command: str
    printed: str
    seconds: float
    code: int


def benchmarks(scores: Path) -> tuple[Benchmark, ...]:
    """Every benchmark, the cheap ones first."""
    small = ("--rows", "1000", "--trees", "50", "--rounds", "1")
    return (
        Benchmark("Reading", "reading.py", (str(scores),), (str(scores),)),
        Benchmark("A backtest beside LightGBM alone", "backtest_overhead.py"),
        Benchmark("The page of the country", "page.py", needs="geopandas"),
        Benchmark("Features of a large panel", "features.py", quick=("--cells", "1000,10000")),
        Benchmark("Contributions", "contributions.py", quick=small),
        Benchmark(
            "A national backtest beside mlforecast",
            "national_backtest.py",
            quick=("--areas", "500", "--runs", "1"),
            needs="mlforecast",
        ),
        Benchmark(
            "The service", "serving.py", quick=("--seconds", "9", "--rounds", "1", "--each", "2"), needs="wrk"
        ),
        Benchmark(
            "Scoring",
            "scoring.py",
            quick=("--rows", "60000", "--driver-rows", "20000", "--small", "20000"),
        ),
    )


def make_workspace(data: Path | None, folder: Path) -> tuple[Workspace, Path]:
    """A workspace with a backtest, a champion and a forecast, and the file of scores behind it."""
    workspace = Workspace(folder / "workspace")
    if data is None:
        files = write_example(folder / "files")
        scores, structure = files.leefbaarometer, list(files.kwb)
    else:
        scores = data / SCORES
        structure = [data / "kwb" / name for name in ("wijk_2016.csv", "wijk_2022.csv")]
    riskmodel.ingest_leefbaarometer([scores], workspace)
    riskmodel.ingest_kwb(structure, workspace)
    if data is not None:
        riskmodel.ingest_crosswalk(data / "crosswalk" / "code_changes_2016_2024.csv", workspace)
        if find_spec("geopandas"):
            riskmodel.ingest_boundaries(data / "kwb" / "wijk_2022.geojson", workspace)
    question = HERE.parent / "experiments" / "decline-2y.yaml"
    riskmodel.backtest(question, workspace)
    riskmodel.train(question, workspace)
    riskmodel.forecast(workspace)
    return workspace, scores


def measure(benchmark: Benchmark, workspace: Workspace, *, quick: bool) -> Done | None:
    """Run one command; None when what it needs is absent."""
    if benchmark.needs and not (find_spec(benchmark.needs) or which(benchmark.needs)):
        return None
    arguments = benchmark.quick if quick else benchmark.whole
    command = [sys.executable, str(HERE / benchmark.script), *arguments]
    environment = {**os.environ, "RISKMODEL_WORKSPACE": str(workspace.folder)}
    begin = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
    shown = " ".join(["python", f"benchmarks/{benchmark.script}", *(Path(each).name for each in arguments)])
    return Done(benchmark, shown, done.stdout, time.perf_counter() - begin, done.returncode)


def table(done: list[Done], absent: list[Benchmark], begun: str) -> str:
    """The page."""
    lines = [
        "# Timings of one run",
        "",
        f"{begun}; {datetime.now(tz=UTC):%Y-%m-%d}, riskmodel {riskmodel.__version__}.",
    ]
    lines += ["", "| what | ratio | each run | aim |", "|---|--:|---|---|"]
    for each in done:
        lines += [
            f"| {line.removeprefix(RATIO)} |" for line in each.printed.splitlines() if line.startswith(RATIO)
        ]
    lines += ["", *(f"Left out: {each.title} (no {each.needs} here)." for each in absent)]
    for each in done:
        kept = [line for line in each.printed.splitlines() if not line.startswith(RATIO)]
        text = "\n".join(kept).strip()
        lines += ["", f"## {each.benchmark.title}", "", f"`{each.command}`, {each.seconds:.0f} s", ""]
        lines += [text if "|---" in text else f"```\n{text}\n```"]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of official files; by default the invented country")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="only what has this in its title")
    parser.add_argument("--out", type=Path, default=HERE / "results.md")
    asked = parser.parse_args()
    begun, done, absent = machine(), list[Done](), list[Benchmark]()
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        workspace, scores = make_workspace(asked.data, Path(folder))
        for benchmark in benchmarks(scores):
            if asked.only.casefold() not in benchmark.title.casefold():
                continue
            print(benchmark.title, "...", file=sys.stderr, flush=True)
            made = measure(benchmark, workspace, quick=asked.quick)
            if made is None:
                absent.append(benchmark)
            else:
                done.append(made)
    asked.out.write_text(table(done, absent, begun), encoding="utf-8")
    print(asked.out)
    return max((each.code for each in done), default=1)


if __name__ == "__main__":
    sys.exit(main())
