"""The open-data package gives its score files: from a zip that is safe, a folder, or as a single file."""

import stat
import zipfile
from pathlib import Path

import pytest

from riskmodel.errors import InputError
from riskmodel.sources.formats import archives
from riskmodel.sources.leefbaarometer import package
from riskmodel.sources.leefbaarometer.package import HINT, open_package
from riskmodel.sources.leefbaarometer.scores import read_scores

INSIDE = "Leefbaarometer 3.0 - Meting 2024 - open data"
TAIL = "2024,4.2,0.1,0.01,0.02,0.03,0.04,0.0"
HEADER = "jaar,lbm,afw,fys,onv,soc,vrz,won"
CONTENT = {
    "buurten": f"bu_code,bu_naam,{HEADER}\nBU00140000,Binnenstad,{TAIL}\n",
    "wijken": f"wk_code,wk_naam,{HEADER}\nWK001400,Centrum,{TAIL}\n",
    "gemeenten": f"gm_code,gm_naam,{HEADER}\nGM0014,Groningen,{TAIL}\n",
    "PC4": f"PC4,{HEADER}\n9711,{TAIL}\n",
    "grids": f"gridcode,{HEADER}\nE2330N5820,{TAIL}\n",
}
MEMBERS = {f"{INSIDE}/Leefbaarometer-scores {word} 2002-2024.csv": text for word, text in CONTENT.items()}
MEMBERS |= {f"{INSIDE}/Leefbaarometer-ontwikkeling {word} 2002-2024.csv": "van,tot\n" for word in CONTENT}
MEMBERS[f"{INSIDE}/Leesmij.pdf"] = "%PDF"
ORDER = ["gemeenten", "wijken", "buurten", "PC4", "grids"]


def packed(folder: Path, members: dict[str, str] | None = None, method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "open-data-leefbaarometer-meting-2024.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, text in (MEMBERS if members is None else members).items():
            archive.writestr(name, text)
    return path


def refusal(path: Path, *levels: str) -> str:
    with pytest.raises(InputError) as caught, open_package(path, levels):
        pass
    return str(caught.value)


def test_the_zip_gives_the_score_files_from_large_to_small_areas(tmp_path: Path) -> None:
    with open_package(packed(tmp_path)) as paths:
        assert [path.name for path in paths] == [f"Leefbaarometer-scores {word} 2002-2024.csv" for word in ORDER]
        assert [path.read_text(encoding="utf-8") for path in paths] == [CONTENT[word] for word in ORDER]
        made = read_scores(paths)
        folder = paths[0].parent
    assert [each.level for each in made] == ["gemeente", "wijk", "buurt", "pc4", "grid"]
    assert not folder.exists(), "what was unpacked is gone when the context ends"


def test_only_the_levels_asked_are_unpacked(tmp_path: Path) -> None:
    with open_package(packed(tmp_path), ["wijk"]) as paths:
        assert [path.name for path in paths[0].parent.iterdir()] == ["Leefbaarometer-scores wijken 2002-2024.csv"]
    path = packed(tmp_path, {name: MEMBERS[name] for name in MEMBERS if "wijken" in name})
    assert refusal(path, "wijk", "buurt") == (
        f"{path}: found no scores of level buurt (levels: wijk); expected those asked for."
    )
    assert refusal(path, "straat") == (
        "levels: found 'straat'; expected some of gemeente, wijk, buurt, pc4, grid."
    )


@pytest.mark.parametrize("inside", ["", INSIDE])
def test_a_folder_is_read_as_it_unpacks(tmp_path: Path, inside: str) -> None:
    (tmp_path / inside).mkdir(exist_ok=True)
    for name, text in MEMBERS.items():
        (tmp_path / inside / Path(name).name).write_text(text, encoding="utf-8")
    with open_package(tmp_path) as paths:
        assert [path.name for path in paths] == [f"Leefbaarometer-scores {word} 2002-2024.csv" for word in ORDER]
        assert {path.parent for path in paths} == {tmp_path / inside}


def test_the_names_of_the_release_of_2020_are_known(tmp_path: Path) -> None:
    for word in ("grid", "PC4", "buurt"):
        (tmp_path / f"Leefbaarometer 3.0 - meting 2020 - scores {word}.csv").touch()
    with open_package(tmp_path) as paths:
        assert [path.stem.split()[-1] for path in paths] == ["buurt", "PC4", "grid"]


def test_a_single_csv_is_given_as_it_is(tmp_path: Path, real_data: Path) -> None:
    real = real_data / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"
    with open_package(real) as paths:
        assert paths == [real]
    path = tmp_path / "Leefbaarometer-ontwikkeling wijken 2002-2024.csv"
    assert refusal(path) == f"{path}: found a file with developments; expected a file with scores. {HINT}"


def test_the_real_file_comes_out_of_a_zip_unchanged(tmp_path: Path, real_data: Path) -> None:
    real = real_data / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"
    path = packed(tmp_path, {})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(real, f"{INSIDE}/{real.name}")
    with open_package(path) as paths:
        assert [each.read_bytes() for each in paths] == [real.read_bytes()]
        (made,) = read_scores(paths)
    assert made.frame["location"].nunique() == 3303


def test_two_releases_in_one_package_are_refused(tmp_path: Path) -> None:
    names = ["Leefbaarometer-scores wijken 2002-2022.csv", "Leefbaarometer-scores wijken 2002-2024.csv"]
    for name in names:
        (tmp_path / name).write_text(CONTENT["wijken"], encoding="utf-8")
    assert refusal(tmp_path) == (
        f"{tmp_path}: found {names[0]!r} and {names[1]!r}, both of level wijk; expected one score file a level. "
        "Two releases are two instruments; give one of them."
    )


def test_a_package_without_scores_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, {"geometrie-lbm3-2024/buurt 2024.gpkg": "x"})
    assert refusal(path) == (
        f"{path}: found no score file (buurt 2024.gpkg); "
        f"expected 'Leefbaarometer-scores wijken 2002-2024.csv'. {HINT}"
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    assert refusal(empty) == (
        f"{empty}: found no score file (nothing); expected 'Leefbaarometer-scores wijken 2002-2024.csv'. {HINT}"
    )


@pytest.mark.parametrize("name", ["../x.csv", "a/../../x.csv", "/etc/x.csv", "C:\\x.csv", "..\\x.csv", "\\\\s\\x"])
def test_a_path_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path, MEMBERS | {name: "x"})
    assert refusal(path) == (
        f"{path}, member {name!r}: found a path that leads outside the archive; expected paths inside it. {HINT}"
    )
    assert sorted(each.name for each in tmp_path.iterdir()) == [path.name]


