"""Workbooks of the format before 2007 (``.xls``), opened in a process of their own.

A few changed bytes in such a file make the library of workbooks ask for memory without end, which stops the
process it runs in. So it runs in one with bounded memory and time, which gives back the texts of the cells.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from riskmodel.errors import InputError

#: Bytes of memory and seconds for one workbook; the largest official ones (2018) take a tenth of either.
MEMORY, SECONDS = 2 << 30, 120
MOST_CELLS = 20_000_000
KIND = "an .xls or .xlsx file"


def read_old_workbook(path: Path, content: bytes, hint: str) -> dict[str, list[list[str]]]:
    """Cells of every sheet as texts, by its name; ``hint`` says what to do about a damaged workbook.

    Raises
    ------
    InputError
        If it cannot be read within the bounds of this module.
    """
    # -P: no file in the current folder can replace a module.
    command = [sys.executable, "-P", "-m", __name__]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise InputError(path, f"a workbook that is not read in {SECONDS} seconds", KIND, hint) from error
    if done.returncode == 0:
        return dict(json.loads(done.stdout))
    reason = done.stdout.decode("utf-8", "replace").strip() if done.returncode == 1 else "it fills the memory"
    raise InputError(path, f"a workbook that cannot be read ({reason[:120]})", KIND, hint)


def _bound_memory() -> None:
    # Windows cannot bound a process in this way.
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Read a workbook from standard input and write its cells as JSON; return 1 and print a reason on failure."""
    from io import BytesIO

    from python_calamine import CalamineWorkbook

    from riskmodel.sources.formats.tables import as_text

    _bound_memory()
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read()))
        sheets = []
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.total_height * sheet.total_width > MOST_CELLS:
                raise ValueError(f"a sheet of {sheet.total_height:,} rows and {sheet.total_width:,} columns")
            rows = sheet.to_python(skip_empty_area=False)
            sheets.append((name, [[as_text(cell) for cell in row] for row in rows]))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        print((str(error).splitlines() or [type(error).__name__])[0])
        return 1
    json.dump(sheets, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
