"""Files of riskmodel's own, damaged since: whatever stands there, one message says which file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from riskmodel.checking import FINDINGS, read_findings
from riskmodel.errors import InputError
from riskmodel.forecasting.record import read_record
from riskmodel.forecasting.store import BY_DRIVER, load_forecast
from riskmodel.products.register_entry import read_entry
from riskmodel.scoring.reference import REFERENCE, load_reference
from riskmodel.scoring.release import load_release
from riskmodel.web.snapshot import release_of

DAMAGED = {
    "no object": "[]",
    "nothing": "null",
    "a number": "1",
    "a text": '"release"',
    "no keys": "{}",
    "cut off": '{"level": "wijk", ',
    "nested without end": "[" * 100_000,
    "a number without end": "9" * 5_000,
    "other bytes": b"\xff\xfe{}",
}
READ: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a forecast": ("about.json", load_forecast),
    "the release of a forecast": ("about.json", release_of),
    "a backtest": ("about.json", read_record),
    "a released model": ("release.json", load_release),
    "a reference": (REFERENCE, lambda folder: load_reference(folder, ("onv.level",))),
    "findings": (FINDINGS, lambda folder: read_findings(folder / FINDINGS)),
    "an entry": ("entry.json", lambda folder: read_entry(folder / "entry.json")),
}

#: No findings are a list of none, and what nobody filled in is an entry of no fields.
ALLOWED = {("findings", "no object"), ("an entry", "no keys")}
CASES = [(kind, what) for kind in READ for what in DAMAGED if (kind, what) not in ALLOWED]


@pytest.mark.parametrize(("kind", "what"), CASES)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, kind: str, what: str) -> None:
    (name, read), text = READ[kind], DAMAGED[what]
    (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    pd.DataFrame({"location": ["WK000001"]}).to_parquet(tmp_path / BY_DRIVER)
    with pytest.raises(InputError, match=str(tmp_path)):
        read(tmp_path)
