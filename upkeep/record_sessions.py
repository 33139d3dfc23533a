"""Record sessions on a terminal for the docs, and the keys of what ``--json`` prints.

Real commands on the invented country. Run by ``make sessions``; takes some minutes. Writes ``docs/sessions/*.svg``
and ``docs/sessions/json.md``.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

SESSIONS = Path(__file__).parents[1] / "docs" / "sessions"
PROGRAM = Path(sys.executable).parent / "riskmodel"
WIDTH = 108
TOWN = "'Wolderdam (voorbeeld)'"
PLACE = "--workspace demo/workspace"
#: Lines of an answer that are shown; what is left out is said.
LONGEST = 26


@dataclass(frozen=True)
class Session:
    """Some commands under one title, and the lines of the answer to each that are shown."""

    title: str
    commands: tuple[str, ...]
    lines: int = LONGEST


STORIES = {
    "start": Session("Where to begin", ("riskmodel", "riskmodel demo", f"riskmodel status {PLACE}")),
    "look": Session(
        "What is there", (f"riskmodel check {PLACE}", f"riskmodel current {PLACE} --municipality {TOWN}"), 14
    ),
    "list": Session(
        "A list, and where it stands",
        (
            f"riskmodel risk-list {PLACE} --municipality {TOWN} --capacity 10 --out lists/wolderdam",
            f"riskmodel status {PLACE}",
        ),
    ),
    "judge": Session(
        "Hold models against each other, and try to promote one",
        (
            f"riskmodel compare {PLACE} decline-2y decline-2y:structural",
            f"riskmodel promote {PLACE} decline-2y",
        ),
        22,
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
#: Commands whose keys are told.
AS_JSON = (
    f"riskmodel status {PLACE}",
    f"riskmodel check {PLACE}",
    f"riskmodel current {PLACE} --municipality {TOWN}",
    "riskmodel indicators inwoners aantal",
    f"riskmodel forecast {PLACE}",
    f"riskmodel risk-list {PLACE} --municipality {TOWN} --capacity 10 --out lists/wolderdam",
    f"riskmodel compare {PLACE} decline-2y decline-2y:structural",
    f"riskmodel promote {PLACE} decline-2y",
    f"riskmodel monitor {PLACE} --municipality {TOWN} --out monitor/wolderdam",
    "riskmodel score demo/workspace --model decline-2y --output scores",
    f"riskmodel train {PLACE} decline-2y",
    f"riskmodel backtest {PLACE} decline-2y --origins 2018",
)


def main() -> None:
    """Record every session in a folder of its own, which goes away."""
    SESSIONS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, session in STORIES.items():
            (SESSIONS / f"{name}.svg").write_text(recorded(session, Path(folder)), encoding="utf-8")
        told = [keys_of(command, Path(folder)) for command in AS_JSON]
    (SESSIONS / "json.md").write_text(json_page(told), encoding="utf-8")


def recorded(session: Session, folder: Path) -> str:
    """A session as an SVG."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for command in session.commands:
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        lines = answer(command, folder)
        for line in lines[: session.lines]:
            console.print(Text(line), no_wrap=not line.startswith("riskmodel: "), overflow="ellipsis", crop=True)
        if len(lines) > session.lines:
            console.print(Text(f"... {len(lines) - session.lines} lines more", style="italic bright_black"))
        console.print()
    # A fixed id keeps a recording the same as long as its text is.
    drawn = console.export_svg(title=session.title, unique_id=f"session-{session.title.split()[0].lower()}")
    # Letters come from the reader's own machine: nothing is fetched from elsewhere.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


def answer(command: str, folder: Path) -> list[str]:
    """What a command says, on both streams."""
    done = run(command, folder)
    return (done.stdout + done.stderr).rstrip().splitlines()


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("RISKMODEL")}
    words = [str(PROGRAM), *shlex.split(command)[1:]]
    return subprocess.run(words, cwd=folder, env=kept, capture_output=True, text=True, check=False)


def keys_of(command: str, folder: Path) -> tuple[str, list[str]]:
    """A command and the keys of its result."""
    done = run(f"{command} --json", folder)
    print(command, done.returncode, flush=True)
    return command.split()[1], sorted(set(paths(json.loads(done.stdout))))


def paths(value: Any, before: str = "") -> list[str]:
    """Every key with what leads to it; ``[]`` stands for each of a list, ``*`` for names that differ by data."""
    if isinstance(value, list):
        return [path for each in value for path in paths(each, f"{before}[]")]
    if isinstance(value, dict):
        named = before.rpartition(".")[2] in ("forms", "metrics", "reasons") or before == ".files"
        each = [paths(below, f"{before}.*" if named else f"{before}.{key}") for key, below in value.items()]
        return [path for group in each for path in group]
    return [before.lstrip(".") or "(itself)"]


def json_page(told: list[tuple[str, list[str]]]) -> str:
    """The page with the keys of every command."""
    lines = [
        "# Results as JSON",
        "",
        "With `--json` a command prints its result as JSON on the standard output, under keys that stay; remarks "
        "and errors go to the other stream, and exit codes are the same. Days and paths are text, what is not "
        "known is `null`. `[]` stands for each of a list, `*` for names that depend on the data.",
        "",
        "Made by `make sessions` from what the commands print on the invented country.",
    ]
    for command, keys in told:
        lines += ["", f"## {command}", "", *(f"- `{key}`" for key in keys)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
