"""Compare two checkouts, before and after a change of structure, bit for bit on the official files.

``python upkeep/compare_checkouts.py BEFORE AFTER --data ../shared/data`` runs the same commands with both, each
with its own code, compares every file and everything printed, and lets AFTER go on in the workspace of BEFORE.
Exit code 1 when something differs that is not in EXPECTED. Pages and pictures are counted only: their words may
change.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import Progress

#: Commands, run with --json unless marked as text; with another exit code than 0 where that is marked.
#: A * stands for files that are there; new:PATTERN for the name of the newest of them.
CHAIN = """
status
ingest leefbaarometer "data/leefbaarometer-3.0/Leefbaarometer-scores wijken 2002-2020.csv"
ingest kwb data/kwb/wijk_2016.csv data/kwb/wijk_2022.csv
ingest crosswalk data/crosswalk/code_changes_2016_2024.csv
ingest boundaries data/kwb/wijk_2022.geojson
exit 2: ingest police data/police/buurt_2021_2025.csv
check
text: check
current
text: current --municipality Venlo --wave 2018
exit 2: current --municipality Nergenshuizen
monitor --municipality Venlo --out monitor/venlo
monitor --group G4 --out monitor/g4
national --out monitor/nederland
statement
text: statement onvoldoende
verify data/leefbaarometer-2.0/*.xlsx "data/leefbaarometer-3.0/wfs buurtscore24.csv"
survey survey.csv --from 2016 --to 2020 --out survey
indicators
text: indicators overlast
example example
ingest leefbaarometer --workspace pc4 "data/leefbaarometer-3.0-pc4/Leefbaarometer-scores PC4 2002-2020.csv"
current --workspace pc4
ingest leefbaarometer-2 --workspace edition-2 data/leefbaarometer-2.0/*.xlsx
current --workspace edition-2 --edition 2.0
ingest rivm data/rivm/2020_18plus.xlsx --workspace edition-2
backtest experiments/decline-2y.yaml
backtest decline-4y
backtest tipping-2y
train experiments/decline-2y.yaml
train decline-4y
forecast
risk-list --municipality Venlo --capacity 10 --form all --out lists/venlo
outcomes ingest visits.csv
outcomes show
outcomes evaluate
risk-list --municipality Drechtsteden --capacity 20 --out lists/drechtsteden
risk-list --experiment decline-4y --out lists/nederland --form csv --form parquet
score workspace --model decline-2y --output scores --drivers
score scores/features.parquet --model models/decline-2y/* --output again
audit decline-2y --out audit
register-entry --out register/entry.json
what-if --change density=*0.9 --municipality Venlo
compare decline-2y decline-2y:structural
text: compare decline-2y decline-2y:structural --cohort 500+
describe workspace/models/*-2y*/lightgbm-*
exit 1: promote decline-2y
check --deep
status
text: status
"""
#: What both do afterwards in a workspace that BEFORE made.
GOES_ON = """
check --deep
check
status
text: status
current --municipality Venlo
risk-list --municipality Venlo --out on/venlo --form csv --form xlsx --form geojson
risk-list --municipality Drechtsteden --capacity 5 --out on/drechtsteden --form csv
score scores/features.parquet --model workspace/models/*-2y*/lightgbm-* --output on/trained --drivers
score scores/features.parquet --model workspace/models/*-2y*/structural-* --output on/structural --drivers
score scores/features.parquet --model models/decline-2y/* --output on/released-2y --drivers
score scores/features.parquet --model models/decline-4y/* --output on/released-4y --drivers
text: python
forecast
reproduce new:workspace/forecasts/*-2y*/*
reproduce new:workspace/lists/*
reproduce decline-2y
reproduce new:workspace/models/*-2y*/*
"""
REGISTERED = (
    "import mlflow, pandas; mlflow.set_tracking_uri('sqlite:///workspace/mlflow.db');"
    "name = next(each.name for each in mlflow.search_registered_models() if '-2y' in each.name);"
    "model = mlflow.pyfunc.load_model(f'models:/{name}@champion');"
    "print(model.predict(pandas.read_parquet('scores/features.parquet').drop(columns='location')).to_csv())"
)
SETTINGS = {
    "RISKMODEL_WORKSPACE": "workspace",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "COLUMNS": "120",
    # MLflow copies compiled code along, with the time of its source in it.
    "PYTHONDONTWRITEBYTECODE": "1",
}
OWN_FILES = {
    "visits.csv": "code,bezocht_op,gevonden,gedaan,door\nWK098343,{day},achteruitgang,,wijkteam\n"
    "WK098316,{day},onduidelijk,,corporatie\n",
    "survey.csv": "code,respondents,saw_decline_number,saw_progress_number\n"
    "WK098343,61,9,24\nWK098316,118,12,41\n",
}
PAGES = {".html", ".svg", ".pdf", ".png"}
#: Names that MLflow draws at random, by table: files and values are compared by their order.
IDS = {"runs": "run_uuid", "logged_models": "model_id", "datasets": "dataset_uuid", "inputs": "input_uuid"}
ABSENT = "(absent)"
ALIKE = """Expected, and made equal beforehand:
- commit in the version of the code: git is led astray, so that both report the number of the version only
- paths of workspace and code: both run in a folder of the same name, with the code behind a link
- dates: both must run on the same day"""


@dataclass(frozen=True)
class Expected:
    """A part of a value that may differ, in files and at positions that match, and why."""

    files: str
    where: str
    part: str
    reason: str


CLOCK, CODE = "it says when the program ran", "MLflow stores code of the package, its path and its size"
SIZE = "the database of MLflow, with random ids, and its pictures, with random jitter, have no fixed size"
EXPECTED = (
    Expected(r"workspace/mlflow\.db", r".*(_time|timestamp|timestamp_ms)", r"\d+", CLOCK),
    Expected(r"workspace/mlflow\.db", r"model_version_tags value", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", CLOCK),
    Expected(r"shown/\d+-status\..*", r"line|steps\[\]\.told", r"\d\d-\d\d-\d{4} \d\d:\d\d", CLOCK),
    Expected(r"shown/\d+-check\.json", r"bytes", r"\d+", SIZE),
    Expected(r".*/MLmodel", r"line", r"utc_time_created: .*", CLOCK),
    Expected(r".*/MLmodel", r"line", r"model_(size_bytes|code_path): .*", CODE),
    Expected(r".*/mlartifacts/.*/pyfunc\.py", r"line", r".*", CODE),
    Expected(r"workspace/manifest\.json", r"seal", r"[0-9a-f]{64}", "checksum of the manifest, which is compared"),
)
Facts = dict[str, list[str]]


@dataclass(frozen=True)
class Step:
    """A command, the exit code that it must have, and the form of what it prints."""

    words: tuple[str, ...]
    code: int
    form: str


@dataclass(frozen=True)
class Made:
    """Files of a folder and their checksums, both by name, and what ids are called."""

    paths: dict[str, Path]
    sums: dict[str, str]
    ids: dict[str, str]

    def with_sum(self, value: str) -> set[str]:
        """Names of the files that a value is the checksum of."""
        asked = re.fullmatch(r"['\"]([0-9a-f]{64})['\"]", value)
        return {name for name, each in self.sums.items() if asked and each == asked[1]}


@dataclass(frozen=True)
class Difference:
    """The first of some values that differ at one place of a file; with a reason where that is expected."""

    file: str
    where: str
    before: str
    after: str
    count: int
    reason: str | None

    def __str__(self) -> str:
        more = f" (and {self.count - 1:,} more)" if self.count > 1 else ""
        pairs = enumerate(zip(self.before, self.after, strict=False))
        start = max(0, next((at for at, (one, other) in pairs if one != other), 0) - 40)
        before, after = (text[start : start + 100] for text in (self.before, self.after))
        return f"{self.file}: {self.where}: before {before}, after {after}{more}"


def step_of(line: str) -> Step:
    mark, _, command = line.rpartition(": ")
    code = int(mark.removeprefix("exit ")) if mark.startswith("exit ") else 0
    return Step(tuple(shlex.split(command)), code, "txt" if mark == "text" else "json")


def filled_in(word: str, folder: Path) -> list[str]:
    """A word of a command with the files that its pattern stands for."""
    pattern = word.removeprefix("new:")
    found = sorted(folder.glob(pattern)) if "*" in word and "=" not in word else []
    if found and pattern != word:
        return [max(found, key=lambda path: path.stat().st_mtime).stem]
    return [path.relative_to(folder).as_posix() for path in found] or [word]


def environment(work: Path) -> dict[str, str]:
    ours = ("RISKMODEL_", "MLFLOW_", "GIT_", "PYTHON")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    paths = {"PYTHONPATH": str(work / "code"), "GIT_DIR": str(work / "no-repository")}
    return {**inherited, **paths, **SETTINGS}


def run(step: Step, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run one step and keep what it prints."""
    words = [each for word in step.words for each in filled_in(word, folder)]
    program = ["python", "-c", REGISTERED] if words == ["python"] else ["riskmodel", *words]
    program += ["--json"] * (step.form == "json")
    whole = [str(folder.parent / "code" / ".venv" / "bin" / program[0]), *program[1:]]
    done = subprocess.run(whole, cwd=folder, env=environment(folder.parent), capture_output=True, check=False)
    shown = folder / "shown"
    shown.mkdir(exist_ok=True)
    name = f"{len(list(shown.glob('*.err'))) + 1:02}-{step.words[0]}"
    (shown / f"{name}.{step.form}").write_bytes(done.stdout)
    (shown / f"{name}.err").write_bytes(b"exit code %d\n%s" % (done.returncode, done.stderr))
    return done


