"""Print the commands that the README gives under some headings, to be run as they stand."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "upkeep"))

from docs_blocks import Block, blocks  # noqa: E402

#: It goes on until it is stopped.
STAYS = ("mlflow ui", ".venv/bin/riskmodel serve")


def commands(heading: str) -> list[str]:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    first = lines.index(f"### {heading}") + 1
    last = next(n for n in range(first, len(lines)) if lines[n].startswith("#"))
    inside: list[Block] = [each for each in blocks(ROOT / "README.md") if first < each.line <= last]
    found = [line for block in inside if block.is_shell for line in block.text.splitlines()]
    if not found:
        raise SystemExit(f"README.md has no commands under {heading!r}")
    return [line for line in found if not line.startswith(STAYS)]


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        print("\n".join(commands(asked)))
