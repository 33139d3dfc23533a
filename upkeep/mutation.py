"""Change the code that decides which areas are named, one small change at a time, and see whether a test notices.

``make mutation`` lets mutmut make and try the changes, tries those of upkeep/mutation.toml that mutmut leaves
alone (properties, constants, defaults), and writes docs/mutation.md. It fails when fewer than 85% of the
changes are caught or one survives without a reason in upkeep/mutation.toml. ``--report`` writes the page of the
last run again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dependencies import ROOT
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

PAGE = ROOT / "docs" / "mutation.md"
REASONS = Path(__file__).with_name("mutation.toml")
ENOUGH = 0.85
CAUGHT = ("killed", "timeout", "segfault", "caught by type check")
COPIED = ("riskmodel", "tests", "experiments", "upkeep", "pyproject.toml")
ABOVE = """# Mutation testing

The code that decides which areas are named is changed, one small change at a time (a mutant: a plus becomes a
minus, a limit moves, an argument falls away), and the tests are run on it. A mutant is caught when a test
fails. Written by `make mutation` (mutmut; {minutes} on two cores, not part of `make test`), which fails below
{enough:.0%} or when a mutant survives without a reason given in `upkeep/mutation.toml`.

| module | mutants | caught | share |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Survivor:
    """A change that no test noticed.

    Attributes
    ----------
    place : str
        Module and function.
    change : str
        Lines that went and lines that came.
    """

    place: str
    change: str


def settings(name: str) -> dict[str, Any]:
    """What the project file says for a tool."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)["tool"][name]
    return found


def results() -> tuple[dict[str, Counter[bool]], list[Survivor]]:
    """Mutants that were caught (True) or not by module, and those that were not."""
    counts: dict[str, Counter[bool]] = {}
    survivors = []
    for path in settings("mutmut")["only_mutate"]:
        data = SourceFileMutationData(path=path)
        data.load()
        counts[path] = Counter()
        for name, code in data.exit_code_by_key.items():
            status = status_by_exit_code[code]
            if status == "not checked":
                raise SystemExit(f"{name} was not tried: run make mutation to the end")
            counts[path][status in CAUGHT] += 1
            if status not in CAUGHT:
                survivors.append(survivor_of(name, path))
    return counts, survivors


def survivor_of(name: str, path: str) -> Survivor:
    """Where a mutant is and what it changes, in a form that stays the same when code around it changes."""
    lines = get_diff_for_mutant(name, path=path).splitlines()
    gone = " ".join(line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---"))
    came = " ".join(line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++"))
    function = name.rpartition(".")[2].partition("__mutmut_")[0]
    place = function.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in function else function.removeprefix("x_")
    return Survivor(f"{path.removeprefix('riskmodel/')}: {place}", f"{gone} → {came}")


def by_hand(changes: list[dict[str, str]]) -> tuple[Counter[bool], list[Survivor]]:
    """Try changes of constants, defaults and properties, each in a copy of the code."""
    counts: Counter[bool] = Counter()
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        for name in COPIED:
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, Path(folder, name))
        for change in changes:
            path = Path(folder, "riskmodel", change["file"])
            before = path.read_text(encoding="utf-8")
            if before.count(change["old"]) != 1:
                raise SystemExit(f"{change['file']} does not hold {change['old']!r} once")
            path.write_text(before.replace(change["old"], change["new"]), encoding="utf-8")
            caught = not tests_pass(Path(folder), change["tests"])
            path.write_text(before, encoding="utf-8")
            counts[caught] += 1
            if not caught:
                survivors.append(Survivor(change["file"], f"{change['old']} → {change['new']}"))
    return counts, survivors


def tests_pass(folder: Path, tests: str) -> bool:
    """Whether the tests in one file pass on a copy of the code."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", *settings("mutmut")["pytest_add_cli_args"]]
    done = subprocess.run(
        [*command, f"tests/{tests}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{tests} could not be run: {done.stdout.decode()}{done.stderr.decode()}")
    return done.returncode == 0


def reason_of(survivor: Survivor, known: dict[str, Any]) -> dict[str, Any] | None:
    """The reason that was given for a survivor: the first of which a pattern fits; None if none does."""
    told = f"{survivor.place}: {survivor.change}"
    reasons: list[dict[str, Any]] = known["reason"]
    return next((each for each in reasons if any(re.search(one, told) for one in each["patterns"])), None)


def page_of(counts: dict[str, Counter[bool]], survivors: list[Survivor], known: dict[str, Any]) -> str:
    """The page, with survivors under the reason that was given for them."""
    lines = [ABOVE.format(minutes=known["duration"], enough=ENOUGH)]
    total: Counter[bool] = Counter()
    for module, found in counts.items():
        lines.append(f"| {module} | {found.total()} | {found[True]} | {found[True] / found.total():.1%} |\n")
        total += found
    lines.append(f"| **all** | {total.total()} | {total[True]} | {total[True] / total.total():.1%} |\n")
    lines.append("\n## Mutants that survive, and why\n")
    for reason in known["reason"]:
        own = [each for each in survivors if reason_of(each, known) is reason]
        if own:
            lines.append(f"\n**{reason['text']}**\n\n")
            lines += [f"- {each.place}: `{each.change}`\n" for each in own]
    return "".join(lines)


def main() -> int:
    os.chdir(ROOT)
    with REASONS.open("rb") as file:
        known = tomllib.load(file)
    if "--report" not in sys.argv:
        processes = os.environ.get("MUTATION_PROCESSES", "2")
        subprocess.run([Path(sys.executable).with_name("mutmut"), "run", "--max-children", processes], check=True)
    counts, survivors = results()
    counts["constants, defaults and properties"], more = by_hand(known["by_hand"])
    survivors += more
    PAGE.write_text(page_of(counts, survivors, known), encoding="utf-8")
    unexplained = [each for each in survivors if reason_of(each, known) is None]
    for each in unexplained:
        print(f"no reason given: {each.place}: {each.change}", file=sys.stderr)
    caught, tried = (sum(f(found) for found in counts.values()) for f in (lambda c: c[True], Counter.total))
    print(f"{caught} of {tried} mutants caught ({caught / tried:.1%}); {PAGE.relative_to(ROOT)}")
    return 0 if caught / tried >= ENOUGH and not unexplained else 1


if __name__ == "__main__":
    sys.exit(main())
