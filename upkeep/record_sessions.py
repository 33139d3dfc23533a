"""Record sessions on a terminal for the docs, and the keys of what ``--json`` prints.

Real commands on the invented country. Run by ``make sessions``; takes some minutes. Writes ``docs/sessions/*.svg``
and ``docs/sessions/json.md``.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

SESSIONS = Path(__file__).parents[1] / "docs" / "sessions"
PROGRAM = Path(sys.executable).parent / "riskmodel"
WIDTH = 120
TOWN = "'Wolderdam (voorbeeld)'"
PLACE = "--workspace demo/workspace"
#: Lines of an answer that are shown; what is left out is said.
LONGEST = 26


@dataclass(frozen=True)
class Session:
    """Some commands under one title, the lines of the answer to each that are shown, and how wide they are."""

    title: str
    commands: tuple[str, ...]
    lines: int = LONGEST
    width: int = WIDTH


STORIES = {
    "start": Session("Where to begin", ("riskmodel", "riskmodel demo", f"riskmodel status {PLACE}")),
    "commands": Session("All commands, in the order of use", ("riskmodel --help",), 80),
    "look": Session(
        "What is there", (f"riskmodel check {PLACE}", f"riskmodel current {PLACE} --municipality {TOWN}"), 14
    ),
    "list": Session(
        "A list, and what visits say of it",
        (
            f"riskmodel risk-list {PLACE} --municipality {TOWN} --capacity 10 --out lists/wolderdam",
            f"riskmodel outcomes ingest {PLACE} visits.csv",
            f"riskmodel outcomes evaluate {PLACE}",
        ),
    ),
    "judge": Session(
        "Hold models against each other, and try to promote one",
        (
            f"riskmodel compare {PLACE} decline-2y decline-2y:structural --cohort 500+",
            f"riskmodel promote {PLACE} decline-2y",
        ),
        12,
        140,
    ),
    "mistakes": Session(
        "Mistakes that say what to do",
        (
            "riskmodel forecast --workspace elsewhere",
            f"riskmodel current {PLACE} --municipality Wolderdm",
            "riskmodel train decline-3y",
            "riskmodel ingest leefbaarometer scores wijken.csv",
        ),
    ),
}
#: Commands whose keys are told, by what they are called on the page. What stands in braces is known by then.
AS_JSON = {
    "status": f"riskmodel status {PLACE}",
    "example": "riskmodel example more --areas 60",
    "demo": "riskmodel demo small --areas 150",
    "download": "riskmodel download boundaries --years 2022 --cache downloads",
    "ingest, from any source": "riskmodel ingest kwb more/voorbeeld_wijk_2022.csv --workspace other",
    "ingest crosswalk": "riskmodel ingest crosswalk links.csv --workspace other",
    "ingest boundaries": "riskmodel ingest boundaries more/voorbeeld_wijk_2022.geojson --workspace other",
    "ingest local --draft-mapping": "riskmodel ingest local survey.csv --draft-mapping draft.toml",
    "check": f"riskmodel check {PLACE}",
    "check --deep": f"riskmodel check {PLACE} --deep",
    "indicators": "riskmodel indicators inwoners aantal",
    "current": f"riskmodel current {PLACE} --municipality {TOWN}",
    "monitor": f"riskmodel monitor {PLACE} --municipality {TOWN} --out monitor/wolderdam",
    "national": f"riskmodel national {PLACE} --out monitor/nederland",
    "statement": f"riskmodel statement {PLACE}",
    "verify": "riskmodel verify 'demo/files/Voorbeeld Leefbaarometer-scores wijken 2002-2020.csv'",
    "survey": f"riskmodel survey {PLACE} survey.csv --answers number --from 2016 --to 2020",
    "backtest": f"riskmodel backtest {PLACE} decline-2y --origins 2018",
    "train": f"riskmodel train {PLACE} decline-2y",
    "forecast": f"riskmodel forecast {PLACE}",
    "compare": f"riskmodel compare {PLACE} decline-2y decline-2y:structural",
    "promote": f"riskmodel promote {PLACE} decline-2y",
    "risk-list": f"riskmodel risk-list {PLACE} --municipality {TOWN} --capacity 10 --out lists/wolderdam",
    "score": "riskmodel score demo/workspace --model decline-2y --output scores",
    "what-if": f"riskmodel what-if {PLACE} --change 'onv=+0.01' --municipality {TOWN}",
    "outcomes ingest": f"riskmodel outcomes ingest {PLACE} visits.csv",
    "outcomes show": f"riskmodel outcomes show {PLACE}",
    "outcomes evaluate": f"riskmodel outcomes evaluate {PLACE}",
    "token create": f"riskmodel token create {PLACE} --label dashboard",
    "token list": f"riskmodel token list {PLACE}",
    "token revoke": f"riskmodel token revoke {PLACE} {{token}}",
    "audit": f"riskmodel audit {PLACE} decline-2y",
    "register-entry": f"riskmodel register-entry {PLACE} --out register.json",
    "describe": f"riskmodel describe {PLACE} {{release}}",
    "reproduce": f"riskmodel reproduce {PLACE} decline-2y",
    "adopt": f"riskmodel adopt {PLACE}",
}
#: What later commands need to know from the result of an earlier one.
LEARNED: dict[str, tuple[str, Callable[[Any], str]]] = {
    "train": ("release", lambda result: result[0]["folder"]),
    "token create": ("token", lambda result: result["id"]),
}
#: What visits find, in turn.
FOUND = ("achteruitgang", "geen achteruitgang", "achteruitgang", "onduidelijk")
#: Below these, names depend on the data.
NAMED = ("forms", "metrics", "reasons", "orderings")
SINCE = re.compile(r"change_since_\d{4}")


def main() -> None:
    """Record every session in a folder of its own, which goes away."""
    SESSIONS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known: dict[str, str] = {}
        told: dict[str, list[str]] = {}
        for session_name, session in STORIES.items():
            (SESSIONS / f"{session_name}.svg").write_text(recorded(session, folder), encoding="utf-8")
            # The first makes a list, whose areas are visited in the others.
            write_inputs(folder)
        for title, command in AS_JSON.items():
            result = result_of(command.format(**known), folder)
            told[title] = sorted(set(paths(result)))
            if title in LEARNED:
                what, learn = LEARNED[title]
                known[what] = learn(result)
    (SESSIONS / "json.md").write_text(json_page(told), encoding="utf-8")


def write_inputs(folder: Path) -> None:
    """Small files that some commands read; what was downloaded is in the cache, so that nothing is fetched."""
    day = datetime.date.today()
    areas = json.loads(next((folder / "demo/workspace/lists").glob("[!.]*.json")).read_text(encoding="utf-8"))[
        "areas"
    ]
    chosen = [area["location"] for area in areas if area["part"] in ("top", "drawn")]
    found = [FOUND[n % len(FOUND)] for n in range(len(chosen))]
    texts = {
        "links.csv": "level,year_from,year_to,code_from,code_to,addresses\nwijk,2016,2022,900100,900101,10\n",
        "survey.csv": "code,respondents,saw_decline,saw_progress\nWK900100,100,10,60\nWK900101,50,25,5\n",
        "visits.csv": "code,bezocht_op,gevonden,gedaan,door\n"
        + "".join(f"{area},{day},{word},,gemeente\n" for area, word in zip(chosen, found, strict=True)),
        "downloads/boundaries/boundaries_2022.gpkg": "SQLite format 3",
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    about = {"sha256": hashlib.sha256(text.encode()).hexdigest()}
    path.with_name(f"{path.name}.json").write_text(json.dumps(about), encoding="utf-8")


def recorded(session: Session, folder: Path) -> str:
    """A session as an SVG."""
    console = Console(
        record=True, width=session.width, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for command in session.commands:
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        lines = answer(command, folder)
        for line in lines[: session.lines]:
            console.print(Text(line), no_wrap=is_table(line), overflow="ellipsis", crop=True)
        if len(lines) > session.lines:
            console.print(Text(f"... {len(lines) - session.lines} lines more", style="italic bright_black"))
        console.print()
    # A fixed id keeps a recording the same as long as its text is.
    drawn = console.export_svg(title=session.title, unique_id=f"session-{session.title.split()[0].lower()}")
    # Letters come from the reader's own machine: nothing is fetched from elsewhere.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


def is_table(line: str) -> bool:
    """Whether a line is a row of a table; others are sentences, and may be folded."""
    return "|" in line or "  " in line.strip()


def answer(command: str, folder: Path) -> list[str]:
    """What a command says, on both streams."""
    done = run(command, folder)
    return (done.stdout + done.stderr).rstrip().splitlines()


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("RISKMODEL")}
    kept["COLUMNS"] = str(WIDTH)
    words = [str(PROGRAM), *shlex.split(command)[1:]]
    return subprocess.run(words, cwd=folder, env=kept, capture_output=True, text=True, check=False)


def result_of(command: str, folder: Path) -> Any:
    """What a command prints as JSON; some end with 1 because of what they found."""
    done = run(f"{command} --json", folder)
    print(command, done.returncode, flush=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def paths(value: Any, before: str = "") -> list[str]:
    """Every key with what leads to it; ``[]`` stands for each of a list, ``*`` for names that differ by data."""
    if isinstance(value, list):
        return [path for each in value for path in paths(each, f"{before}[]")] or [f"{before}[]".lstrip(".")]
    if isinstance(value, dict):
        named = before.rpartition(".")[2] in NAMED or before == ".files"
        keys = {key: "*" if named else SINCE.sub("change_since_*", key) for key in value}
        each = [paths(below, f"{before}.{keys[key]}") for key, below in value.items()]
        return [path for group in each for path in group] or [f"{before}.*".lstrip(".")]
    return [before.lstrip(".") or "(itself)"]


def grouped(keys: list[str]) -> list[str]:
    """Keys as items of a list, those under the same one together."""
    under: dict[str, list[str]] = {}
    for key in keys:
        parent, _, name = key.rpartition(".")
        under.setdefault(parent, []).append(f"`{name}`")
    return [
        f"- `{parent}`: {', '.join(names)}" if parent else f"- {', '.join(names)}"
        for parent, names in sorted(under.items())
    ]


def json_page(told: dict[str, list[str]]) -> str:
    """The page with the keys of every command."""
    lines = [
        "# Results as JSON",
        "",
        "With `--json` a command prints its result as JSON on the standard output, under keys that stay; remarks "
        "and errors go to the other stream, and exit codes are the same. Days and paths are text, what is not "
        "known is `null`. `[]` stands for each of a list, `*` for names that depend on the data. Every command "
        "has it but `serve`, which runs until it is stopped.",
        "",
        "Made by `make sessions` from what the commands print on the invented country.",
    ]
    for command, keys in told.items():
        lines += ["", f"## riskmodel {command}", "", *grouped(keys)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
