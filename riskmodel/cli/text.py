"""Results of commands as text for people.

Imports nothing heavy itself: a command shows its text without the libraries of others.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from riskmodel.catalogue import Indicator
    from riskmodel.forecasting.backtest import Backtest
    from riskmodel.forecasting.forecast_store import StoredForecast
    from riskmodel.monitor.view import View
    from riskmodel.products.governance.register_entry import Entry
    from riskmodel.products.risk_list.risk_list import RiskList
    from riskmodel.sources.observations import Observations
    from riskmodel.workflow.demo import Demo
    from riskmodel.workflow.promote import Promotion
    from riskmodel.workflow.reproduce import Reproduction
    from riskmodel.workflow.status import State, Status
    from riskmodel.workflow.train import Trained
    from riskmodel.workspace.check import CheckReport
    from riskmodel.workspace.findings import Finding
    from riskmodel.workspace.verify import DeepCheck

#: More rows than this are not shown on a terminal; the written file has all of them.
SHOWN = 40
#: Longest name of an area in a table for a screen.
NAME = 24
#: Features with drift that are shown; the manifest has all of them.
SHOWN_FEATURES = 10
MARKS: dict[State, str] = {"done": "[x]", "again": "[!]", "next": "[ ]", "later": "[ ]"}


def demo_text(done: Demo) -> str:
    """The path of the list, and commands to look further."""
    option = shlex.quote(str(done.workspace))
    return "\n".join(
        [
            f"A finished risk list of {done.municipality}, an invented municipality:",
            f"  {done.list}",
            "Where this workspace stands, and what comes next:",
            f"  riskmodel status --workspace {option}",
            "The present of the same areas:",
            f"  riskmodel current --workspace {option} --municipality {shlex.quote(done.municipality)}",
        ]
    )


def status_text(status: Status) -> str:
    """A checklist, with the next command to type."""
    if not status.steps:
        there = "nothing was ingested into" if status.exists else "there is no folder"
        return "\n".join(
            [
                f"No data yet: {there} {str(status.workspace)!r}.",
                "(Another workspace: --workspace FOLDER, or RISKMODEL_WORKSPACE in the environment.)",
                "",
                "To try it on an invented country:",
                "  riskmodel demo",
                "To start with the official files:",
                "  riskmodel ingest leefbaarometer FILE.csv",
                "All commands:",
                "  riskmodel --help",
            ]
        )
    lines = [f"Workspace {status.workspace}", ""]
    lines += [f"  {MARKS[each.state]} {each.name:<11} {each.told}" for each in status.steps]
    following = status.next
    lines += ["", "Next:", f"  {following.command}"] if following else ["", "Everything is up to date."]
    later = [each.command for each in status.steps if each.state == "later"]
    if later:
        lines += ["May be left out:", *(f"  {command}" for command in later)]
    return "\n".join(lines)


def check_table(found: CheckReport) -> str:
    """Tables of the contents of a workspace, and what looks wrong."""
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
    """Damaged files, notes and a verdict, a line each."""
    lines = [f"{each.path}: {each.what}" for each in found.damages]
    lines += [f"note: {note}" for note in found.notes]
    verdict = f"{len(found.damages)} damaged" if found.damages else "nothing damaged"
    return "\n".join([*lines, f"{found.files:,} files, {found.bytes / 1e6:,.1f} MB read: {verdict}"])


def indicator_table(found: Sequence[Indicator]) -> str:
    """Indicators of the catalogue, a line each."""
    from riskmodel.catalogue import driver_labels

    names = driver_labels()
    lines = []
    for each in found:
        marks = [each.kind, each.direction, f"published after {each.lag_months} months"]
        marks += ["blocked (origin)"] if each.sensitivity == "origin" else []
        lines.append(
            f"{each.id:<32} {each.label_nl} ({each.unit}) · {names[each.driver]} · {each.source} · "
            + ", ".join(marks)
        )
    return "\n".join(lines) or "no indicator with these words"


def current_text(table: pd.DataFrame, folder: Path) -> str:
    """State of areas as a table that fits on a screen; on a terminal its first rows only.

    Long names are cut, of the changes only that since the measurement before is shown, and the municipality only
    where there are several; the file has it all.
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
    from riskmodel.forecasting.backtest_record import unjudged
    from riskmodel.products.governance.skill_tables import (
        group_calibration_table,
        ordering_table,
        skill_table,
        summary_table,
    )

    results = done.scores, done.paired, done.experiment
    lines = [
        skill_table(done.scores, done.experiment, done.paired),
        f"\n{ordering_table(*results)}\n\n{summary_table(*results)}",
        f"\n{group_calibration_table(done.calibration, done.experiment)}\n",
    ]
    if leave_out:
        lines.append(f"\nEach {leave_out} by models that learned nothing from it:\n")
        lines.append(summary_table(*results, left_out=True))
    lines += [found.line for found in findings]
    lines += [
        f"cohort {cohort.name} left out: no area is known to belong to it (sizes come from: riskmodel ingest kwb)"
        for cohort in unjudged(done.experiment, done.scores)
    ]
    return "\n".join([*lines, f"forecasts and scores: {folder}"])


