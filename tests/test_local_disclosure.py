"""Small counts of a municipality stay hidden from whoever knows every total: tried by working them out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from riskmodel.errors import InputError
from riskmodel.sources.local.disclosure import complement, protect
from riskmodel.sources.local.reader import read_local, read_mapping
from riskmodel.workflow import ingest as ingesting
from riskmodel.workspace.store import Workspace

LEAST = 5
MAPPING = """slug = "venlo"
label = "Meldingen (gemeente Venlo)"
[file]
separator = ";"
decimal = ","
[areas]
column = "code"
level = "{level}"
boundaries = 2022
leave_out = ["Totaal"]
[years]
year = 2022
covers = "whole year"
published_after_months = 3
"""
COUNT = """[indicators.{name}]
column = "{name}"
label_nl = "{name}"
driver = "onv"
direction = "bad"
kind = "extensive"
{more}
"""


def made(folder: Path, text: str, counts: dict[str, str], level: str = "wijk") -> tuple[Path, Path]:
    file, mapping = folder / f"{level}.csv", folder / f"{level}.toml"
    file.write_text(text, encoding="utf-8")
    sections = "".join(COUNT.format(name=name, more=more) for name, more in counts.items())
    mapping.write_text(MAPPING.format(level=level) + sections, encoding="utf-8")
    return file, mapping


def between(
    hidden: np.ndarray, upper: np.ndarray, rows: np.ndarray, sums: np.ndarray, cell: int
) -> tuple[float, float]:
    """Lowest and highest value of a hidden cell that fits everything that is known of it: linear programming."""
    bounds = [(0, None if np.isinf(high) else high) for high in upper]
    weight = np.zeros(len(hidden))
    weight[cell] = 1
    low, high = (linprog(sign * weight, A_eq=rows, b_eq=sums, bounds=bounds) for sign in (1, -1))
    assert low.status == 0
    return float(low.fun), np.inf if high.status == 3 else float(-high.fun)


@given(st.lists(st.integers(0, 60), min_size=2, max_size=9), st.integers(1, 10))
@settings(deadline=None, max_examples=150)
def test_a_total_minus_the_rest_says_no_more_than_that_a_count_is_small(counts: list[int], least: int) -> None:
    values = np.array(counts, dtype=float)
    small = values < least
    hidden = complement(values, small, np.zeros(len(values), dtype=np.intp), least)
    assert (hidden >= small).all()
    if not small.any():
        assert not hidden.any(), "nothing is hidden for nothing"
    if hidden.all() or not small.any():
        return
    at = np.flatnonzero(hidden)
    # Whoever tries knows the total and everything shown, and even which counts are hidden because they are small.
    upper = np.where(small[at], least - 1, np.inf)
    added = np.where(small[at], 0, least)
    total = values.sum() - values[~hidden].sum() - added.sum()
    for cell in np.flatnonzero(small[at]):
        low, high = between(at, upper, np.ones((1, len(at))), np.array([total]), int(cell))
        assert low == pytest.approx(0)
        assert high == pytest.approx(least - 1)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=8))
@settings(deadline=None, max_examples=60)
def test_columns_and_their_total_do_not_give_a_count_away(rows: list[tuple[int, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype=float)
    frame["t"] = frame["a"] + frame["b"]
    keys = ["a", "b", "t"]
    frame.insert(0, "location", [f"WK0983{row:02d}" for row in range(len(frame))])
    frame.insert(1, "year", 2022)
    small = frame[keys] < LEAST
    shown, more = protect(frame, small, "wijk", dict.fromkeys(keys, LEAST))
    hidden = shown[keys].isna().to_numpy()
    assert sum(more.values()) == (hidden & ~small.to_numpy()).sum()
    values, mask = frame[keys].to_numpy(), small.to_numpy()
    cells = [tuple(cell) for cell in np.argwhere(hidden)]
    place = {cell: number for number, cell in enumerate(cells)}
    # Known: every total of a column, and that a + b = t in every row.
    equations, sums = [], []
    for column in range(3):
        equations.append([1.0 * (at == column) for _, at in cells])
        sums.append(values[hidden[:, column], column].sum())
    for row in range(len(values)):
        line, right = np.zeros(len(cells)), 0.0
        for column, sign in ((0, 1.0), (1, 1.0), (2, -1.0)):
            if (row, column) in place:
                line[place[row, column]] = sign
            else:
                right -= sign * values[row, column]
        equations.append(line.tolist())
        sums.append(right)
    upper = np.array([LEAST - 1 if mask[cell] else np.inf for cell in cells])
    for cell, number in place.items():
        column = cell[1]
        if mask[cell] and column < 2 and not hidden[:, column].all():
            low, high = between(np.array(cells), upper, np.array(equations), np.array(sums), number)
            assert low == pytest.approx(0, abs=1e-6)
            assert high == pytest.approx(LEAST - 1, abs=1e-6)


def test_a_file_with_a_total_shows_neither_the_small_count_nor_the_one_that_gives_it_away(tmp_path: Path) -> None:
    text = "code;meldingen\nWK098301;412\nWK098302;3\nWK098303;90\nTotaal;505\nWK098401;7\nWK098402;9\n"
    file, mapping = made(tmp_path, text, {"meldingen": ""})
    (found,) = read_local(file, read_mapping(mapping))
    shown = found.frame.set_index("location")["local_meldingen"]
    assert shown.dropna().to_dict() == {"WK098301": 412.0, "WK098401": 7.0, "WK098402": 9.0}
    assert found.notes == (
        "left out, as the mapping says: rows of 'Totaal' (1)",
        "suppressed: 1 of local_meldingen, fewer than 5 persons; they are treated as missing",
        "suppressed beside them: 1 of local_meldingen, or a total would give them away",
    )


def test_an_amount_that_comes_from_one_contributor_is_hidden(tmp_path: Path) -> None:
    text = "code;euro;grootste\nWK098301;1000;400\nWK098302;900;880\nWK098303;700;300\nWK098304;650;.\n"
    file, mapping = made(tmp_path, text, {"euro": 'persons = false\nlargest = "grootste"'})
    mapping.write_text(mapping.read_text().replace('decimal = ","', 'decimal = ","\nmissing = ["."]'))
    (found,) = read_local(file, read_mapping(mapping))
    shown = found.frame.set_index("location")["local_euro"]
    assert shown.dropna().to_dict() == {"WK098301": 1000.0}, (
        "the dominated, the unknown and the smallest beside it"
    )


def test_the_same_counts_at_two_levels_are_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    file, mapping = made(tmp_path, "code;meldingen\nWK098301;412\nWK098302;30\n", {"meldingen": ""})
    ingesting.ingest_local(file, workspace, mapping=mapping)
    text = "code;meldingen\nBU09830101;410\nBU09830102;2\n"
    file, mapping = made(tmp_path, text, {"meldingen": ""}, level="buurt")
    with pytest.raises(InputError, match="at level buurt, which the workspace holds at level wijk"):
        ingesting.ingest_local(file, workspace, mapping=mapping)
    assert [each.level for each in workspace.observations()] == ["wijk"]
