"""Try readers on spoiled files: ``python -m tests.fuzzing --reader police --inputs 100000 --seed 1``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .runner import FOUND, run
from .targets import TARGETS


def main() -> int:
    """Try the readers that are named, or all; 1 when one of them showed a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument(
        "--reader", action="append", choices=sorted(TARGETS), help="may be repeated; by default all"
    )
    parser.add_argument("--inputs", type=int, default=100_000, help="inputs a reader (100000)")
    parser.add_argument("--seed", type=int, default=1, help="of the stream of inputs (1)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="at most so many seconds a reader")
    parser.add_argument("--found", type=Path, default=FOUND, help="where inputs that show a fault are kept")
    parser.add_argument("--table", type=Path, help="add a line of JSON a reader to this file")
    asked = parser.parse_args()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    faulty = False
    for name in asked.reader or TARGETS:
        with Progress(*columns, transient=True) as bar:
            task = bar.add_task(name, total=asked.inputs)
            tally = run(
                name,
                asked.inputs,
                asked.seed,
                seconds=asked.seconds,
                folder=asked.found,
                progress=lambda done, task=task, bar=bar: bar.update(task, completed=done),
            )
        print(f"{name}: {tally.told()}", flush=True)
        faulty |= bool(tally.faults)
        if asked.table:
            with asked.table.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"reader": name, "seed": asked.seed, **vars(tally)}) + "\n")
    return int(faulty)


if __name__ == "__main__":
    sys.exit(main())
