"""Output of commands: a progress bar on a terminal, remarks, and a result as text or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskmodel.cli.plain import plain

if TYPE_CHECKING:
    from rich.console import Console

    Progress = Callable[[str, int, int], None]

#: Groups of commands in the help, in the order in which they are used.
BEGIN, READ, PRESENT = "Begin", "Read and look", "The present"
FUTURE, USE, ACCOUNT = "The future", "Lists, scores and service", "Account for it"
PANELS = (BEGIN, READ, PRESENT, FUTURE, USE, ACCOUNT)

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON, under keys that stay, in place of text.")
]
#: Settings of all commands.
_settings = {"quiet": False}


def set_quiet(quiet: bool) -> None:
    """Show no bars and no remarks from now on, or show them again."""
    _settings["quiet"] = quiet


def show(as_json: bool, result: Callable[[], Any], text: Callable[[], str]) -> None:
    """Print a result as JSON or as text; only that one is made."""
    if not as_json:
        typer.echo(text())
        return
    typer.echo(json.dumps(plain(result()), indent=2, ensure_ascii=False, allow_nan=False))


def remark(text: str) -> None:
    """Print a remark beside the result, on the error stream, unless commands are quiet."""
    if not _settings["quiet"]:
        typer.echo(text, err=True)


@contextmanager
def working(what: str, unit: str = "") -> Iterator[Progress]:
    """Show a progress bar on a terminal, nothing elsewhere."""
    if _settings["quiet"] or not sys.stderr.isatty():
        yield lambda what, step, steps: None
        return
    from rich.console import Console

    with bar_on(Console(stderr=True), what, unit) as progress:
        yield progress


@contextmanager
def bar_on(console: Console, what: str, unit: str = "") -> Iterator[Progress]:
    """Show the bar of :func:`working` on a console."""
    from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            done = f"{task.completed:,.0f} of {task.total:,.0f} {unit}" if unit and task.total else ""
            return Text(f"{done}, {task.speed:,.0f} a second" if done and task.speed else done)

    columns = (TextColumn("{task.description}"), BarColumn(), Rate(), TimeElapsedColumn())
    with Bar(*columns, TextColumn("left"), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda what, step, steps: bar.update(task, description=what, completed=step, total=steps or None)
