"""``riskmodel statement``, ``verify`` and ``survey``: compare what others publish with the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.measured import Edition, Measured, measured
from riskmodel.monitor.view import span_of
from riskmodel.products.present.folder import publish, write_tables
from riskmodel.products.present.national_tables import groups_in
from riskmodel.workspace.store import LEVELS, Workspace

if TYPE_CHECKING:
    from riskmodel.monitor.published.statements import Statement

#: Levels in the order in which they serve for statements: most were counted per buurt.
NEAR_BUURT = ("buurt", "wijk", "pc4", "grid", "gemeente")
EDITIONS: tuple[Edition, ...] = ("2.0", "3.0")


def statements(workspace: Workspace, statement: str | None = None) -> pd.DataFrame:
    """Compare statements to parliament with the files in a workspace.

    Parameters
    ----------
    workspace : Workspace
        With ingested scores of either edition, or both.
    statement : str, optional
        Id of one; by default all, each beside one level of each edition. One is compared with every level.

    Returns
    -------
    pandas.DataFrame
        See :func:`riskmodel.monitor.published.statements.statements_table`.

    Raises
    ------
    InputError
        If there is no such statement, or there are no scores.
    """
    from riskmodel.monitor.published.statements import find_statement, statements_table

    wanted: list[Statement] | None = [find_statement(statement)] if statement else None
    instruments: list[Measured] = []
    for edition in EDITIONS:
        there = [each for level in NEAR_BUURT if (each := _measured(workspace, level, edition)) is not None]
        instruments += there if statement else there[:1]
    if not instruments:
        raise InputError(
            workspace.folder,
            "no scores of the Leefbaarometer",
            "some",
            "Run: riskmodel ingest leefbaarometer FILE, or riskmodel ingest leefbaarometer-2 FILES",
        )
    return statements_table([(each, groups_in(each).masks) for each in instruments], wanted)


def verify(files: Sequence[Path]) -> tuple[str, bool]:
    """Compute published classes and sums again; see :func:`riskmodel.monitor.published.verify.verify_files`."""
    from riskmodel.monitor.published.verify import passed, verify_files
    from riskmodel.products.present.verify_text import verify_report

    found = verify_files(files)
    return verify_report(found), all(passed(each.table) for each in found)


def survey(
    file: Path,
    workspace: Workspace,
    *,
    out: Path | None = None,
    level: str | None = None,
    edition: str = "3.0",
    start: int | None = None,
    end: int | None = None,
    who: str = "bewoners",
    answers: str | None = None,
    groups: Sequence[str] = (),
) -> tuple[pd.DataFrame, str]:
    """Compare a survey with the measured development.

    Parameters
    ----------
    file : Path
        See :func:`riskmodel.monitor.survey.comparison.read_survey`.
    workspace : Workspace
        With ingested scores.
    out : Path, optional
        Folder for the tables and the text; by default nothing is written.
    level, edition, start, end
        As for :func:`national`.
    who : str
        Who answered, in the plural.
    answers : {"number", "share", "percent"}, optional
        How answers are counted, where the columns do not say.
    groups : sequence of str
        Files with groups of one's own that the survey names.

    Returns
    -------
    pandas.DataFrame
        See :func:`riskmodel.monitor.survey.comparison.survey_table`.
    str
        What it says, in plain Dutch.

    Raises
    ------
    InputError
        If the survey or the scores are not as expected, or nothing can be written there.
    """
    from riskmodel.monitor.groups import group
    from riskmodel.monitor.survey import comparison as surveys
    from riskmodel.monitor.survey.agreement import agreement
    from riskmodel.monitor.survey.file import read_survey
    from riskmodel.products.present.survey_words import in_words, table_in_dutch

    if answers not in (None, "number", "share", "percent"):
        raise InputError("--answers", repr(answers), "number, share or percent")
    read = read_survey(file, answers=answers, who=who)  # type: ignore[arg-type]
    country = measured(workspace, level=level, edition=edition)
    start, end = span_of(country, start, end)
    table = surveys.survey_table(read, country, start, end, with_groups=[group(each) for each in groups])
    text = "\n".join([*read.notes, in_words(agreement(table))])

    def fill(folder: Path) -> None:
        write_tables(folder, {"survey": table, "enquete": table_in_dutch(table)})
        (folder / "enquete.txt").write_text(text + "\n", encoding="utf-8")

    if out is not None:
        publish(out, fill)
    return table, text


def _measured(workspace: Workspace, level: str, edition: str) -> Measured | None:
    if level not in LEVELS:
        return None
    try:
        return measured(workspace, level=level, edition=edition)
    except InputError:
        return None
