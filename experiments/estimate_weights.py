"""Estimate an approximation of how Leefbaarometer 3.0 makes its dimensions, and measure how good it is.

    python experiments/estimate_weights.py DATA_FOLDER [OUT_FOLDER]

Writes ``riskmodel/catalogue/weights/approximation-3.0.toml`` and the tables of ``docs/instrument.md``; with
OUT_FOLDER copies there instead.

For each dimension of the measurement of 2018 ten indicators are chosen one by one (the one that lowers the error
most), and their weights are estimated by ridge regression. It is judged on municipalities that took no part in
choosing and estimating, on that measurement and on others, and on wijken whose code or extent changed. For
estimating, wijken join on equal codes; the links between boundary vintages serve for judging only, because their
licence does not permit a product made with them.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

import riskmodel
from riskmodel.catalogue import DIMENSIONS, class_scheme, indicators
from riskmodel.monitor.instrument.instrument import (
    Instrument,
    Term,
    centred_values,
    national_centre,
    score_from_indicators,
)
from riskmodel.panel.panel import Panel
from riskmodel.workspace.store import Workspace

PROJECT = Path(__file__).parents[1]
FITTED_ON, JUDGED_ON = 2018, (2018, 2020, 2014)
#: With all candidates the share of variance explained of the total is .03 higher, in a table that nobody reads.
TERMS = 10
#: For features of variance 1 and wijken of mean weight 1: little beside some 2,000 wijken.
PENALTY = 30.0
FOLDS = 5
#: Scores of small wijken are noisier; above this size noise hardly falls further.
FULL_WEIGHT = 5_000.0
#: An equal code with another number of inhabitants in 2016 than in 2022 by this ratio is taken for another area.
SAME_AREA = 1.25
#: Figures at most so many years from the measurement; 2014 is judged with figures that lie further off.
WITHIN, WITHIN_2014 = 4, 8
LARGE = 500
LOGARITHM = ("density", "address_density", "dwelling_value")
START, END = "<!-- made by experiments/estimate_weights.py: do not edit by hand -->", "<!-- end -->"
ABOUT = (
    "An approximation, not the official instrument. Estimated by ridge regression from the published dimensions "
    f"of {FITTED_ON} on figures of KWB 2016 and 2022 and RIVM 2012, 2016 and 2020. No indicators of origin; those "
    "of income and money trouble are proxies. Never put its scores in one series with published ones."
)
FloatArray = npt.NDArray[np.float64]


def workspaces(data: Path, folder: Path) -> tuple[Workspace, Workspace]:
    """Two workspaces: one that joins on equal codes, one with the links between boundary vintages."""
    equal = Workspace(folder / "equal")
    scores = data / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"
    riskmodel.ingest_leefbaarometer([scores], equal)
    riskmodel.ingest_kwb([data / "kwb" / "wijk_2016.csv", data / "kwb" / "wijk_2022.csv"], equal)
    riskmodel.ingest("rivm", sorted((data / "rivm").glob("*_18plus.xlsx")), equal)
    linked = Workspace(shutil.copytree(equal.folder, folder / "linked"))
    riskmodel.ingest_crosswalk(data / "crosswalk" / "code_changes_2016_2024.csv", linked)
    return equal, linked


def candidates(panel: Panel) -> list[str]:
    """Shares, rates and densities of other sources: never of origin, and none about health or behaviour."""
    return [
        key
        for key, about in panel.definitions.items()
        if about.sensitivity != "origin"
        and about.driver != "health"
        and about.kind == "intensive"
        and not about.source.startswith("leefbaarometer")
    ]


def transform_of(indicator: str) -> str:
    """Densities and prices by their logarithm, everything else as it is."""
    return "log" if indicator in LOGARITHM else "none"


def centres(workspace: Workspace, keys: Sequence[str]) -> dict[str, dict[int, float]]:
    """National mean of every indicator in every year, on the boundaries on which it was published."""
    held = workspace.observations("wijk")
    people = max((each for each in held if "population" in each.indicators), key=lambda each: each.years[-1])
    counts = people.frame.set_index("location")["population"]
    found: dict[str, dict[int, float]] = {key: {} for key in keys}
    for each in held:
        for key in set(keys) & set(each.indicators):
            for year in each.years:
                rows = each.frame[each.frame["year"] == year].set_index("location")
                if "population" not in rows:
                    rows = rows.assign(population=counts.reindex(rows.index))
                if rows[key].notna().any():
                    found[key][year] = significant(national_centre(rows, key, transform_of(key), year))
    return {key: dict(sorted(each.items())) for key, each in found.items()}


def significant(number: float, digits: int = 6) -> float:
    """A number with so many digits: more would differ from machine to machine."""
    return float(f"{number:.{digits}g}")


def estimate(features: FloatArray, target: FloatArray, weight: FloatArray) -> tuple[list[int], FloatArray, float]:
    """Choose features one by one and estimate their weights.

    Parameters
    ----------
    features : numpy.ndarray, shape (areas, features)
    target, weight : numpy.ndarray, shape (areas,)

    Returns
    -------
    list of int
        Chosen features in order of choice.
    numpy.ndarray
        Weight of each.
    float
        Intercept.
    """
    weight = weight / weight.mean()
    middle = np.average(features, axis=0, weights=weight)
    spread = np.sqrt(np.average((features - middle) ** 2, axis=0, weights=weight))
    scaled, level = (features - middle) / spread, float(np.average(target, weights=weight))
    gram, pull = scaled.T @ (scaled * weight[:, None]), scaled.T @ (weight * (target - level))

    def solve(chosen: list[int]) -> FloatArray:
        ridge = gram[np.ix_(chosen, chosen)] + PENALTY * np.eye(len(chosen))
        return np.asarray(np.linalg.solve(ridge, pull[chosen]), dtype=np.float64)

    chosen: list[int] = []
    while len(chosen) < min(TERMS, features.shape[1]):
        rest = [each for each in range(features.shape[1]) if each not in chosen]
        chosen.append(max(rest, key=lambda each: float(pull[[*chosen, each]] @ solve([*chosen, each]))))
    slopes = solve(chosen) / spread[chosen]
    return chosen, slopes, level - float(slopes @ middle[chosen])


def make(
    panel: Panel, keys: Sequence[str], means: dict[str, dict[int, float]], used: npt.NDArray[np.bool_]
) -> Instrument:
    """The instrument that some areas of a panel give."""
    blank = [Term("", key, 0.0, transform_of(key), means[key]) for key in keys]
    features = np.column_stack([centred_values(panel, term, FITTED_ON, WITHIN) for term in blank])
    weight = np.minimum(panel.latest("population"), FULL_WEIGHT)
    terms, intercept = [], {}
    for dimension in DIMENSIONS:
        chosen, slopes, constant = estimate(features[used], panel.at(dimension, FITTED_ON)[used], weight[used])
        intercept[dimension] = significant(constant)
        terms += [
            replace(blank[place], dimension=dimension, weight=significant(float(slope)))
            for place, slope in zip(chosen, slopes, strict=True)
        ]
    return Instrument("approximation-3.0", "3.0", intercept, tuple(terms), True, WITHIN, ABOUT)


def usable(panel: Panel, keys: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Wijken with every candidate, the dimensions of every wave, and the same extent in 2016 as in 2022."""
    earlier, later = panel.at("population", 2016), panel.at("population", 2022)
    same = np.abs(np.log(np.maximum(earlier, 1) / np.maximum(later, 1))) < np.log(SAME_AREA)
    full = np.all([~np.isnan(panel.latest(key)) for key in keys], axis=0)
    scored = np.all([~np.isnan(panel.at(DIMENSIONS[0], wave)) for wave in JUDGED_ON], axis=0)
    chosen: npt.NDArray[np.bool_] = same & full & scored
    return chosen