def test_a_link_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path)
    link = zipfile.ZipInfo(f"{INSIDE}/Leefbaarometer-scores straten 2002-2024.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert refusal(path) == (
        f"{path}, member {link.filename!r}: found a link or special file; expected plain files. {HINT}"
    )


def test_bombs_are_refused_before_anything_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{INSIDE}/Leefbaarometer-scores wijken 2002-2024.csv"
    path = packed(tmp_path, {name: "0" * 5_000_000})
    told = refusal(path)
    assert told.startswith(f"{path}, member {name!r}: found text packed 1,0")
    assert told.endswith(f" to 1; expected at most 100 to 1. {HINT}")

    path = packed(tmp_path)
    total = sum(map(len, MEMBERS.values()))
    monkeypatch.setattr(package, "LARGEST_TOTAL", total - 1)
    assert refusal(path) == f"{path}: found {total} bytes unpacked; expected at most {total - 1}. {HINT}"
    monkeypatch.setattr(package, "LARGEST_MEMBER", 20)
    member, size = next((name, len(text)) for name, text in MEMBERS.items() if len(text) > 20)
    assert refusal(path) == f"{path}, member {member!r}: found {size} bytes; expected at most 20. {HINT}"
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    assert refusal(path) == f"{path}: found {len(MEMBERS)} members; expected at most 3. {HINT}"


def test_a_member_never_gives_more_than_it_says(tmp_path: Path) -> None:
    path = packed(tmp_path, {"Leefbaarometer-scores wijken 2002-2024.csv": "x" * 1000}, zipfile.ZIP_STORED)
    # The directory at the end of the archive says 10 bytes where 1000 are stored.
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = (10).to_bytes(4, "little")
    path.write_bytes(content)
    assert refusal(path) == (
        f"{path}, member 'Leefbaarometer-scores wijken 2002-2024.csv': found damaged data; "
        "expected an undamaged archive. Download it again."
    )


def test_a_protected_member_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, {"Leefbaarometer-scores wijken 2002-2024.csv": "x"})
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert refusal(path) == (
        f"{path}, member 'Leefbaarometer-scores wijken 2002-2024.csv': found a member protected by a password; "
        f"expected an open archive. {HINT}"
    )


def test_damaged_data_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, method=zipfile.ZIP_STORED)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"GM0014,Groningen", b"GM0014,Gr0ningen"))
    assert refusal(path) == (
        f"{path}, member '{INSIDE}/Leefbaarometer-scores gemeenten 2002-2024.csv': found damaged data; "
        "expected an undamaged archive. Download it again."
    )


@pytest.mark.parametrize("keep", [40, 500, -30])
def test_a_zip_that_is_cut_off_is_refused(tmp_path: Path, keep: int) -> None:
    path = packed(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    assert refusal(path) == (
        f"{path}: found a zip archive that is cut off or damaged; expected a whole one. Download it again."
    )


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"\n <!DOCTYPE html><html>Not found</html>", "a web page"),
        (b"wk_code;wk_naam\n", "no zip archive"),
    ],
)
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(content)
    assert refusal(path) == f"{path}: found {found}; expected a zip archive, folder or CSV file. {HINT}"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    told = f"{path}: found No such file or directory; expected a zip archive, folder or CSV. Is the name right"
    assert refusal(path).startswith(told)
