"""Dutch sentences that come from the data of a list, each with its English, for the language switch of the page.

Sheets hold their sentences in Dutch only, so that a page for the whole country stays small. The script finds the
English of a sentence by its Dutch form: what stands in the ``{slots}`` is taken over, with numbers as an English
reader expects them. A sentence of no known form stays Dutch and is marked so.
"""

from __future__ import annotations

from riskmodel.catalogue import DIMENSIONS, drivers, load
from riskmodel.forecasting.drivers.mechanisms import catalogued_rules
from riskmodel.products.risk_list import build, sheet_drivers, track_record
from riskmodel.products.risk_list import random_visits as audit


def sentences() -> list[tuple[str, str]]:
    """Give every form of sentence in Dutch and English; of forms that could both fit the first is meant."""
    rules = catalogued_rules()
    return [
        *((rule.title, rule.title_en) for rule in rules),
        *((way.text, way.text_en) for rule in rules for way in rule.ways),
        (build.ORIGIN_NOTICE, build.ORIGIN_NOTICE_EN),
        *audit.NOTICES,
        (track_record.RECORD, track_record.RECORD_EN),
        *sheet_drivers.VALUES,
    ]


def labels() -> dict[str, tuple[str, str]]:
    """Give the names of drivers and dimensions in Dutch and English, by id."""
    named = {driver.id: (driver.label, driver.label_en) for driver in drivers()}
    dimensions = load("indicators/leefbaarometer-3.0")
    return named | {
        f"dimension_{key}": (dimensions[key]["label_nl"], dimensions[key]["label_en"]) for key in DIMENSIONS
    }
