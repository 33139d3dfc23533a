"""Commands, code and files on the pages of the docs, and how they are run in order.

A comment before a block says what it is:

``<!-- run -->``               shell or Python that is executed; ``<!-- run: exit 2, why -->`` where it should fail
``<!-- file: NAME -->``        the block is a file of that name
``<!-- patch -->``             a diff to files of the package
``<!-- not run: REASON -->``   commands that cannot run on the invented example

A page may say above its title which page it ``follows`` (it then goes on in the folder that page left) and that it
changes files of the package (``package: copy``).
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docs_program import Program, steps

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
#: What a block of shell commands begins some line with.
COMMANDS = {
    "riskmodel", "rm-run", "make", "mlflow", "python", "python3", "pip", "podman", "systemctl",
    "export", "source", "useradd", "tar", "git", "spark-submit", "curl",
}  # fmt: skip
SHELL = ("", "sh", "bash", "console")
_COMMENT = re.compile(r"\s*<!-- (run|file|patch|not run)(?:: (.*?))? -->\s*")
_FENCE = re.compile(r"(\s*)(```+|~~~+)\s*([\w-]*).*")
_SPAN = re.compile(r"`(riskmodel [^`]+)`")


@dataclass(frozen=True)
class Block:
    """A block of code on a page.

    Attributes
    ----------
    page : Path
        The page.
    line : int
        Line of its first line of code.
    language, text : str
        As on the page.
    mark, about : str
        What the comment before it says: ``run``, ``file``, ``patch``, ``not run`` or nothing, and the rest of it.
    """

    page: Path
    line: int
    language: str
    text: str
    mark: str
    about: str

    @property
    def location(self) -> str:
        """Page and line."""
        return f"{self.page.relative_to(ROOT)}, line {self.line}"

    @property
    def is_shell(self) -> bool:
        """Whether it holds commands."""
        firsts = {line.split()[0] for line in self.text.splitlines() if line.split()}
        return self.language in SHELL and bool(firsts & COMMANDS)

    @property
    def exits(self) -> tuple[int, ...]:
        """Exit codes with which it may end."""
        found = re.match(r"exit ([\d or]+)", self.about)
        return tuple(int(code) for code in re.findall(r"\d+", found[1])) if found else (0,)


def pages() -> list[Path]:
    """All pages, the README first."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


def meta(page: Path) -> dict[str, str]:
    """What a page says of itself above its title."""
    text = page.read_text(encoding="utf-8")
    head = text.split("\n---", 1)[0] if text.startswith("---\n") else ""
    return dict(re.findall(r"^(\w+): (.*)$", head, flags=re.MULTILINE))


def blocks(page: Path) -> list[Block]:
    """Fenced and indented blocks of a page."""
    lines = page.read_text(encoding="utf-8").splitlines()
    found: list[Block] = []
    mark, about, at = "", "", 0
    while at < len(lines):
        comment, fence = _COMMENT.fullmatch(lines[at]), _FENCE.fullmatch(lines[at])
        if comment:
            mark, about = comment[1], comment[2] or ""
        elif fence:
            end = next(n for n in range(at + 1, len(lines)) if lines[n].strip() == fence[2])
            text = "\n".join(line.removeprefix(fence[1]) for line in lines[at + 1 : end])
            found.append(Block(page, at + 2, fence[3], text, mark, about))
            mark, about, at = "", "", end
        elif lines[at].startswith("    ") and not _in_list(lines, at):
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            text = "\n".join(line.removeprefix("    ") for line in lines[at:end]).rstrip()
            found.append(Block(page, at + 1, "", text, mark, about))
            mark, about, at = "", "", end - 1
        elif lines[at].strip():
            mark, about = "", ""
        at += 1
    return found


def _in_list(lines: Sequence[str], at: int) -> bool:
    """Whether an indented line belongs to a list, or goes on from the line above."""
    above = [line for line in lines[:at] if line.strip()]
    outside = next((line for line in reversed(above) if not line.startswith("  ")), "")
    goes_on = bool(lines[at - 1].strip()) if at else False
    return goes_on or re.match(r"([-*+]|\d+\.) ", outside) is not None