def calculated(panel: Panel, instrument: Instrument, wave: int) -> FloatArray:
    """Dimensions and deviation by an instrument, shape (areas, 6)."""
    if wave == 2014:
        instrument = replace(instrument, within=WITHIN_2014)
    table = score_from_indicators(panel, instrument, wave)
    return table[[*DIMENSIONS, "deviation"]].to_numpy(dtype=float)


def left_out(
    panel: Panel, keys: Sequence[str], means: dict[str, dict[int, float]], used: npt.NDArray[np.bool_]
) -> dict[int, FloatArray]:
    """For every wave: what instruments say that never saw the municipality, shape (areas, 6)."""
    codes = panel.municipality_codes()
    fold = np.searchsorted(np.unique(codes), codes) % FOLDS
    found = {wave: np.full((len(codes), 6), np.nan) for wave in JUDGED_ON}
    for each in range(FOLDS):
        instrument = make(panel, keys, means, used & (fold != each))
        for wave, values in found.items():
            values[fold == each] = calculated(panel, instrument, wave)[fold == each]
    return found


def explained(published: FloatArray, computed: FloatArray) -> float:
    """One minus the squared error over the squared distance from the mean."""
    return 1 - float(np.sum((published - computed) ** 2) / np.sum((published - published.mean()) ** 2))