def prepare(folder: Path, checkout: Path, data: Path) -> None:
    folder.mkdir()
    (folder / "data").symlink_to(data)
    for name in ("models", "experiments"):
        shutil.copytree(checkout / name, folder / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for name, text in OWN_FILES.items():
        (folder / name).write_text(text.format(day=f"{datetime.now(tz=UTC):%Y-%m-%d}"), encoding="utf-8")


def use_code(work: Path, checkout: Path) -> None:
    """Lead the work folder to the code of a checkout, and see that it is this code that runs."""
    code = work / "code"
    code.unlink(missing_ok=True)
    code.symlink_to(checkout)
    asked = [str(code / ".venv" / "bin" / "python"), "-c", "import riskmodel.cli; print(riskmodel.__file__)"]
    answer = subprocess.run(asked, cwd=work, env=environment(work), capture_output=True, check=False, text=True)
    if not answer.stdout.startswith(str(code)):
        raise SystemExit(f"{checkout}: another code than its own is run: {answer.stdout}{answer.stderr}")


def run_all(commands: str, folder: Path, checkout: Path, must_work: bool, progress: Progress) -> None:
    use_code(folder.parent, checkout)
    lines = commands.strip().splitlines()
    task = progress.add_task("", total=len(lines))
    for step in map(step_of, lines):
        progress.update(task, description=f"{checkout}: {step.words[0]}")
        done = run(step, folder)
        if must_work and done.returncode != step.code:
            message = done.stderr.decode(errors="replace")[-2000:]
            raise SystemExit(f"{checkout}: {shlex.join(step.words)}: exit code {done.returncode}\n{message}")
        progress.advance(task)


def make(before: Path, after: Path, data: Path, work: Path, progress: Progress) -> None:
    """Run everything, always in the same folder, and leave four folders in the work folder."""
    place = work / "run"
    use_code(work, after)  # before anything else takes its time
    for name, checkout in (("before", before), ("after", after)):
        prepare(place, checkout, data)
        run_all(CHAIN, place, checkout, name == "before", progress)
        place.rename(work / name)
    for name, checkout in (("before-goes-on", before), ("after-goes-on", after)):
        shutil.copytree(work / "before", place, symlinks=True)
        run_all(GOES_ON, place, checkout, name == "before-goes-on", progress)
        place.rename(work / name)


def made_in(folder: Path) -> Made:
    ids: dict[str, str] = {}
    for path in folder.glob("*/mlflow.db"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            for table, column in IDS.items():
                rows = connection.execute(f"SELECT {column} FROM {table} ORDER BY rowid")
                ids |= {row[0].removeprefix("m-"): f"({table} {n})" for n, row in enumerate(rows, 1)}
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    paths = {renamed(path.relative_to(folder).as_posix(), ids): path for path in files}
    sums = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}
    return Made(paths, sums, ids)


def renamed(text: str, ids: dict[str, str]) -> str:
    return re.sub(r"[0-9a-f]{32}", lambda match: ids.get(match[0], match[0]), text)


def flat(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Every value in parsed JSON with the path of its key."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from flat(each, f"{where}.{key}" if where else key)
    elif isinstance(value, list) and value:
        for each in value:
            yield from flat(each, f"{where}[]")
    else:
        yield where, json.dumps(value, ensure_ascii=False)


def database(path: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (table,) in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"')
            columns = [each[0] for each in rows.description]
            yield table, f"columns {columns}"
            for row in rows:
                yield from ((f"{table} {name}", repr(value)) for name, value in zip(columns, row, strict=True))


def workbook(path: Path) -> Iterator[tuple[str, str]]:
    for sheet in openpyxl.load_workbook(path).worksheets:
        yield "sheets", sheet.title
        for number, column in enumerate(sheet.iter_cols(values_only=True), 1):
            yield from ((f"{sheet.title} column {number}", repr(value)) for value in column)


def values(path: Path) -> Iterator[tuple[str, str]]:
    """Every value in a file with where it stands."""
    if path.suffix == ".xlsx":
        return workbook(path)
    if path.suffix in (".db", ".gpkg"):
        return database(path)
    text = path.read_bytes().decode(errors="backslashreplace")
    with suppress(ValueError):  # a command that failed printed no JSON
        if path.suffix in (".json", ".geojson"):
            return flat(json.loads(text))
    return (("line", line) for line in text.split("\n"))


def facts(path: Path, ids: dict[str, str]) -> Facts:
    found: Facts = defaultdict(list)
    for where, value in values(path):
        found[renamed(where, ids)].append(renamed(value, ids))
    return found


def bits(column: Any) -> Any:
    """A column with its floats as whole numbers of the same bits."""
    whole = column.combine_chunks()
    plain = whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole
    return plain.view(f"int{plain.type.bit_width}") if pa.types.is_floating(plain.type) else plain


def table_facts(before: Path, after: Path) -> tuple[Facts, Facts]:
    """Types and metadata of two Parquet files, and the values of columns whose bits differ."""
    tables = [pq.ParquetFile(path).read() for path in (before, after)]
    found: tuple[Facts, Facts] = ({}, {})
    for path, table, facts in zip((before, after), tables, found, strict=True):
        facts |= {"columns": table.column_names, "rows": [f"{table.num_rows}"]}
        facts |= {f"type of {field.name}": [f"{field.type}"] for field in table.schema}
        for key, text in (pq.read_metadata(path).metadata or {}).items():
            if key != b"ARROW:schema":  # types and the rest of the metadata, once more
                for where, value in flat(json.loads(text), f"metadata {key.decode()}"):
                    facts.setdefault(where, []).append(value)
    for name in set(tables[0].column_names) & set(tables[1].column_names):
        columns = [bits(table[name]) for table in tables]
        if not columns[0].equals(columns[1]):
            for table, column, facts in zip(tables, columns, found, strict=True):
                pairs = zip(table[name].to_pylist(), column.to_pylist(), strict=True)
                facts[name] = [f"{one!r} ({bit})" if isinstance(one, float) else repr(one) for one, bit in pairs]
    return found


def reason_of(file: str, where: str, values: tuple[str, str], made: tuple[Made, Made]) -> str | None:
    """Why these values may differ."""
    if made[0].with_sum(values[0]) & made[1].with_sum(values[1]):
        return "checksum of a file that is compared itself"
    for each in EXPECTED:
        if re.fullmatch(each.files, file) and re.fullmatch(each.where, where):
            rest = {re.sub(each.part, "", "" if value == ABSENT else value) for value in values}
            if len(rest) == 1:
                return each.reason
    return None


def differences_of(file: str, made: tuple[Made, Made]) -> list[Difference]:
    """What differs in a file that both made, one for each place and reason."""
    paths = made[0].paths[file], made[1].paths[file]
    if file.endswith(".parquet"):
        before, after = table_facts(*paths)
    else:
        before, after = (facts(path, each.ids) for path, each in zip(paths, made, strict=True))
    found: dict[tuple[str, str | None], list[tuple[str, str]]] = defaultdict(list)
    for where in sorted(before.keys() | after.keys()):
        for pair in zip_longest(before.get(where, []), after.get(where, []), fillvalue=ABSENT):
            if pair[0] != pair[1]:
                found[where, reason_of(file, where, pair, made)].append(pair)
    return [Difference(file, where, *pairs[0], len(pairs), why) for (where, why), pairs in found.items()]


def compare(title: str, folders: tuple[Path, Path]) -> int:
    """Print how two folders differ; the number of differences that are not expected."""
    before, after = made_in(folders[0]), made_in(folders[1])
    both = sorted(before.paths.keys() & after.paths.keys())
    other = [name for name in both if before.sums[name] != after.sums[name]]
    pages = [name for name in both if Path(name).suffix in PAGES]
    other_pages = [name for name in other if Path(name).suffix in PAGES]
    found = [each for name in other if name not in other_pages for each in differences_of(name, (before, after))]
    gone, new = sorted(before.paths.keys() - after.paths), sorted(after.paths.keys() - before.paths)
    only = [Difference(name, "file", "there", ABSENT, 1, None) for name in gone]
    only += [Difference(name, "file", ABSENT, "there", 1, None) for name in new]
    failed = [each for each in found if each.reason is None] + only
    print(f"\n{title}: {len(both):,} files in both, {len(both) - len(other):,} equal to the byte")
    if changed := {name for name, code in before.ids.items() if after.ids.get(name) != code}:
        print(
            f"expected: {len(changed):,} ids of MLflow, compared by their order, because it draws them at random"
        )
    for each in found:
        if each.reason is not None:
            print(f"expected: {each}, because {each.reason}")
    same = [name for name in other if name not in other_pages and name not in {each.file for each in found}]
    print(f"equal in content, in other bytes: {len(same)}{''.join(f', {name}' for name in same)}")
    print(f"pages and pictures: {len(pages) - len(other_pages)} equal, {len(other_pages)} different (no failure, "
          f"their words may change){''.join(f', {name}' for name in other_pages)}")  # fmt: skip
    for each in failed:
        print(f"DIFFERENT: {each}")
    return len(failed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="checkout with a .venv of its own")
    parser.add_argument("after", type=Path, help="the other")
    parser.add_argument("--data", type=Path, required=True, help="folder with the official files")
    parser.add_argument("--work", type=Path, help="new folder to work in, which stays; by default one that goes")
    asked = parser.parse_args()
    work = Path(tempfile.mkdtemp()) if asked.work is None else asked.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if any(work.iterdir()):
        raise SystemExit(f"{work} is not empty")
    day, console = datetime.now(tz=UTC).date(), Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        make(asked.before.resolve(), asked.after.resolve(), asked.data.resolve(), work, progress)
    if datetime.now(tz=UTC).date() != day:
        raise SystemExit("another day began meanwhile, which stands in what was made: run it again")
    print(ALIKE)
    failed = compare("AFTER beside BEFORE", (work / "before", work / "after"))
    failed += compare("AFTER in the workspace of BEFORE", (work / "before-goes-on", work / "after-goes-on"))
    if asked.work is None and not failed:
        shutil.rmtree(work)
    print(f"\n{failed} differences not expected: {work}" if failed else "\nNothing differs that should not.")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
