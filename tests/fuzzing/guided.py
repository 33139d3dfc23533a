"""Look for edits that reach new code: ``python -m tests.fuzzing.guided police -runs=100000``.

Needs atheris, which is not in the lock: ``pip install atheris``. What follows the reader goes to libFuzzer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["riskmodel"]):
    from .attempt import BrokenError, attempt, edited, playground
    from .edits import RANGE, draw
    from .runner import save
    from .targets import TARGETS


def main() -> None:
    """Try one reader until libFuzzer stops; every kind of fault is kept once."""
    name = sys.argv[1]
    target, seen = TARGETS[name], set[str]()
    temporary = tempfile.mkdtemp()

    def once(data: bytes) -> None:
        numbers = atheris.FuzzedDataProvider(data)
        chosen = numbers.ConsumeIntInRange(0, 9)
        files = edited(target, chosen, draw(lambda: numbers.ConsumeIntInRange(0, RANGE - 1)))
        try:
            attempt(target, files, Path(temporary))
        except BrokenError as fault:
            if fault.kind not in seen:
                seen.add(fault.kind)
                print(f"{name}: {fault.kind}, kept in {save(name, fault.kind, files)}")

    atheris.Setup([sys.argv[0], *sys.argv[2:]], once)
    with playground(Path(temporary)):
        atheris.Fuzz()


if __name__ == "__main__":
    main()