def train_text(trained: Mapping[str, Trained]) -> str:
    """Folder, version and alias of each trained model, and what the checks found."""
    lines = []
    for role, each in trained.items():
        release = each.release
        lines += [
            f"{role}: {release.folder}",
            f"version {each.version} of {release.model_name}, {_alias_text(role, each)}",
            *(found.line for found in each.findings),
        ]
    return "\n".join(lines)


def forecast_text(made: Sequence[StoredForecast]) -> str:
    """A line a forecast."""
    return "\n".join(
        f"{each.experiment.model_name(each.level)}: {each.id}, {len(each.forecast.locations):,} areas from "
        f"{each.forecast.origin_date}, known at {each.forecast.known_at}"
        for each in made
    )


def list_text(made: RiskList, forms: Mapping[str, Path]) -> str:
    """Title of a list, the measurement that it is about, and the paths of its forms."""
    return "\n".join(
        [f"{made.about.title}: {len(made.rows):,} areas", *_moment_lines(made), *map(str, forms.values())]
    )


def _moment_lines(made: RiskList) -> list[str]:
    moment = made.about.moment
    if moment is None:
        return []
    lines = [f"about the measurement of {moment.target_date}{', which has passed' if moment.passed else ''}"]
    if moment.newer_wave is not None:
        lines.append(f"a newer measurement is out, of {moment.newer_wave}: ingest it, train and forecast again")
    return lines


def promote_text(done: Promotion) -> str:
    """Whether a version is champion now."""
    if not done.promoted:
        return f"version {done.version} of {done.experiment} was not promoted"
    how = "by force" if done.reasons else "the gate held"
    return f"version {done.version} of {done.experiment} is champion now ({how}): {done.release_id}"


def written_text(heading: str, out: Path, files: Mapping[str, Path]) -> str:
    """Files that were written; of the pictures only how many."""
    drawn = sum(name.endswith(".png") for name in files)
    shown = [str(out / name) for name in files if not name.startswith("pictures/")]
    return "\n".join([heading, *shown, f"{out / 'pictures'}: {drawn} pictures, each as PNG and SVG"])


def reproduce_text(found: Reproduction) -> str:
    """A line a file that was made again, then the verdict."""
    lines = [f"  same     {name}" for name in found.same]
    lines += [f"  DIFFERS  {name}" for name in found.differs]
    lines += [f"  note     {note}" for note in found.notes]
    verdict = "differs" if found.differs else "the same to the last bit"
    return "\n".join([*lines, f"{found.kind} {found.id}: {verdict}"])


