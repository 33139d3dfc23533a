"""A real PostgreSQL server on loopback for tests, where Debian's package is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def _programs() -> Path | None:
    found = shutil.which("pg_ctl")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


def _as_other(command: list[str]) -> list[str]:
    """The server refuses to run as root: then as the user that Debian's package makes for it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """Address of a PostgreSQL server started for these tests, on loopback."""
    pytest.importorskip("psycopg", reason="the extra riskmodel[postgres] is not installed")
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server here (Debian: apt-get install postgresql)")
    # Not under pytest's own folder: another user must be able to enter it.
    with tempfile.TemporaryDirectory(prefix="riskmodel-pg-") as folder:
        if os.geteuid() == 0:
            if shutil.which("runuser") is None:
                pytest.skip("PostgreSQL does not run as root, and there is no runuser")
            shutil.chown(folder, "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data = f"{folder}/data"
        quiet: dict[str, Any] = {"check": True, "capture_output": True, "cwd": "/"}
        subprocess.run(
            _as_other(
                [f"{programs}/initdb", "-D", data, "-A", "trust", "-U", "riskmodel", "-E", "UTF8", "--no-sync"]
            ),
            **quiet,
        )
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        start = [f"{programs}/pg_ctl", "-D", data, "-l", f"{folder}/log", "-o", options, "-w", "start"]
        subprocess.run(_as_other(start), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        try:
            yield f"postgresql+psycopg://riskmodel@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run(_as_other([f"{programs}/pg_ctl", "-D", data, "-m", "immediate", "stop"]), **quiet)
