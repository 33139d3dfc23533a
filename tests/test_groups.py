"""Groups: what the lists hold, which areas belong to them on either side of a merger, and users' own files."""

from __future__ import annotations

import csv
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured_worlds import measured_world, real_measured_2, real_measured_3

from riskmodel.catalogue import municipalities, regions
from riskmodel.catalogue.area_names import called, find_municipalities
from riskmodel.catalogue.group_lists import Member, Part, merged
from riskmodel.errors import InputError
from riskmodel.monitor.groups import CODE, Group, find, group, groups, members_of
from riskmodel.monitor.measured import Measured
from riskmodel.products.present.group_words import found_words

DATA = Path(__file__).parents[2] / "shared" / "data"
official = pytest.mark.skipif(not DATA.exists(), reason="the official files are not here")

PROVINCES = 12


def country(
    codes: list[str], *, level: str = "wijk", edition: str = "3.0", names: list[str] | None = None
) -> Measured:
    """Measured areas with these codes."""
    world = measured_world(np.zeros((len(codes), 3)))
    names = [f"Gebied {code}" for code in codes] if names is None else names
    return replace(world, areas=np.array(codes), names=np.array(names), level=level, edition=edition)


def own(*codes: str, parts: tuple[Part, ...] = ()) -> Group:
    return Group("eigen", "eigen lijst", "test", "", codes, parts)


def chosen(listed: Group, measured: Measured) -> list[str]:
    return measured.areas[members_of(listed, measured)].tolist()


# --- the lists ---


def test_every_shipped_group_says_where_it_comes_from() -> None:
    assert len(groups()) == 10 + PROVINCES
    for name, each in groups().items():
        assert each.name == name
        assert each.source and each.title_nl
        assert all(CODE.fullmatch(code) for code in each.members)
        assert len(set(each.members)) == len(each.members)


def test_sizes_of_the_lists() -> None:
    assert len(group("G4").members) == 4
    assert len(group("G40").members) == 41
    assert not set(group("G4").members) & set(group("G40").members)
    forty = group("40 aandachtswijken")
    assert len(forty.parts) == 40
    assert len({part.place for part in forty.parts}) == 18
    assert len(forty.parts) - len(forty.unmapped) == 19
    focus = group("NPLV")
    assert (len(focus.parts), len({part.place for part in focus.parts})) == (20, 19)
    assert len(focus.parts) - len(focus.unmapped) == 7


def test_municipal_lists_are_municipalities_that_exist() -> None:
    known = set(municipalities()["code"])
    for name in ("G4", "G40", "Krimpregio's", "Anticipeerregio's", "Almere", "Drechtsteden", "Noord-Limburg"):
        assert {code for code in group(name).members if code.startswith("GM")} <= known
    assert set(group("Drechtsteden").members) == set(regions()["Drechtsteden"])
    names = municipalities().set_index("code")["name"]
    assert {names[code] for code in group("G4").members} == {"Amsterdam", "Rotterdam", "'s-Gravenhage", "Utrecht"}


def test_limburg_is_its_three_regions() -> None:
    """Noord-Limburg, Midden-Limburg and the three krimp regions of the south have every municipality once."""
    south = ("Parkstad Limburg", "Westelijke Mijnstreek", "Maastricht-Mergelland")
    listed = [
        member.code
        for name, places in (("Krimpregio's", south), ("Anticipeerregio's", ("Noord-Limburg", "Midden-Limburg")))
        for part in group(name).parts
        if part.place in places
        for member in part.members
    ]
    now = municipalities().query("province == 'Limburg'")["code"]
    assert sorted(listed) == sorted(now)
    assert len(listed) == 31


def test_krimp_and_anticipeer_do_not_overlap() -> None:
    assert not set(group("Krimpregio's").members) & set(group("Anticipeerregio's").members)


def test_regions_still_work_as_municipalities() -> None:
    assert find_municipalities("almere", frozenset({"GM0034", "GM0363"})) == ("GM0034",)
    assert len(find_municipalities("Drechtsteden", frozenset(regions()["Drechtsteden"]))) == 7


def test_provinces_may_be_named_like_regions() -> None:
    present = frozenset({"GM0344", "GM0310", "GM0983", "GM0984", "GM0363"})
    assert find_municipalities("Provincie Utrecht", present) == ("GM0310", "GM0344")
    assert find_municipalities("utrecht", present) == ("GM0344",), "the city, not the province"
    assert find_municipalities("LIMBURG", present) == ("GM0983", "GM0984")
    assert find_municipalities("fryslan", frozenset({"GM0080"})) == ("GM0080",)
    assert (
        called("fryslan") == "Provincie Fryslân" and called("gm0983") == "Venlo" and called("utrecht") == "Utrecht"
    )
    with pytest.raises(InputError, match="none of its areas"):
        find_municipalities("Provincie Zeeland", present)


