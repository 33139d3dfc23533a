"""Change the code that decides which areas are named, one small change at a time, and see whether a test notices.

``make mutation`` lets mutmut make and try the changes, tries those of upkeep/mutation.toml that mutmut leaves
alone (properties, constants, defaults), and writes docs/mutation.md. It fails when fewer than 85% of the
changes are caught or one survives without a reason in upkeep/mutation.toml. ``--report`` writes the page of the
last run again.
"""

from __future__ import annotations

import json
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
#: What came of the changes by hand, beside mutmut's own results.
TRIED_BY_HAND = ROOT / "mutants" / "by_hand.json"
ENOUGH = 0.85
CAUGHT = ("killed", "timeout", "segfault", "caught by type check")
COPIED = ("riskmodel", "tests", "experiments", "upkeep", "pyproject.toml")
ABOVE = """# Mutation testing

The code that decides which areas are named is changed, one small change at a time (a mutant: a plus becomes a
minus, a limit moves, an argument falls away), and the tests are run on it. A mutant is caught when a test
fails. Written by `make mutation` (mutmut; {minutes} on two cores, not part of `make test`), which fails below
{enough:.0%} or when a mutant survives without a reason given in `upkeep/mutation.toml`.

A mutant that was not tried, because the run was broken off, counts as one that was not caught.
{note}

| module | mutants | caught | survived | not tried | share caught |
|---|---|---|---|---|---|
"""
#: What came of a mutant.
CAUGHT_IT, SURVIVED, NOT_TRIED = "caught", "survived", "not tried"


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


def results() -> tuple[dict[str, Counter[str]], list[Survivor]]:
    """What came of the mutants of each module, and those that survived."""
    counts: dict[str, Counter[str]] = {}
    survivors = []
    for path in settings("mutmut")["only_mutate"]:
        data = SourceFileMutationData(path=path)
        data.load()
        counts[path] = Counter()
        for name, code in data.exit_code_by_key.items():
            status = status_by_exit_code[code]
            came = NOT_TRIED if status == "not checked" else CAUGHT_IT if status in CAUGHT else SURVIVED
            counts[path][came] += 1
            if came == SURVIVED:
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


def try_by_hand(changes: list[dict[str, str]]) -> list[bool]:
    """Whether a test notices each change of a constant, default or property, in a copy of the code."""
    caught = []
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
            caught.append(not tests_pass(Path(folder), change["tests"]))
            path.write_text(before, encoding="utf-8")
    return caught


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


def page_of(counts: dict[str, Counter[str]], survivors: list[Survivor], known: dict[str, Any]) -> str:
    """The page, with survivors under the reason that was given for them."""
    lines = [ABOVE.format(minutes=known["duration"], enough=ENOUGH, note=known["note"])]
    total = sum(counts.values(), Counter[str]())
    for module, found in [*counts.items(), ("**all**", total)]:
        every = f"{found[CAUGHT_IT]} | {found[SURVIVED]} | {found[NOT_TRIED]}"
        lines.append(f"| {module} | {found.total()} | {every} | {found[CAUGHT_IT] / found.total():.1%} |\n")
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
        TRIED_BY_HAND.write_text(json.dumps(try_by_hand(known["by_hand"])), encoding="utf-8")
    counts, survivors = results()
    tried_by_hand: list[bool] = json.loads(TRIED_BY_HAND.read_text(encoding="utf-8"))
    for change, caught in zip(known["by_hand"], tried_by_hand, strict=True):
        counts.setdefault("constants, defaults and properties", Counter())[CAUGHT_IT if caught else SURVIVED] += 1
        if not caught:
            survivors.append(Survivor(change["file"], f"{change['old']} → {change['new']}"))
    PAGE.write_text(page_of(counts, survivors, known), encoding="utf-8")
    unexplained = [each for each in survivors if reason_of(each, known) is None]
    for each in unexplained:
        print(f"no reason given: {each.place}: {each.change}", file=sys.stderr)
    total = sum(counts.values(), Counter[str]())
    share = total[CAUGHT_IT] / total.total()
    print(f"{total[CAUGHT_IT]} of {total.total()} mutants caught ({share:.1%}); {PAGE.relative_to(ROOT)}")
    return 0 if share >= ENOUGH and not unexplained and not total[NOT_TRIED] else 1


if __name__ == "__main__":
    sys.exit(main())
