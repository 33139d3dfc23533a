"""What the project is built of: a lock with checksums, licences that go together, a bill of materials."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from dependencies import CORE, DEVELOPMENT, LOCK, ROOT, brought_by, extras, read_lock
from licences import KNOWN, accepted, conditional, licence_of
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LICENCES = tomllib.loads(KNOWN.read_text(encoding="utf-8"))


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "upkeep" / script, *arguments], capture_output=True, text=True, check=False
    )


# The lock.


def test_the_lock_holds_versions_and_checksums_and_nothing_else():
    """No address, no path, no option, no range: who installs it takes what was checked, from wherever."""
    locked = read_lock(LOCK.read_text(encoding="utf-8"))
    assert len(locked) > 150
    assert all(each.hashes for each in locked)
    assert not any(word in LOCK.read_text(encoding="utf-8") for word in ("://", "@", "index", "file:", "git+"))
    # Twice only where the version depends on that of Python or on the system.
    names = [each.name for each in locked]
    assert all(each.marker for each in locked if names.count(each.name) > 1)


@pytest.mark.parametrize(
    "line",
    [
        "numpy==2.4.6\n",
        "numpy>=2.4.6 \\\n    --hash=sha256:" + "0" * 64 + "\n",
        "numpy==2.4.6 \\\n    --hash=md5:" + "0" * 32 + "\n",
        "numpy @ https://example.org/numpy.whl \\\n    --hash=sha256:" + "0" * 64 + "\n",
        "--index-url https://example.org/simple\n",
        "-e .\n",
        "git+https://example.org/numpy.git\n",
    ],
)
def test_a_lock_with_anything_else_is_refused(line):
    first = "six==1.17.0 \\\n    --hash=sha256:" + "1" * 64 + "\n"
    assert [each.name for each in read_lock(first)] == ["six"]
    with pytest.raises(ValueError, match="line 3"):
        read_lock(first + line)


def test_every_requirement_of_the_project_is_in_the_lock_in_a_version_that_fits():
    versions: dict[str, list[str]] = {}
    for each in read_lock(LOCK.read_text(encoding="utf-8")):
        versions.setdefault(each.name, []).append(each.version)
    wanted = [*PROJECT["dependencies"], *(line for e in extras() for line in PROJECT["optional-dependencies"][e])]
    for requirement in map(Requirement, wanted):
        found = versions[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(each) for each in found), requirement


def test_what_is_installed_here_is_what_the_lock_says():
    versions: dict[str, set[str]] = {}
    for each in read_lock(LOCK.read_text(encoding="utf-8")):
        versions.setdefault(each.name, set()).add(each.version)
    here = {canonicalize_name(each.metadata["Name"]): each.version for each in distributions()}
    assert len(set(here) & set(versions)) > 150
    assert {name: version for name, version in here.items() if version not in versions.get(name, {version})} == {}


def test_what_brings_a_package():
    parts = brought_by()
    assert parts["numpy"] == parts["mlflow"] == parts["six"] == (CORE,)
    assert parts["psycopg-binary"] == ("postgres",)
    assert parts["pyphen"] == ("pdf",)
    assert parts["hypothesis"] == (DEVELOPMENT,)
    locked = {each.name for each in read_lock(LOCK.read_text(encoding="utf-8"))}
    assert set(parts) <= locked


# Licences.


def test_the_table_of_licences_is_current_and_every_licence_is_accepted():
    found = run("licences.py", "--check")
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "AGPL-3.0-or-later", "MIT AND GPL-2.0-only", "Proprietary"])
def test_a_licence_that_does_not_go_with_ours_is_refused(licence):
    assert not accepted(licence, frozenset(LICENCES["accepted"]))


def test_of_alternatives_one_is_enough_and_of_parts_all_count():
    fine = frozenset({"MIT", "BSD-3-Clause"})
    assert accepted("GPL-2.0-only OR MIT", fine)
    assert accepted("(MIT OR GPL-2.0-only) AND BSD-3-Clause", fine)
    assert not accepted("MIT AND GPL-2.0-only", fine)
    assert not accepted("(MIT OR BSD-3-Clause) AND GPL-2.0-only", fine)


def test_only_what_can_be_replaced_is_under_a_condition():
    assert licence_of("psycopg", LICENCES) == "LGPL-3.0-only"
    assert conditional("LGPL-3.0-only", LICENCES)
    assert conditional("MIT AND MPL-2.0", LICENCES)
    assert not conditional("MPL-2.0 OR MIT", LICENCES)
    core = {name for name, parts in brought_by().items() if parts == (CORE,)}
    under_conditions = {name for name in core if conditional(licence_of(name, LICENCES), LICENCES)}
    assert under_conditions == {"certifi", "tqdm"}


def test_a_package_of_unknown_licence_stops_the_table():
    with pytest.raises(ValueError, match="not installed"):
        licence_of("no-such-package", LICENCES)


# The bill of materials.


@pytest.mark.long
def test_the_bill_of_materials_names_every_package_and_no_machine(tmp_path: Path):
    first, second = (tmp_path / name for name in ("first.json", "second.json"))
    assert run("sbom.py", str(first)).returncode == 0
    assert run("sbom.py", str(second)).returncode == 0
    assert first.read_bytes() == second.read_bytes()
    text = first.read_text(encoding="utf-8")
    bom = json.loads(text)
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    assert bom["metadata"]["component"]["name"] == "riskmodel"
    parts = brought_by()
    scopes = {canonicalize_name(each["name"]): each["scope"] for each in bom["components"]}
    assert set(scopes) == set(parts)
    assert {name for name, scope in scopes.items() if scope == "excluded"} == {
        name for name, found in parts.items() if found == (DEVELOPMENT,)
    }
    assert all(each["licenses"] for each in bom["components"])
    # Who needs whom.
    needs = {
        each["ref"].split("==")[0]: {ref.split("==")[0] for ref in each["dependsOn"]}
        for each in bom["dependencies"]
    }
    assert {"numpy", "scipy"} <= needs["lightgbm"]
    assert needs["six"] == set()
    assert {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]} <= {
        canonicalize_name(name) for name in needs["root-component"]
    }
    # No folder of a machine and no address but that of the schema.
    assert not any(word in text for word in (str(ROOT), str(Path.home()), "file:", "site-packages"))
    assert set(re.findall(r"[a-z0-9-]+\.(?:org|com|net|io|dev|nl)\b", text)) == {"cyclonedx.org"}
    assert text.count("://") == 1


# What is installed for others.


def test_the_container_copies_everything_that_the_package_is_built_from():
    recipe = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    copied = {
        name.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", recipe, re.M)
        for name in line.split()
    }
    with (ROOT / "pyproject.toml").open("rb") as file:
        built = tomllib.load(file)
    wheel = built["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], built["project"]["readme"]}
    needed |= {*built["project"]["license-files"], "pyproject.toml", LOCK.name}
    assert {path for path in needed if path not in copied and path.split("/")[0] not in copied} == set()
    for extra in re.findall(r'"\.\[([\w,]+)\]"', recipe)[0].split(","):
        assert extra in built["project"]["optional-dependencies"]