def judge(
    panel: Panel, computed: FloatArray, wave: int, chosen: npt.NDArray[np.bool_], areas: str
) -> dict[str, object]:
    """One row of the measured fit."""
    chosen = chosen & ~np.isnan(computed).any(axis=1)
    published = np.column_stack([*(panel.at(key, wave) for key in DIMENSIONS), panel.deviation(wave)])[chosen]
    computed = computed[chosen]
    scheme = class_scheme("3.0")
    classes, guess = scheme.classify(published[:, -1]), scheme.classify(computed[:, -1])
    row: dict[str, object] = {"measurement": wave, "areas": areas, "n": len(published)}
    for place, key in enumerate((*DIMENSIONS, "total")):
        row[f"r2_{key}"] = round(explained(published[:, place], computed[:, place]), 2)
    row["same_class"] = int((classes == guess).sum())
    row["at_most_one_class_off"] = int((np.abs(classes - guess) <= 1).sum())
    row["most_common_class"] = int(np.bincount(classes.astype(int)).max())
    row["mean_error"] = round(float((computed[:, -1] - published[:, -1]).mean()), 3)
    row["spread_of_error"] = round(float((computed[:, -1] - published[:, -1]).std()), 3)
    return row


def judge_change(panel: Panel, found: dict[int, FloatArray], chosen: npt.NDArray[np.bool_]) -> dict[str, object]:
    """How calculated changes go with published ones: correlations."""
    start, end = 2018, 2020
    chosen = chosen & ~np.isnan(found[start]).any(axis=1) & ~np.isnan(found[end]).any(axis=1)
    computed = (found[end] - found[start])[chosen]
    columns = [panel.at(key, end) - panel.at(key, start) for key in (*DIMENSIONS, "score")]
    row: dict[str, object] = {"change": f"{start}-{end}", "n": int(chosen.sum())}
    for place, key in enumerate((*DIMENSIONS, "total")):
        row[f"correlation_{key}"] = round(float(np.corrcoef(computed[:, place], columns[place][chosen])[0, 1]), 2)
    return row


def measure(
    equal: Panel, linked: Panel, keys: Sequence[str], means: dict[str, dict[int, float]], made: Instrument
) -> list[dict[str, object]]:
    """All rows of the measured fit."""
    used, people = usable(equal, keys), equal.latest("population")
    found = left_out(equal, keys, means, used)
    rows = []
    for wave in JUDGED_ON:
        sized = used & (people >= LARGE)
        rows.append(
            judge(equal, found[wave], wave, sized, f"left-out municipalities, {LARGE} inhabitants or more")
        )
    rows.append(judge(equal, found[FITTED_ON], FITTED_ON, used, "left-out municipalities, all sizes"))
    for wave in JUDGED_ON[:2]:
        others = ~used & (linked.latest("population") >= LARGE)
        rows.append(
            judge(
                linked,
                calculated(linked, made, wave),
                wave,
                others,
                f"wijken whose code or extent changed, {LARGE} inhabitants or more",
            )
        )
    rows.append(judge_change(equal, found, used & (people >= LARGE)))
    return rows


