"""Growth as it was known, and building sites, worked out by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
from worlds import panel_of, wijk_codes

from riskmodel.forecasting.growth import growth, short_history

SCORE = {wave: [4.1] * 4 for wave in (2014, 2016, 2018)}


def grown(**indicators):
    return panel_of({"score": SCORE, **indicators}, wijk_codes(4))


def test_growth_a_year():
    panel = grown(
        population={2012: [1.0, 1, 1, 1], 2016: [1000.0, 400, np.nan, 30], 2018: [1210.0, 400, 500, 300]}
    )
    # The count of 2012 lies further back than five years; of 30 inhabitants no growth is told.
    np.testing.assert_allclose(growth(panel, "population"), [0.1, 0.0, np.nan, np.nan])
    assert np.isnan(growth(panel, "dwellings")).all()
    assert np.isnan(growth(grown(population={2018: [1.0] * 4}), "population")).all()


def test_a_building_site_grows_by_more_than_the_limit():
    people = {2016: [1000.0, 1000, 1000, 1000], 2018: [1320.0, 1325, 1000, np.nan]}
    dwellings = {2016: [100.0, 100, 100, 100], 2018: [100.0, 100, 140, np.nan]}
    panel = grown(population=people, dwellings=dwellings)
    assert short_history(panel).tolist() == [False, True, True, False]


def test_only_what_was_known_counts():
    people = {2016: [1000.0] * 4, 2018: [2000.0] * 4}
    panel = grown(population=people)
    assert short_history(panel).all()
    published = panel.published_on("population", 2018)
    assert not short_history(panel.known_at(date.fromordinal(published.toordinal() - 1))).any()
    assert short_history(panel.known_at(published)).all()