@official
def test_mergers_agree_with_the_links_between_years() -> None:
    """Where more than 5% of the addresses of a municipality of 2016 lie in 2024, against the shipped list."""
    went: dict[str, dict[str, int]] = {}
    with (DATA / "crosswalk" / "code_changes_2016_2024.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if (row["level"], row["year_from"], row["year_to"]) == ("gemeente", "2016", "2024"):
                went.setdefault("GM" + row["code_from"], {})["GM" + row["code_to"]] = int(row["addresses"])
    table = merged()
    mine = table.groupby("old")["new"].agg(set).to_dict()
    assert set(mine) <= set(went)
    for old, places in went.items():
        total = sum(places.values())
        assert {new for new, count in places.items() if count > 0.05 * total} == mine.get(old, {old})
    assert len(mine) == 66


# --- membership ---


def test_codes_reach_down_and_never_up() -> None:
    wijken = country(["WK001400", "WK001401", "WK034400"])
    assert chosen(own("GM0014"), wijken) == ["WK001400", "WK001401"]
    assert chosen(own("WK001401", "WK034400"), wijken) == ["WK001401", "WK034400"]
    buurten = country(["BU00140001", "BU00140100", "BU00140101", "BU03440000"], level="buurt")
    assert chosen(own("GM0014"), buurten) == ["BU00140001", "BU00140100", "BU00140101"]
    assert chosen(own("WK001401"), buurten) == ["BU00140100", "BU00140101"]
    assert chosen(own("BU00140001", "WK034400"), buurten) == ["BU00140001", "BU03440000"]
    with pytest.raises(InputError, match="none of its 1 members at the level gemeente"):
        members_of(own("WK001401"), country(["GM0014"], level="gemeente"))
    with pytest.raises(InputError, match="none of its 1 members"):
        members_of(own("BU00140001"), wijken)


def test_what_is_missing_is_told() -> None:
    found = find(own("GM0014", "GM0344", "GM9999"), country(["WK001400", "WK001401", "WK036300"]))
    assert (found.parts, found.listed, found.missing, found.unmapped) == (1, 3, ("GM0344", "GM9999"), ())
    text = "1 van de 3 delen gevonden: 2 gebieden. Niet in de gegevens: GM0344; GM9999."
    assert found_words(found) == text
    assert found_words(find(own("GM0014"), country(["WK001400"]))) == "Gevonden: 1 gebied."
    assert (
        found_words(find(own("GM0014", "GM0344"), country(["WK001400", "WK034401"])))
        == "Alle 2 delen gevonden: 2 gebieden."
    )


def test_mergers_on_either_side() -> None:
    # Eemsdelta (GM1979) is Appingedam, Delfzijl and Loppersum since 2021.
    before, after = country(["WK000300", "WK001000", "WK002400", "WK001400"]), country(["WK197901", "WK001400"])
    olds = own("GM0003", "GM0010", "GM0024")
    assert chosen(olds, after) == ["WK197901"]
    assert find(olds, after).missing == ()
    assert chosen(own("GM1979"), before) == ["WK000300", "WK001000", "WK002400"]
    # Part of the old ones is not the new one.
    with pytest.raises(InputError, match="none"):
        members_of(own("GM0003", "GM0010"), after)
    # A group that names some of the old ones means those.
    assert chosen(own("GM1979", "GM0003"), before) == ["WK000300"]


def test_a_code_used_again_for_another_area_is_not_taken() -> None:
    part = Part("Heechterp", "Leeuwarden", (Member("WK008050", "Heechterp & Schieringen", 2022),))
    listed = own("WK008050", parts=(part, Part("Elders", "Leeuwarden", ())))
    right = country(["WK008050"], names=["Wijk 50 Heechterp & Schieringen"])
    assert chosen(listed, right) == ["WK008050"]
    assert find(listed, right).unmapped == ("Elders (Leeuwarden)",)
    with pytest.raises(InputError):
        members_of(listed, country(["WK008050"], names=["Camminghaburen"]))
    # Without a name in the data the code decides; on other boundaries the code means something else.
    assert chosen(listed, country(["WK008050"], names=["WK008050"])) == ["WK008050"]
    with pytest.raises(InputError):
        members_of(listed, replace(right, edition="2.0"))


@official
def test_provinces_divide_the_official_files() -> None:
    for measured in (real_measured_3(DATA), real_measured_2(DATA)):
        marks = np.array([members_of(each, measured) for each in list(groups().values())[-PROVINCES:]])
        assert (marks.sum(axis=0) == 1).all()


@official
def test_groups_on_the_official_files() -> None:
    three, two = real_measured_3(DATA), real_measured_2(DATA)
    expected = {
        "G4": (173, 165),
        "G40": (706, 584),
        "Krimpregio's": (284, 261),
        "40 aandachtswijken": (26, 26),
        "Rotterdam-Zuid": (3, 3),
        "Almere": (60, 5),
        "Drechtsteden": (49, 38),
        "Noord-Limburg": (82, 61),
    }
    found = {
        name: (int(members_of(group(name), three).sum()), int(members_of(group(name), two).sum()))
        for name in expected
    }
    assert found == expected
    assert all(find(group(name), three).missing == () for name in expected)
    assert find(group("40 aandachtswijken"), three).parts == 19
    people = three.inhabitants[members_of(group("Rotterdam-Zuid"), three), -1].sum()
    assert people == 208_760
    # The eight municipalities of the Achterhoek together had 300,129 inhabitants on 1 January 2022 (De
    # Gelderlander, January 2022); KWB rounds to fives.
    part = [each for each in group("Krimpregio's").parts if each.place == "Achterhoek"]
    codes = {member.code for each in part for member in each.members}
    assert three.inhabitants[np.isin(three.municipality_codes(), list(codes)), -1].sum() == pytest.approx(
        300_129, abs=100
    )


# --- by name and from files ---


def test_names_are_found_whatever_the_capitals_and_accents() -> None:
    assert group(" g4 ").name == "G4"
    assert group("FRYSLÂN") is group("fryslan")
    assert group("Fryslan").title_nl == "de provincie Fryslân"
    with pytest.raises(InputError, match="Did you mean Drechtsteden"):
        group("Dregtsteden")
    with pytest.raises(InputError, match="one of G4"):
        group("zzzz")


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text", ["code,name\nGM0014,Groningen\nwk034401,\n", "\ufeffCode;Name\n GM0014 ;Groningen\nWK034401;\n"]
)
def test_own_csv(tmp_path: Path, text: str) -> None:
    mine = group(written(tmp_path, "mijn wijken.csv", text))
    assert (mine.name, mine.members) == ("mijn wijken", ("GM0014", "WK034401"))
    assert [part.name for part in mine.parts] == ["Groningen", "WK034401"]
    found = find(mine, country(["WK034401"]))
    assert found.missing == ("Groningen",)


