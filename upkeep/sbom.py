"""Write a bill of materials of this environment (CycloneDX 1.6, JSON), checked against its schema: ``make sbom``.

Made by cyclonedx-py. Dropped: what publishers say of themselves, installers that are not in the lock. Added:
licences that metadata do not tell, and for what only development needs the scope ``excluded``: a scan for
vulnerabilities can tell what runs at a municipality from what tested it. The same environment gives the same
bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from dependencies import DEVELOPMENT, LOCK, ROOT, brought_by, read_lock
from licences import KNOWN, licence_of
from packaging.utils import canonicalize_name


def environment() -> dict[str, Any]:
    """What cyclonedx-py finds installed here."""
    made = subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", ROOT / "pyproject.toml",
         "--spec-version", "1.6", "--output-reproducible", "--no-validate", sys.executable],
        capture_output=True, check=True,
    )  # fmt: skip
    bom: dict[str, Any] = json.loads(made.stdout)
    return bom


def completed(bom: dict[str, Any]) -> dict[str, Any]:
    """The same for packages of the lock alone, with scope and licence each."""
    with KNOWN.open("rb") as file:
        known = tomllib.load(file)
    locked = {each.name for each in read_lock(LOCK.read_text(encoding="utf-8"))}
    parts = brought_by()
    kept = []
    for component in bom["components"]:
        name = canonicalize_name(component["name"])
        if name not in locked:
            continue
        for told_by_publisher in ("externalReferences", "description"):
            component.pop(told_by_publisher, None)
        component["scope"] = "excluded" if parts[name] == (DEVELOPMENT,) else "required"
        component.setdefault("licenses", [{"expression": licence_of(name, known)}])
        kept.append(component)
    there = {"root-component", *(component["bom-ref"] for component in kept)}
    for tool in bom["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)
    return bom | {
        "components": kept,
        "dependencies": [
            each | {"dependsOn": [ref for ref in each.get("dependsOn", ()) if ref in there]}
            for each in bom["dependencies"]
            if each["ref"] in there
        ],
    }


def main() -> int:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "sbom.json"
    bom = completed(environment())
    text = json.dumps(bom, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        print(f"not valid CycloneDX: {error}", file=sys.stderr)
        return 1
    target.write_text(text, encoding="utf-8")
    print(f"Written: {target.name}, {len(bom['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
