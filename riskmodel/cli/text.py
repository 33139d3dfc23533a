"""Results of commands as text for people: skill, the panel, the catalogue, what was made.

Imports nothing heavy itself: commands that train nothing show their text without the libraries of those that do.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.catalogue import Indicator, drivers, indicators

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.forecasting.backtest import Backtest
    from riskmodel.forecasting.checks import Finding
    from riskmodel.forecasting.forecast_store import StoredForecast
    from riskmodel.products.risk_list.risk_list import RiskList
    from riskmodel.workflow.promote import Promotion
    from riskmodel.workflow.reproduce import Reproduction
    from riskmodel.workflow.train import Trained
    from riskmodel.workspace.check import Check
    from riskmodel.workspace.verify import DeepCheck

#: More rows than this are not shown on a terminal; the written file has all of them.
SHOWN = 40
#: Longest name of an area in a table for a screen.
NAME = 24


def check_table(found: Check) -> str:
    """Readable text of a :class:`~riskmodel.workspace.check.Check`."""
    lines = [
        f"level {found.level}, {found.areas:,} areas, waves {', '.join(map(str, found.waves))}",
        "",
        f"{'indicator':<28} {'source':<20} {'year':>5} {'published':>11} {'joined':>8} {'estimated':>10}",
    ]
    lines += [
        f"{each.indicator:<28} {each.source:<20} {each.year:>5} {each.published:>11} {each.joined:>8.1%} "
        f"{each.estimated:>10.1%}"
        for each in found.coverage
    ]
    lines += ["", "blocked or left out:", *(f"  {note}" for note in found.blocked or ("nothing",))]
    if found.flagged:
        lines += ["", "flagged when it came in:", *(f"  {note}" for note in found.flagged)]
    lines += ["", "looks wrong:"]
    lines += [f"  {each.code}: {each.indicator} {each.year}: {each.message}" for each in found.findings] or [
        "  nothing"
    ]
    return "\n".join(lines)


def deep_table(found: DeepCheck) -> str:
    """Readable text of a :class:`~riskmodel.workspace.verify.DeepCheck`."""
    lines = [f"{each.path}: {each.what}" for each in found.damages]
    lines += [f"note: {note}" for note in found.notes]
    verdict = f"{len(found.damages)} damaged" if found.damages else "nothing damaged"
    return "\n".join([*lines, f"{found.files:,} files, {found.bytes / 1e6:,.1f} MB read: {verdict}"])


def found_indicators(words: Sequence[str]) -> list[Indicator]:
    """Indicators of the catalogue in whose id, labels, driver or source all words occur."""
    names = {driver.id: driver.label for driver in drivers()}
    found = []
    for each in indicators().values():
        text = " ".join([each.id, each.label_nl, each.label_en, names[each.driver], each.source]).casefold()
        if all(word.casefold() in text for word in words):
            found.append(each)
    return found


def indicator_table(words: Sequence[str]) -> str:
    """The indicators that :func:`found_indicators` gives as text, a line each."""
    names = {driver.id: driver.label for driver in drivers()}
    lines = []
    for each in found_indicators(words):
        marks = [each.kind, each.direction, f"published after {each.lag_months} months"]
        marks += ["blocked (origin)"] if each.sensitivity == "origin" else []
        lines.append(
            f"{each.id:<32} {each.label_nl} ({each.unit}) · {names[each.driver]} · {each.source} · "
            + ", ".join(marks)
        )
    return "\n".join(lines) or "no indicator with these words"


def current_text(table: pd.DataFrame, folder: Path) -> str:
    """The present as a table that fits on a screen; on a terminal its first rows only.

    Long names are cut, of the changes only that since the measurement before is told, and of municipalities none
    where there is one; the file has it all.
    """
    changes = [column for column in table.columns if column.startswith("change_since_")]
    apart = [] if len(set(table["municipality"])) > 1 else ["municipality"]
    shown = table.drop(columns=["deviation", "dimensions_wave", "wave", "class_name", *changes[1:], *apart])
    if sys.stdout.isatty():
        shown = shown.head(SHOWN)
    text = {
        "name": [
            name if len(name) <= NAME else f"{name[: NAME - 1]}\N{HORIZONTAL ELLIPSIS}" for name in shown["name"]
        ],
        "class": [f"{number} {name}" for number, name in zip(shown["class"], table["class_name"], strict=False)],
    }
    wide = {key: max(map(len, [key, *cells])) for key, cells in text.items()}
    shown = shown.assign(**{key: [cell.ljust(wide[key]) for cell in cells] for key, cells in text.items()})
    heads = {key: key.ljust(width) for key, width in wide.items()} | {
        change: change.removeprefix("change_") for change in changes[:1]
    }
    lines = [
        shown.rename(columns=heads).to_string(
            index=False,
            float_format="{:.3f}".format,
            formatters={"inhabitants": lambda number: f"{number:,.0f}" if number == number else "-"},
            na_rep="-",
        )
    ]
    if len(shown) < len(table):
        lines.append(f"... and {len(table) - len(shown):,} more")
    measured = table["wave"].iloc[0] if len(table) else "-"
    lines.append(f"{len(table):,} areas, wave {measured}; all areas, with every change, in {folder}")
    return "\n".join(lines)


def backtest_text(done: Backtest, findings: Sequence[Finding], folder: Path, leave_out: str | None = None) -> str:
    """A backtest as tables of skill, with what the checks found."""
    from riskmodel.products.governance.skill_tables import (
        group_calibration_table,
        ordering_table,
        skill_table,
        summary_table,
    )

    told = done.scores, done.paired, done.experiment
    lines = [
        skill_table(done.scores, done.experiment, done.paired),
        f"\n{ordering_table(*told)}\n\n{summary_table(*told)}",
        f"\n{group_calibration_table(done.calibration, done.experiment)}\n",
    ]
    if leave_out:
        lines.append(f"\nEach {leave_out} by models that learned nothing from it:\n")
        lines.append(summary_table(*told, left_out=True))
    lines += [found.line for found in findings]
    return "\n".join([*lines, f"forecasts and scores: {folder}"])


def train_text(trained: Mapping[str, Trained]) -> str:
    """Where each trained model stands, what it is now, and what the checks found."""
    lines = []
    for role, each in trained.items():
        release = each.release
        lines += [
            f"{role}: {release.folder}",
            f"version {each.version} of {release.experiment.name}, {_standing(role, each)}",
            *(found.line for found in each.findings),
        ]
    return "\n".join(lines)


def forecast_text(made: Sequence[StoredForecast]) -> str:
    """A line a forecast."""
    return "\n".join(
        f"{each.experiment.name}: {each.id}, {len(each.forecast.locations):,} areas from "
        f"{each.forecast.origin_date}, known at {each.forecast.known_at}"
        for each in made
    )


def list_text(made: RiskList, forms: Mapping[str, Path]) -> str:
    """What a list is called, and where its forms are."""
    return "\n".join([f"{made.about.title}: {len(made.rows):,} areas", *map(str, forms.values())])


def promote_text(done: Promotion) -> str:
    """Whether a version is champion now."""
    if not done.promoted:
        return f"version {done.version} of {done.experiment} was not promoted"
    how = "by force" if done.reasons else "the gate held"
    return f"version {done.version} of {done.experiment} is champion now ({how}): {done.release_id}"


def written_text(heading: str, out: Path, files: Mapping[str, Path]) -> str:
    """What a command of the monitor wrote; of the pictures only how many."""
    drawn = sum(name.endswith(".png") for name in files)
    shown = [str(out / name) for name in files if not name.startswith("pictures/")]
    return "\n".join([heading, *shown, f"{out / 'pictures'}: {drawn} pictures, each as PNG and SVG"])


def reproduce_text(found: Reproduction) -> str:
    """A line a file that was made again, then what came of it."""
    lines = [f"  same     {name}" for name in found.same]
    lines += [f"  DIFFERS  {name}" for name in found.differs]
    lines += [f"  note     {note}" for note in found.notes]
    verdict = "differs" if found.differs else "the same to the last bit"
    return "\n".join([*lines, f"{found.kind} {found.id}: {verdict}"])


def _standing(role: str, trained: Trained) -> str:
    name = trained.release.experiment.name
    wrong = [f.code for f in trained.findings if f.severity == "error" and f.outcome == "failed"]
    if role == "challenger":
        return "challenger"
    if trained.alias == "champion":
        spoken = f", though the checks speak against it: {', '.join(wrong)}" if wrong else ""
        return f"champion because there was none yet{spoken}"
    if not trained.alias:
        return "the same model as the champion"
    return f"candidate: another model is champion; riskmodel promote {name} --version {trained.version}"