def test_own_csv_of_codes_only(tmp_path: Path) -> None:
    assert group(written(tmp_path, "a.csv", "code\nGM0014\nGM0344\n")).members == ("GM0014", "GM0344")


def test_own_toml(tmp_path: Path) -> None:
    text = 'name = "Zuidas"\ntitle_nl = "de Zuidas"\nsource = "eigen onderzoek, 2024"\nmembers = ["WK036323"]\n'
    mine = group(str(written(tmp_path, "z.toml", text)))
    assert (mine.name, mine.title_nl, mine.source) == ("Zuidas", "de Zuidas", "eigen onderzoek, 2024")
    assert mine.members == ("WK036323",)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "columns none"),
        ("a.csv", "code\n", "no codes"),
        ("a.csv", "gebied,name\nGM0014,x\n", "a column 'code'"),
        ("a.csv", "code\n0014\n", "code 1: found '0014'"),
        ("a.csv", "code,name\nGM0014,x\nGM014,y\n", "code 2"),
        ("a.csv", "code,name\nGM0014,x\nGM0014,y\n", "GM0014 again"),
        ("a.csv", b"\xff\xfe\x00\x81", "no readable table"),
        ("a.csv", "code,name\nGM0014\n", "a row with 1 values"),
        ("a.toml", "members = [", "not TOML"),
        ("a.toml", "members = 3\n", "a list of codes"),
        ("a.toml", "members = [3]\n", "a list of codes"),
        ("a.toml", 'name = "x"\n', "a list of codes"),
        ("a.toml", 'members = ["GM0014"]\nkleur = "rood"\n', "kleur"),
        ("a.toml", 'name = 3\nmembers = ["GM0014"]\n', "text"),
        ("a.toml", b'name = "\xff"\n', "not UTF-8"),
    ],
)
def test_refused_files(tmp_path: Path, name: str, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        group(written(tmp_path, name, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        group(tmp_path / "weg.csv")


@given(content=st.binary(max_size=60), suffix=st.sampled_from([".csv", ".toml"]))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = written(tmp_path_factory.mktemp("bytes"), f"x{suffix}", content)
    with suppress(InputError):
        assert group(path).members
