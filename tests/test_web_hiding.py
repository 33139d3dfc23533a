"""Nothing that a reader sees depends on what is hidden from him: whatever it is, the answers are the same bytes.

A municipality with local sources gets other forecasts, drivers, explanations and local values, drawn at random.
All that another reader can ask must stay as it was; so no arithmetic on answers tells anything of it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_web_security import local
from web_worlds import OTHER, TOWN, Client, copy_of, is_problem, serving, trained

from riskmodel.web.access.tokens import create_token
from riskmodel.web.service import Service
from riskmodel.web.serving.snapshot import Snapshot

API = "/api/v1"
#: What everybody may ask, beside lists with their pages and formats.
ITEMS = ("forecasts", "drivers", "scores", "areas", "municipalities")
ASKED = (*(f"{API}/{name}?limit=1000" for name in ITEMS), "/", "/nederland", "/methode")
FORMATS = ("csv", "html", "parquet")


def _own(snapshot: Snapshot, codes: list[str], seed: int, name: str) -> Snapshot:
    """The snapshot with local sources of some municipalities, and anything at all forecast there."""
    rng, panel, stored = np.random.default_rng(seed), snapshot.panel, snapshot.stored
    closed = np.isin(snapshot.owners, codes)
    values = np.full((1, *panel.values.shape[1:]), np.nan)
    values[0, closed, -1] = rng.normal(size=closed.sum())
    panel = replace(
        panel,
        indicators=(*panel.indicators, name),
        values=np.concatenate([panel.values, values]),
        published=np.concatenate([panel.published, np.full((1, len(panel.years)), np.datetime64("2021-01-01"))]),
    )
    # Each hidden area gets the forecast of some other area of the country, whole, so that it stays a forecast.
    own = np.flatnonzero(closed[np.searchsorted(panel.areas, stored.forecast.locations)])
    source = np.arange(len(stored.forecast.locations))
    source[own] = rng.choice(len(source), len(own))
    forecast = stored.forecast
    arrays = {name: getattr(forecast, name)[source] for name in ("mean", "quantiles", "cdf", "pmf")}
    readings = {name: chances[source] for name, chances in forecast.readings.items()}
    parts = stored.contributions.iloc[source].reset_index(drop=True).assign(location=forecast.locations)
    told = stored.explanation
    assert told is not None and told.spread is not None
    spread = replace(told.spread, parts=told.spread.parts.iloc[source].reset_index(drop=True))
    features = replace(told.features, values=told.features.values[source])
    told = replace(told, features=features, contributions=told.contributions[source], spread=spread)
    forecast = replace(forecast, **arrays, readings=readings)
    stored = replace(stored, forecast=forecast, contributions=parts, explanation=told)
    return replace(snapshot, panel=panel, stored=stored)


def _answers(service: Service, reader: str | None, named: list[str]) -> dict[str, Any]:
    """Everything that a reader can ask, of a service that was asked nothing yet."""
    headers = {}
    if reader is not None:
        headers["authorization"] = f"Bearer {create_token(service.engine, 'analyst', 'x', [reader])[0]}"
    client = Client(service, **headers)
    paths = list(ASKED)
    for asked in ([], named):
        number = client.post(f"{API}/lists", json={"municipalities": asked, "capacity": 5}).json()["number"]
        paths += [f"{API}/lists/{number}/areas?limit=1000", f"/lijst/{number}"]
        paths += [f"{API}/lists/{number}/risicolijst.{form}" for form in FORMATS]
    found = {path: client.get(path) for path in paths}
    assert {each.status_code for each in found.values()} == {200}
    return {path: re.sub(rb'<p class="who">.*?</p>', b"", each.content) for path, each in found.items()}


@pytest.mark.long
@given(
    seeds=st.tuples(st.integers(0, 999), st.integers(0, 999)),
    hidden=st.lists(st.integers(0, 19), min_size=1, max_size=3, unique=True),
    reader=st.sampled_from(["nobody", "with sources of its own", "elsewhere"]),
)
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_whatever_is_hidden_the_answers_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, seeds: tuple[int, int], hidden: list[int], reader: str
) -> None:
    found = []
    for seed in seeds:
        service = serving(copy_of(trained(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp("hiding")))
        snapshot = service.snapshots.serving["decline-2y"]
        codes = sorted(snapshot.municipalities)
        closed = sorted({codes[number % len(codes)] for number in hidden})
        others = [code for code in codes if code not in closed]
        if reader == "with sources of its own":
            snapshot = _own(snapshot, others[:1], 1, "own_count")
        service.snapshots._serving = {"decline-2y": _own(snapshot, closed, seed, "own_survey")}
        found.append(_answers(service, None if reader == "nobody" else others[0], others[:2]))
    assert found[0].keys() == found[1].keys()
    assert [path for path in found[0] if found[0][path] != found[1][path]] == []


def test_arithmetic_on_ranks_and_means_ends_at_what_is_shown(tmp_path_factory: pytest.TempPathFactory) -> None:
    service = serving(copy_of(trained(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp("hiding")))
    local(service, TOWN)
    everybody = Client(service)
    items = everybody.get(f"{API}/forecasts?limit=1000").json()["items"]
    assert sorted(each["rank"] for each in items) == list(range(1, len(items) + 1))
    judged = [each["chance"] for each in items if not each["too_small"]]
    hidden = service.snapshots.serving["decline-2y"].without(frozenset({TOWN}))
    assert hidden is not None and hidden.country.about.average_risk == pytest.approx(np.mean(judged))
    number = everybody.post(f"{API}/lists", json={"municipalities": [OTHER]}).json()["number"]
    made = service.lists.made(service.lists.find(number))
    assert made.peers is not None and service.snapshot().municipalities[TOWN] not in set(made.peers["name"])
    assert made.about.average_risk == hidden.country.about.average_risk


def test_where_everything_is_hidden_nothing_is_shown(tmp_path_factory: pytest.TempPathFactory) -> None:
    service = serving(copy_of(trained(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp("hiding")))
    snapshot = service.snapshots.serving["decline-2y"]
    service.snapshots._serving = {"decline-2y": _own(snapshot, list(snapshot.municipalities), 1, "own_survey")}
    everybody = Client(service)
    assert everybody.get(f"{API}/forecasts").json()["total"] == 0
    assert is_problem(everybody.get("/nederland"), 403)
    for path in ("/", "/methode"):
        page = everybody.get(path)
        assert page.status_code == 200 and "emiddeld" not in page.text.split("<footer>")[0].split("<main")[1]
