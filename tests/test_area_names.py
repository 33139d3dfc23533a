"""Names of municipalities, provinces and regions, as people write them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmodel.catalogue import load, municipalities, plain
from riskmodel.catalogue.area_names import called, close_names, find_municipalities, named_regions
from riskmodel.errors import InputError

TABLE = municipalities()
EVERYWHERE = frozenset(TABLE["code"])
#: What people write, the one code that they mean, and how it is officially written.
WRITTEN = [
    (text, code, official)
    for code, official, texts in (
        ("GM0518", "'s-Gravenhage", (
            "Den Haag", "den haag", "'s-Gravenhage", "’s-Gravenhage", "‘s-Gravenhage", "s-Gravenhage",
            "Gravenhage", "'s Gravenhage", "'s-gravenhage (gemeente)", "Gemeente Den Haag", "518", "0518",
            "GM518", "gm0518", " GM0518 ",
        )),
        ("GM0796", "'s-Hertogenbosch", ("Den Bosch", "Hertogenbosch", "'s\u2011Hertogenbosch", "DEN\u00a0BOSCH")),
        ("GM1900", "Súdwest-Fryslân", (
            "Súdwest-Fryslân", "Su\u0301dwest-Frysla\u0302n", "Sudwest-Fryslan", "SÚDWEST FRYSLÂN",
            "Zuidwest-Friesland",
        )),
        ("GM1970", "Noardeast-Fryslân", ("Noardeast-Fryslân", "noardeast fryslan", "Noordoost-Friesland")),
        ("GM0820", "Nuenen, Gerwen en Nederwetten", ("Nuenen", "Nuenen, Gerwen en Nederwetten", "nuenen c.a.")),
        ("GM0164", "Hengelo", ("Hengelo", "Hengelo (O.)", "hengelo (o)")),
        ("GM0603", "Rijswijk", ("Rijswijk (ZH.)", "Rĳswĳk")),
        ("GM0373", "Bergen (NH.)", ("Bergen (NH.)", "bergen nh", "Bergen NH")),
        ("GM0344", "Utrecht", ("Utrecht", "Utrecht (gemeente)", "gemeente Utrecht")),
        ("GM0484", "Alphen aan den Rijn", ("Alphen a/d Rijn", "Alphen a.d. Rijn")),
    )
    for text in texts
]  # fmt: skip
OFFICIAL = Path(__file__).parents[2] / "shared" / "data" / "codes" / "WijkenEnBuurten_47018NED.csv"


@pytest.mark.parametrize(("text", "code", "official"), WRITTEN)
def test_a_municipality_is_found_however_it_is_written(text: str, code: str, official: str) -> None:
    assert find_municipalities(text, EVERYWHERE) == (code,)
    assert called(text) == official


@pytest.mark.parametrize("text", ["Friesland", "fryslan", "Fryslân", "Frysla\u0302n", "provincie Friesland"])
def test_a_province_is_found_however_it_is_written(text: str) -> None:
    assert called(text) == "Provincie Fryslân"
    codes = find_municipalities(text, EVERYWHERE)
    assert {"GM0080", "GM1900", "GM1970"} <= set(codes) and "GM0014" not in codes


def test_every_name_and_every_usual_one_means_one_thing() -> None:
    for code, name in zip(TABLE["code"], TABLE["name"], strict=True):
        for text in (
            name,
            code,
            code.removeprefix("GM"),
            name.replace("'", "’"),
            unicodedata.normalize("NFD", name),
        ):
            assert find_municipalities(text, EVERYWHERE) == (code,), text
            assert called(text) == name
    for text, code in load("usual_names")["municipalities"].items():
        assert find_municipalities(text, EVERYWHERE) == (code,)
    names = {*TABLE["name"], *named_regions(), *load("usual_names")["municipalities"]}
    keys = [plain(name) for name in names]
    assert len(set(keys)) == len(keys)


def test_names_are_those_of_cbs() -> None:
    if not OFFICIAL.exists():
        pytest.skip("the official files are not here (../shared/data)")
    table = pd.read_csv(OFFICIAL, dtype=str)
    listed = table[table["Key"].str.startswith("GM") & (table["Title"] != "Gemeente onbekend")]
    assert len(listed) > 300
    for key, title in zip(listed["Key"].str.strip(), listed["Title"], strict=True):
        assert find_municipalities(title, EVERYWHERE) == (key,), title
        # CBS writes the province in brackets behind some names; the municipality itself does not.
        assert called(title) in (title, title.partition(" (")[0])


def test_what_is_not_there_or_not_clear_is_refused_with_what_is_meant() -> None:
    def hint(text: str, present: frozenset[str] = EVERYWHERE) -> str:
        with pytest.raises(InputError) as refused:
            find_municipalities(text, present)
        return refused.value.hint

    assert "Bergen (NH.)" in hint("Bergen") and "Bergen (L.)" in hint("Bergen")
    for text in ("Den Haag", "'s-Gravenhage", "518", "Friesland"):
        assert hint(text, frozenset({"GM0983"})) == "It exists, but none of its areas is in the data."
    assert "'s-Gravenhage" in hint("Den Hag") and "'s-Hertogenbosch" in hint("Den Bosh")
    assert "Provincie Fryslân" in hint("Frieslant")
    for text in ("", " ", "-", "'s-", "GM", "GM99999", "(L.)", "Hengelo (L.)", "gemeente"):
        assert hint(text) is not None
    assert close_names("Venloo", EVERYWHERE)[0] == "Venlo"


@given(st.text(max_size=40))
def test_any_text_is_found_or_refused(text: str) -> None:
    try:
        codes = find_municipalities(text, EVERYWHERE)
    except InputError:
        assert called(text) == text.strip()
    else:
        assert codes and set(codes) <= EVERYWHERE and called(text) in {*TABLE["name"], *named_regions()}
