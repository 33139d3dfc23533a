"""The ``riskmodel`` program for the pages of the docs: one process that takes one command after the other.

Starting Python and importing libraries is most of what a short command costs. A line that only calls the program
is therefore answered by a process that stays; everything else on a page goes to a shell, which starts the program
itself.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import shlex
import sys
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

#: Characters that a shell interprets.
_FOR_THE_SHELL = frozenset("$`\\*?~!")
_PUNCTUATION = frozenset("();<>|&")


def plain_words(line: str) -> list[str] | None:
    """Words of a line that calls the program and nothing else; None for any other line.

    Examples
    --------
    >>> plain_words("riskmodel current --municipality 'Wolderdam (voorbeeld)'")
    ['riskmodel', 'current', '--municipality', 'Wolderdam (voorbeeld)']
    >>> plain_words("riskmodel check --json > found.json") is None
    True
    """
    if not line.startswith("riskmodel") or _FOR_THE_SHELL & set(line):
        return None
    reader = shlex.shlex(line, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    try:
        words = list(reader)
    except ValueError:  # a quote that ends on another line
        return None
    return words if words[0] == "riskmodel" and not any(set(word) <= _PUNCTUATION for word in words) else None


def steps(text: str) -> list[list[str] | str]:
    r"""What a block of commands does, in order: words of plain commands at its ends, a script between them.

    In the middle nothing is taken apart: a line may belong to a text for another command.

    Examples
    --------
    >>> steps("riskmodel check\ntouch a\nriskmodel forecast")
    [['riskmodel', 'check'], 'touch a', ['riskmodel', 'forecast']]
    """
    lines = text.splitlines()
    words = [plain_words(line) for line in lines]
    first = next((n for n, each in enumerate(words) if each is None), len(lines))
    last = next((n for n in range(len(lines), first, -1) if words[n - 1] is None), first)
    script = "\n".join(lines[first:last])
    found = [*words[:first], *([script] if script.strip() else []), *words[last:]]
    return [each for each in found if each is not None]


class Program:
    """The program in a process that stays, begun anew where a page changed the package.

    Parameters
    ----------
    folder : Path
        Where commands run; a copy of the package in it is the one that is called.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._package: dict[Path, int] = {}
        self._process: ProcessPoolExecutor | None = None

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *error: object) -> None:
        self._end()

    def call(self, words: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
        """Run one command.

        Returns
        -------
        int
            Exit code.
        str
            What it printed, on both streams.
        """
        copied = self._folder / "riskmodel"
        package = {path: path.stat().st_mtime_ns for path in copied.rglob("*") if path.suffix in (".py", ".toml")}
        if self._process is None or package != self._package:
            self._end()
            self._package = package
            # Not forked: the process must not have imported the package that a page changes.
            self._process = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        return self._process.submit(_answer, list(words), self._folder, dict(environment)).result(timeout=900)

    def _end(self) -> None:
        if self._process is not None:
            self._process.shutdown()


def _answer(words: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """In the process that stays: one command, as the installed program would run it."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    if (folder / "riskmodel").exists() and sys.path[0] != str(folder):
        sys.path.insert(0, str(folder))
    from riskmodel.cli import main

    sys.argv = list(words)
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException:
            traceback.print_exc()
            code = 1
        else:
            code = 0
    return code, output.getvalue()