def as_toml(made: Instrument, rows: Sequence[dict[str, object]]) -> str:
    """The instrument and its measured fit as a file."""

    def value(each: object) -> str:
        if isinstance(each, dict):
            return "{ " + ", ".join(f"{year} = {number!r}" for year, number in each.items()) + " }"
        return (
            str(each).lower() if isinstance(each, bool) else f'"{each}"' if isinstance(each, str) else repr(each)
        )

    lines = [
        "# Made by experiments/estimate_weights.py; docs/instrument.md explains it and says how good it is.",
        "# dimension = intercept + sum of weight x (transform(indicator) - centre of the year of the figure)",
        *(
            f"{key} = {value(getattr(made, key))}"
            for key in ("name", "edition", "approximation", "within", "about")
        ),
        "",
        "[intercept]",
        *(f"{key} = {number!r}" for key, number in made.intercept.items()),
    ]
    for term in made.terms:
        lines += ["", "[[term]]", f'dimension = "{term.dimension}"', f'indicator = "{term.indicator}"']
        lines += [f"weight = {term.weight!r}", f'transform = "{term.transform}"', f"centre = {value(term.centre)}"]
        lines += ["# a proxy of income"] if term.proxy else []
    lines += [
        "",
        "# Measured fit: r2 is the share of variance explained, 0 no better than the mean of these wijken.",
    ]
    for row in rows:
        lines += ["[[fit]]", *(f"{key} = {value(each)}" for key, each in row.items()), ""]
    return "\n".join(lines).rstrip() + "\n"


def as_tables(made: Instrument, rows: Sequence[dict[str, object]], spread: dict[str, float]) -> str:
    """Fit and weights as tables for the document."""
    names = [*DIMENSIONS, "total"]
    head = ["measurement", "wijken judged", "number", *names, "same class", "at most one class off"]
    head += ["most common class", "error of the total"]
    lines = [f"| {' | '.join(head)} |", f"|---|---|{'--:|' * (len(head) - 2)}"]
    for row in (each for each in rows if "measurement" in each):
        cells = [row["measurement"], row["areas"], f"{row['n']:,}", *(f"{row[f'r2_{key}']:.2f}" for key in names)]
        cells += [
            f"{row[key]:,} ({int(str(row[key])) / int(str(row['n'])):.0%})"
            for key in ("same_class", "at_most_one_class_off", "most_common_class")
        ]
        cells.append(f"{row['mean_error']:+.3f} ± {row['spread_of_error']:.3f}")
        lines.append(f"| {' | '.join(map(str, cells))} |")
    [change] = [each for each in rows if "change" in each]
    numbers = " | ".join(f"{change[f'correlation_{key}']:+.2f}" for key in names)
    lines += ["", f"| correlation of changes | number | {' | '.join(names)} |", f"|---|--:|{'--:|' * len(names)}"]
    lines += [f"| {change['change']}, left-out municipalities | {change['n']:,} | {numbers} |", ""]
    lines += ["| dimension | indicator | weight a unit | points a standard deviation | |", "|---|---|--:|--:|---|"]
    for term in made.terms:
        label = indicators()[term.indicator].label_en + (", logarithm" if term.transform == "log" else "")
        effect = term.weight * spread[term.indicator]
        cells = [term.dimension, f"{label} (`{term.indicator}`)", f"{term.weight:+.5g}", f"{effect:+.4f}"]
        lines.append(f"| {' | '.join(map(str, cells))} | {'proxy' if term.proxy else ''} |")
    return "\n".join(lines)


def main() -> None:
    """Estimate, judge, write and print."""
    data = Path(sys.argv[1])
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as folder:
        equal_space, linked_space = workspaces(data, Path(folder))
        equal, linked = equal_space.panel("wijk"), linked_space.panel("wijk")
        keys = candidates(equal)
        means = centres(equal_space, keys)
    used = usable(equal, keys)
    made = make(equal, keys, means, used)
    rows = measure(equal, linked, keys, means, made)
    spread = {
        term.indicator: float(np.std(centred_values(equal, term, FITTED_ON, WITHIN)[used])) for term in made.terms
    }
    tables = as_tables(made, rows, spread)
    document = (PROJECT / "docs" / "instrument.md").read_text(encoding="utf-8")
    before, rest = document.split(START)
    after = rest.split(END)[1]
    weights = (out or PROJECT / "riskmodel" / "catalogue" / "weights") / "approximation-3.0.toml"
    weights.write_text(as_toml(made, rows), encoding="utf-8")
    page = (out or PROJECT / "docs") / "instrument.md"
    page.write_text(f"{before}{START}\n\n{tables}\n\n{END}{after}", encoding="utf-8")
    print(f"Estimated on {int(used.sum()):,} wijken of {FITTED_ON}.\n\n{tables}\n\nWritten: {weights}, {page}")


if __name__ == "__main__":
    main()
