"""Outcomes: a file at the door, lists that never change, estimates by hand, by brute force and by simulation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_products import make_list
from worlds import panel_of

from riskmodel.errors import InputError
from riskmodel.forecasting.targets import Event
from riskmodel.products.outcomes.evaluate import declines_among, evaluate
from riskmodel.products.outcomes.lists import COLUMNS, DRAWN, REST, SMALL, TOP, ListRecord, list_record
from riskmodel.products.outcomes.visits import BY, FOUND, read_visits
from riskmodel.products.outcomes.words import evaluation_in_words
from riskmodel.products.risk_list.random_visits import plan_visits
from riskmodel.workflow.outcomes import ingest_outcomes, load_list, load_visits, save_list
from riskmodel.workspace.store import Workspace

TODAY = date(2023, 1, 1)
HEADER = "code,bezocht_op,gevonden,gedaan,door"


def record_of(small: int = 1, top: int = 4, drawn: int = 2, rest: int = 6) -> ListRecord:
    parts = [TOP] * top + [DRAWN] * drawn + [REST] * rest + [SMALL] * small
    n = len(parts)
    chance = drawn / max(drawn + rest, 1)
    areas = pd.DataFrame(
        {
            "location": [f"WK9001{i:02d}" for i in range(n)],
            "name": [f"wijk {i}" for i in range(n)],
            "rank": range(1, n + 1),
            "p_decline": np.linspace(0.4, 0.01, n),
            "part": parts,
            "inclusion": [{TOP: 1.0, SMALL: 0.0}.get(part, chance) for part in parts],
        }
    )[list(COLUMNS)]
    return ListRecord(
        id="2020-test",
        title="Risicolijst Meerstad",
        experiment="decline-2y",
        forecast_id="2020-f",
        model_version="m",
        level="wijk",
        municipalities=("GM9001",),
        capacity=top + drawn,
        audit_share=0.3,
        seed=1,
        wave=2020,
        horizon=2,
        made_on=date(2022, 6, 1),
        areas=areas,
    )


def visits_from(found: dict[int, str], done: tuple[int, ...] = ()) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "location": [f"WK9001{i:02d}" for i in found],
            "visited_on": [date(2022, 7, 1)] * len(found),
            "found": list(found.values()),
            "done": ["buurtteam gestart" if i in done else "" for i in found],
            "by": ["wijkteam"] * len(found),
        }
    )


def written(folder: Path, *rows: str, header: str = HEADER, name: str = "bezoeken.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


# --- lists ------------------------------------------------------------------------------------------


def test_a_list_is_kept_as_it_was_given_and_never_changed(tmp_path: Path) -> None:
    made = make_list()
    made.rows["audit"] = made.rows["rank"] == 8
    made = replace(made, about=replace(made.about, list_id="2020-ab", draw_seed=7))
    record = list_record(made, "wijk", ("GM9002", "GM9001"), 0.1)
    assert (record.id, record.seed) == ("2020-ab", 7)
    workspace = Workspace(tmp_path)
    path = save_list(workspace, record)
    before = path.read_bytes()
    back = load_list(workspace)
    pd.testing.assert_frame_equal(back.areas, record.areas)
    assert replace(back, areas=record.areas) == record
    # The same list a day later stays the list of the first day.
    save_list(workspace, replace(record, made_on=date(2022, 6, 2)))
    assert path.read_bytes() == before
    with pytest.raises(InputError, match="other areas"):
        save_list(workspace, replace(record, areas=record.areas.assign(rank=record.areas["rank"] + 1)))
    # By hand: 12 areas, 5 within capacity, 1 too small: one drawn out of 6.
    assert record.areas["part"].value_counts().to_dict() == {TOP: 5, REST: 5, SMALL: 1, DRAWN: 1}
    assert record.areas.set_index("part")["inclusion"].to_dict() == pytest.approx(
        {TOP: 1.0, REST: 1 / 6, DRAWN: 1 / 6, SMALL: 0.0}
    )


def test_lists_that_are_not_there_or_damaged_are_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(InputError, match="Run: riskmodel risk-list"):
        load_list(workspace)
    path = save_list(workspace, record_of())
    with pytest.raises(InputError, match="2020-test"):
        load_list(workspace, "../../etc/passwd")
    for text in ("{", "[]", '{"areas": []}', path.read_text(encoding="utf-8").replace('"drawn"', '"chosen"', 1)):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError):
            load_list(workspace)


# --- at the door ------------------------------------------------------------------------------------


def test_a_file_of_a_dutch_spreadsheet_is_read_and_kept(tmp_path: Path) -> None:
    workspace, record = Workspace(tmp_path / "ws"), record_of()
    save_list(workspace, record)
    file = written(
        tmp_path,
        "WK900100;01-07-2022;Achteruitgang;Toezicht, 2 avonden;wijkteam",
        "WK900104;2022-07-02;geen achteruitgang;;Bewoners",
        header="Code;Bezocht op;Gevonden;Gedaan;Door",
    )
    read = ingest_outcomes(file, workspace, today=TODAY)
    assert read["found"].tolist() == ["decline", "no_decline"]
    assert read["visited_on"].tolist() == [date(2022, 7, 1), date(2022, 7, 2)]
    assert read["done"].tolist() == ["Toezicht, 2 avonden", ""]
    ingest_outcomes(file, workspace, today=TODAY)
    pd.testing.assert_frame_equal(load_visits(workspace, record), read)
    with pytest.raises(InputError, match="gave already"):
        ingest_outcomes(
            written(tmp_path, "WK900100,2022-07-01,onduidelijk,,wijkteam", name="b.csv"), workspace, today=TODAY
        )
    ingest_outcomes(
        written(tmp_path, "WK900100,2022-08-01,onduidelijk,,wijkteam", name="c.csv"), workspace, today=TODAY
    )
    assert len(load_visits(workspace, record)) == 3
    found = evaluate(record, load_visits(workspace, record))
    # The later visit counts: unclear in place of decline.
    assert found.by_part.loc[TOP, ["decline", "unclear"]].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("WK900199,2022-07-01,achteruitgang,,wijkteam", "column 'code'.*an area on list"),
        ("WK900100,2022-07-01,slecht,,wijkteam", "one of achteruitgang, geen achteruitgang, onduidelijk"),
        ("WK900100,2022-07-01,achteruitgang,,Jan Jansen", "Never the name of a person"),
        ("WK900100,2022-05-31,achteruitgang,,wijkteam", "from 2022-06-01"),
        ("WK900100,2023-01-02,achteruitgang,,wijkteam", "to 2023-01-01"),
        ("WK900100,gisteren,achteruitgang,,wijkteam", "a day such as"),
        ("WK900100,2022-07-01,achteruitgang,gebeld met 06-12345678,wijkteam", "telephone"),
        ("WK900100,2022-07-01,achteruitgang,mail a.b@c.nl,wijkteam", "e-mail"),
        ("WK900100,2022-07-01,achteruitgang,bezoek Dorpsstraat 12,wijkteam", "house number"),
        ("WK900100,2022-07-01,achteruitgang,5911 AB,wijkteam", "postcode"),
        ("WK900100,2022-07-01,achteruitgang,bsn 111222333 gezien,wijkteam", "BSN"),
        (f"WK900100,2022-07-01,achteruitgang,{'x' * 201},wijkteam", "201 characters"),
        ("WK900100,2022-07-01,achteruitgang,wijkteam", "4 fields"),
    ],
)
def test_what_may_not_enter_is_refused_and_nothing_is_written(tmp_path: Path, row: str, message: str) -> None:
    workspace = Workspace(tmp_path / "ws")
    save_list(workspace, record_of())
    file = written(tmp_path, "WK900101,2022-07-01,achteruitgang,,wijkteam", row)
    with pytest.raises(InputError, match=message) as refused:
        ingest_outcomes(file, workspace, today=TODAY)
    assert "111222333" not in str(refused.value)
    assert "Jansen" not in str(refused.value)
    assert not workspace.path("outcomes").exists()


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("code,bezocht_op,gevonden,gedaan,door,achternaam", "about persons"),
        ("code,bezocht_op,gevonden,gedaan,door,extra", "column 'extra'"),
        ("code,bezocht_op,gevonden,gedaan,code", "one of the two"),
        ("code,bezocht_op,gevonden,gedaan", "no column 'by'"),
    ],
)
def test_columns_are_those_that_are_asked_for(tmp_path: Path, header: str, message: str) -> None:
    cells = ["WK900100", "2022-07-01", "achteruitgang", "", "wijkteam", "Jansen"]
    file = written(tmp_path, ",".join(cells[: header.count(",") + 1]), header=header)
    with pytest.raises(InputError, match=message):
        read_visits(file, record_of(), TODAY)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_file_gives_visits_or_one_message(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "file.csv"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_visits(path, record_of(), TODAY)


def test_the_words_of_the_file_are_those_of_the_guide() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "outcomes.md").read_text(encoding="utf-8")
    assert all(f"`{word}`" in guide for word in (*FOUND, *BY))


# --- figures ----------------------------------------------------------------------------------------


def test_an_evaluation_by_hand() -> None:
    # Top 4: 2 declines, 1 not, 1 not visited. Drawn 2 of 8 others: 1 decline, 1 not.
    found = evaluate(
        record_of(), visits_from({0: "decline", 1: "decline", 2: "no_decline", 4: "decline", 5: "no_decline"})
    )
    assert found.precision.value == pytest.approx(2 / 3)
    # Wilson, by the formula: centre (k + z2/2) / (n + z2), half z sqrt(n p q + z2/4) / (n + z2).
    z2 = 1.959963984540054**2
    centre, half = (2 + z2 / 2) / (3 + z2), (z2 * (2 / 3 + z2 / 4)) ** 0.5 / (3 + z2)
    assert (found.precision.low, found.precision.high) == pytest.approx((centre - half, centre + half))
    # 4 x 2/3 in the top and 8 x 1/2 outside it.
    assert found.declines.value == pytest.approx(4 * 2 / 3 + 4)
    assert found.recall.value == pytest.approx((8 / 3) / (8 / 3 + 4))
    # Two uncertain parts, 97.5% each. Top: 2 or 3. Outside: 1 to 7 of 8.
    assert (found.declines.low, found.declines.high) == (2 + 1, 3 + 7)
    assert (found.recall.low, found.recall.high) == pytest.approx((2 / 9, 3 / 4))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 25), st.data())
def test_intervals_are_those_of_counting_all_samples(areas: int, data: st.DataObject) -> None:
    seen = data.draw(st.integers(0, areas))
    declines = data.draw(st.integers(0, seen))
    held = []
    for total in range(areas + 1):
        ways = [comb(total, k) * comb(areas - total, seen - k) for k in range(seen + 1)]
        at_least, at_most = sum(ways[declines:]), sum(ways[: declines + 1])
        if ways[declines] and min(at_least, at_most) / sum(ways) > 0.025:
            held.append(total)
    found = declines_among(areas, seen, declines)
    assert (found.low, found.high) == (held[0], held[-1])
    if seen:
        assert found.value == pytest.approx(areas * declines / seen)


def test_over_many_draws_the_estimate_is_right_on_average_and_the_interval_holds_the_truth() -> None:
    rng = np.random.default_rng(5)
    truth = rng.random(40) < np.linspace(0.6, 0.05, 40)
    record = record_of(small=0, top=40, drawn=0, rest=0)
    values, weighted, held = [], [], 0
    for seed in range(600):
        visits = plan_visits(np.zeros(40, dtype=bool), 15, 0.4, seed)
        part = np.select([visits.top, visits.drawn], [TOP, DRAWN], REST)
        areas = record.areas.assign(part=part, inclusion=visits.inclusion)
        went = np.flatnonzero(visits.top | visits.drawn)
        found = evaluate(
            replace(record, areas=areas), visits_from({i: "decline" if truth[i] else "no_decline" for i in went})
        )
        values.append(found.declines.value)
        weighted.append((truth[went] / visits.inclusion[went]).sum())
        held += found.declines.low <= truth.sum() <= found.declines.high
    np.testing.assert_allclose(values, weighted)
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - truth.sum()) < 3 * error
    assert held / 600 >= 0.95


def test_without_a_draw_nothing_is_said_of_what_is_missed() -> None:
    found = evaluate(record_of(drawn=0), visits_from({0: "decline", 1: "no_decline", 2: "decline", 3: "decline"}))
    assert np.isnan(found.declines.value)
    assert (found.declines.low, found.declines.high) == (3, 9)
    assert any("is niet te zeggen" in line for line in evaluation_in_words(found))


def test_what_was_measured_later_stands_beside_it() -> None:
    record = record_of(small=1, top=3, drawn=1, rest=2)
    codes = record.areas["location"].tolist()
    start, change = np.full(7, 4.0), np.array([-0.06, -0.04, -0.1, -0.08, 0.0, np.nan, -0.2])
    panel = panel_of({"score": {2020: start, 2022: start + change}}, codes)
    visits = visits_from({0: "decline", 1: "decline", 2: "no_decline", 3: "decline", 4: "unclear"})
    measured = evaluate(record, visits, Event("fall"), panel).measured
    assert measured is not None
    assert measured.wave == 2022
    assert measured.by_part["areas"].tolist() == [3, 1, 1, 1]
    assert measured.by_part["declines"].tolist() == [2, 1, 0, 1]
    assert measured.agreement.to_numpy().tolist() == [[2, 1], [1, 0]]
    early = panel_of({"score": {2018: start, 2020: start}}, codes)
    assert evaluate(record, visits, Event("fall"), early).measured is None


def test_the_sentences() -> None:
    visits = visits_from(
        {0: "decline", 1: "decline", 2: "no_decline", 3: "unclear", 4: "decline", 5: "no_decline", 11: "decline"},
        (0, 4),
    )
    lines = evaluation_in_words(evaluate(record_of(), visits))
    assert lines == [
        "Risicolijst Meerstad, lijst 2020-test, gemaakt op 1 juni 2022.",
        "Bovenaan de lijst: 4 van de 4 gebieden bezocht. Achteruitgang gezien in 2, geen achteruitgang in 1, "
        "bij 1 was het onduidelijk.",
        "Door het lot gekozen: 2 van de 2 gebieden bezocht. Achteruitgang gezien in 1, geen achteruitgang in 1.",
        "De lijst had gelijk in 2 van de 3 duidelijke gevallen bovenaan (67%). Bij lijsten als deze ligt dat "
        "tussen 21% en 94%. Dat zijn er weinig: trek er geen conclusie uit.",
        "Naar schatting gaan 7 van de 12 gebieden achteruit, te kleine gebieden niet meegeteld. Met 95% zekerheid "
        "zijn het er 3 tot 10.",
        "Daarvan staat naar schatting 40% bovenaan de lijst (tussen 22% en 75%).",
        "Let op: de schatting voor de 8 gebieden buiten de top rust op 2 gebieden. Dat is weinig. Reken vooral "
        "met de grenzen.",
        "Buiten de lijst om is 1 gebied bezocht; in 1 is achteruitgang gezien. Die tellen niet mee in de "
        "schatting: niemand weet hoe ze gekozen zijn.",
        "In 2 gebieden is iets gedaan. Houd daar rekening mee als u dit vergelijkt met latere metingen. Wat het "
        "heeft opgeleverd, is hieruit niet af te leiden.",
    ]