def command_lines(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Every ``riskmodel`` command on a page, in blocks and in running text: its location and its words."""
    for block in blocks(page):
        joined = block.text.replace("\\\n", " ")
        for line in joined.splitlines():
            words = line.strip()
            if block.language in SHELL and re.match(r"(riskmodel|rm-run) ", words):
                yield block.location, _words(words)
    text = re.sub(r"^(```+|~~~+).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for span in _SPAN.findall(text):
        yield f"{page.relative_to(ROOT)}: {span}", _words(span.replace("\n", " "))


def _words(line: str) -> list[str]:
    plain = re.split(r"\s(?:[|>]|&&)\s", line)[0].replace("[", "").replace("]", "")
    return shlex.split(plain, comments=True)[1:]


def chains() -> list[list[Path]]:
    """Pages with something to run, each chain in one folder: a page, and after it all that follow it."""
    with_runs = [page for page in pages() if any(block.mark == "run" for block in blocks(page))]
    followed = {page: DOCS / meta(page)["follows"] for page in with_runs if "follows" in meta(page)}

    def onwards(page: Path) -> list[Path]:
        after = [follower for follower, first in followed.items() if first == page]
        # The Dutch pages first: they expect a workspace with one list.
        after.sort(key=lambda follower: follower.parent.name != "handleiding")
        return [page, *(each for follower in after for each in onwards(follower))]

    return [onwards(page) for page in with_runs if page not in followed]


def run_page(page: Path, folder: Path, exports: list[str], program: Program) -> None:
    """Do what stands on a page, in a folder.

    Parameters
    ----------
    page : Path
        The page.
    folder : Path
        Where; what earlier pages left is there.
    exports : list of str
        ``export`` lines of earlier blocks; those of this page are added.
    program : Program
        Answers lines that only call ``riskmodel``.

    Raises
    ------
    AssertionError
        With the location and the output of what did not end as it should.
    """
    if meta(page).get("package") == "copy" and not (folder / "riskmodel").exists():
        shutil.copytree(ROOT / "riskmodel", folder / "riskmodel")
    waiting: list[Block] = []
    for block in blocks(page):
        if block.mark == "run" and block.language == "python":
            waiting.append(block)
            continue
        if block.mark in ("run", "file", "patch"):
            _run_python(waiting, folder, exports)
            waiting = []
        if block.mark == "run":
            _run_shell(block, folder, exports, program)
        elif block.mark == "file":
            path = folder / block.about
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text + "\n", encoding="utf-8")
        elif block.mark == "patch":
            apply(block.text, folder)
    _run_python(waiting, folder, exports)


def _run_shell(block: Block, folder: Path, exports: list[str], program: Program) -> None:
    """Run a block as a shell would, up to the first command that fails."""
    code, output = 0, ""
    for step in steps(block.text):
        if isinstance(step, str):
            code, output = _run(["bash", "-euo", "pipefail", "-c", "\n".join([*exports, step])], folder)
            exports += [line for line in step.splitlines() if line.startswith("export ")]
        else:
            exported = dict(word.partition("=")[::2] for line in exports for word in shlex.split(line)[1:])
            code, output = program.call(step, environment(folder) | exported)
        if code:
            break
    _check(block, code, output)


def apply(diff: str, folder: Path) -> None:
    """Apply a diff: what each part takes away must stand in the file exactly once, wherever."""
    for file in re.split(r"^--- .*\n", diff, flags=re.MULTILINE)[1:]:
        name, _, body = file.partition("\n")
        path = folder / name.removeprefix("+++ b/").strip()
        text = path.read_text(encoding="utf-8")
        for part in re.split(r"^@@.*\n", body, flags=re.MULTILINE)[1:]:
            lines = [line for line in part.split("\n") if line]
            old, new = (_side(lines, leave) for leave in "+-")
            if text.count(old) != 1:
                raise AssertionError(f"{path.name} holds {text.count(old)} times what the diff changes:\n{old}")
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")


def _side(lines: Iterable[str], leave: str) -> str:
    return "".join(f"{line[1:]}\n" for line in lines if line[0] != leave)


def _run_python(parts: Sequence[Block], folder: Path, exports: Sequence[str]) -> None:
    """Run Python blocks that follow each other as one program, its line numbers those of the page."""
    if not parts:
        return
    source: list[str] = []
    for part in parts:
        source += [""] * (part.line - 1 - len(source)) + part.text.splitlines()
    script = folder / f"{parts[0].page.stem}_page.py"
    script.write_text("\n".join(source) + "\n", encoding="utf-8")
    command = "\n".join([*exports, f"exec {shlex.quote(sys.executable)} {script.name}"])
    _check(parts[0], *_run(["bash", "-euo", "pipefail", "-c", command], folder))
    script.unlink()


def _run(command: Sequence[str], folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False, timeout=900
    )
    return done.returncode, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"


def _check(block: Block, code: int, output: str) -> None:
    if code not in block.exits:
        raise AssertionError(f"{block.location} ended with {code}\n{output[-9000:]}")


def environment(folder: Path) -> dict[str, str]:
    """Variables for what runs in a folder; a copy of the package in it is the one that is found."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    copied = {"PYTHONPATH": str(folder)} if (folder / "riskmodel").exists() else {}
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("RISKMODEL_")}
    return inherited | {"PATH": path, "COLUMNS": "200", **copied}