def adopt_text(changed: Sequence[str]) -> str:
    """Files that are noted otherwise than before."""
    return "\n".join([*(f"  {name}" for name in changed), f"{len(changed)} noted otherwise than before"])


def register_text(made: Entry, paths: Mapping[str, Path]) -> str:
    """Which fields of an entry are open, and the paths of its files."""
    from riskmodel.products.governance.register_entry import summary

    return "\n".join([summary(made), *map(str, paths.values())])


def ingest_text(read: Sequence[Observations]) -> str:
    """What was read, a line each, with its notes below it."""
    lines = []
    for each in read:
        areas, years = each.frame["location"].nunique(), ", ".join(map(str, each.years))
        lines.append(
            f"{each.source} {each.level}: {areas:,} areas, {len(each.indicators)} indicators, "
            f"{years} (boundaries of {each.boundaries})"
        )
        lines += [f"  {note}" for note in each.notes]
    return "\n".join(lines)


def monitor_text(view: View, out: Path, files: Mapping[str, Path]) -> str:
    """Files that were written about a municipality or group."""
    areas = view.areas
    heading = (
        f"{view.title}: {len(areas.areas):,} areas of level {areas.level}, Leefbaarometer {areas.edition}, "
        f"{view.start} to {view.end}"
    )
    return written_text(heading, out, files)


def survey_text(table: pd.DataFrame, text: str, out: Path | None) -> str:
    """A survey beside what was measured; on a terminal its first rows only."""
    from riskmodel.products.present.survey_words import table_in_dutch

    shown = table_in_dutch(table)
    if sys.stdout.isatty():
        shown = shown.head(SHOWN)
    return "\n".join([shown.to_string(index=False), f"\n{text}", *([] if out is None else [str(out)])])


def score_summary(manifest: dict[str, Any]) -> list[str]:
    """A finished run in lines: rows, rejects by reason, and drift."""
    totals = manifest["totals"]
    lines = [f"{manifest['model']}: {totals['scored']:,} of {totals['rows']:,} rows scored"]
    if totals["rejected"]:
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in totals["reasons"].items())
        rows = "1 row" if totals["rejected"] == 1 else f"{totals['rejected']:,} rows"
        lines.append(f"{rows} rejected ({reasons}); each with its reason under rejects")
    lines += manifest["notes"]
    drift = manifest["drift"]
    if not drift["reference"]:
        return [*lines, f"drift: not known, {drift['note']}"]
    warned = [each for each in drift["features"] if each["warning"]]
    warned.sort(key=lambda each: (-each["psi"], each["feature"]))
    outside = sum(bool(each["below"] or each["above"]) for each in drift["features"])
    lines.append(
        f"drift: {len(warned)} of {len(drift['features'])} features unlike the training (PSI above "
        f"{drift['psi_limit']:g} or {drift['missing_limit']:.0%} more missing); {outside} with values outside"
    )
    lines += [
        f"  {each['feature']}: PSI {each['psi']:.2f}, missing {each['missing']:.0%} "
        f"(training {each['missing_training']:.0%}), {each['below'] + each['above']:,} values outside the range"
        for each in warned[:SHOWN_FEATURES]
    ]
    return (
        lines
        if len(warned) <= SHOWN_FEATURES
        else [*lines, f"  ... and {len(warned) - SHOWN_FEATURES} more in manifest.json"]
    )


def _alias_text(role: str, trained: Trained) -> str:
    name = trained.release.model_name
    if not trained.again:
        return f"trained before for {trained.release.experiment.name}: nothing was fitted"
    wrong = [f.code for f in trained.findings if f.severity == "error" and f.outcome == "failed"]
    if role == "challenger":
        return "challenger"
    if trained.alias == "champion":
        spoken = f", though the checks speak against it: {', '.join(wrong)}" if wrong else ""
        return f"champion because there was none yet{spoken}"
    if not trained.alias:
        return "the same model as the champion"
    return f"candidate: another model is champion; riskmodel promote {name} --version {trained.version}"
