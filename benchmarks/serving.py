"""What a page of the service costs beside a bare FastAPI route that returns a body of the same size.

    RISKMODEL_WORKSPACE=workspace python benchmarks/serving.py [--seconds 60] [--connections 64] [--rounds 3]

The workspace holds a trained champion and its forecast; it is copied, and a second model of fewer trees is trained
in the copy. Asked for is the page of the list of the municipality with most areas, with wrk on loopback (Debian:
apt-get install wrk). First the page and the bare route in turn, some seconds each; then the page alone for
``--seconds``; then the same again with another champion put in place after a third of the time, while the service
forecasts with it in a process of its own. Memory is that of the process of the service, read every second.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import numpy as np
import yaml
from report import machine, ratio

import riskmodel
from riskmodel.workflow.tracking import registry
from riskmodel.workflow.tracking.store import client_of
from riskmodel.workspace.store import Workspace

EXPERIMENT, MODEL = "decline-2y", "change-2y-wijk"
QUESTION = Path(__file__).parents[1] / "experiments" / f"{EXPERIMENT}.yaml"
#: Served by uvicorn with the same settings as the service: a body of so many bytes, and nothing else.
BARE = """
import sys, uvicorn
from fastapi import FastAPI, Response
app, body = FastAPI(), b"x" * int(sys.argv[2])
@app.get("/")
async def page():
    return Response(body, media_type="text/html")
uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_config=None, limit_concurrency=1000)
"""


@dataclass(frozen=True)
class Load:
    """What wrk counted."""

    requests: int
    per_second: float
    errors: int


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def server(command: list[str], address: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers at an address."""
    started = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            try:
                if httpx.get(address, timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            if started.poll() is not None:
                raise SystemExit(f"{command[:4]} ended with {started.returncode}")
            time.sleep(0.1)
        yield started
    finally:
        started.terminate()
        started.wait(timeout=60)


def load(address: str, seconds: int, connections: int) -> Load:
    """Ask for an address as fast as it goes."""
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", address]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    requests = re.search(r"(\d+) requests in", told)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert requests and rate, told
    sockets = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    errors = sum(map(int, sockets.groups())) if sockets else 0
    return Load(int(requests[1]), float(rate[1]), errors + (int(refused[1]) if refused else 0))


def memory(pid: int) -> float:
    """Resident memory of a process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def watched(pid: int, address: str, seconds: int, connections: int) -> tuple[Load, list[float]]:
    """The same, and the memory of a process meanwhile."""
    found: list[Load] = []
    asking = Thread(target=lambda: found.append(load(address, seconds, connections)))
    asking.start()
    seen = []
    while asking.is_alive():
        seen.append(memory(pid))
        time.sleep(1)
    asking.join()
    return found[0], seen


def second_model(workspace: Workspace, folder: Path) -> str:
    """Train a model of fewer trees; the number of its version."""
    content = yaml.safe_load(QUESTION.read_text(encoding="utf-8"))
    for model in content["models"]:
        if model["kind"] == "lightgbm":
            model["trees"] = 50
    path = folder / f"{EXPERIMENT}.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return riskmodel.train(path, workspace)["champion"].version


def largest(base: str) -> tuple[str, int]:
    """The municipality with most areas, and how many."""
    rows = httpx.get(f"{base}/api/v1/municipalities?limit=1000").json()["items"]
    best = max(rows, key=lambda row: row["areas"])
    return best["code"], best["areas"]


def served(base: str) -> str:
    told: dict[str, Any] = httpx.get(f"{base}/api/v1/models/{EXPERIMENT}", timeout=60).json()
    return str(told["serving"]["model_version"])


def told_of(what: str, done: Load, seen: list[float]) -> None:
    quarter = max(len(seen) // 4, 1)
    first, last = float(np.median(seen[:quarter])), float(np.median(seen[-quarter:]))
    print(
        f"| {what} | {done.requests:,} | {done.errors} | {done.per_second:,.0f} | {first:,.0f} | {last:,.0f} | "
        f"{max(seen):,.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--each", type=int, default=8, help="seconds of page and bare route in each round")
    asked = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not here: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="serving-") as temporary:
        folder = Path(temporary)
        source = Path(os.environ.get("RISKMODEL_WORKSPACE", "workspace"))
        workspace = Workspace(shutil.copytree(source, folder / "workspace"))
        other = second_model(workspace, folder)
        port, bare_port = free_port(), free_port()
        base, bare = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{bare_port}/"
        command = [sys.executable, "-m", "riskmodel.cli", "serve", "--port", str(port)]
        command += ["--workspace", str(workspace.folder)]
        settings = {"RISKMODEL_REQUESTS_PER_MINUTE": "0", "RISKMODEL_REFRESH_SECONDS": "1"}
        with server(command, f"{base}/api/v1/ready", **settings) as service:
            code, areas = largest(base)
            made = httpx.post(f"{base}/api/v1/lists", json={"municipalities": [code], "capacity": 10}, timeout=120)
            page = f"{base}/lijst/{made.json()['number']}"
            size = len(httpx.get(page, headers={"accept-encoding": "identity"}, timeout=120).content)
            peer = [sys.executable, "-c", BARE, str(bare_port), str(size)]
            print(f"{machine()}; list of {code}, {areas} areas, {size:,} bytes; {asked.connections} connections\n")
            print("| round | page, requests/s | bare route, requests/s | ratio |\n|---|--:|--:|--:|")
            found = []
            with server(peer, bare):
                for number in range(1, asked.rounds + 1):
                    ours = load(page, asked.each, asked.connections)
                    theirs = load(bare, asked.each, asked.connections)
                    found.append(ours.per_second / theirs.per_second)
                    print(f"| {number} | {ours.per_second:,.0f} | {theirs.per_second:,.0f} | {found[-1]:.2f} |")
            print("\n| | requests | errors | requests/s | MiB first quarter | last quarter | most |")
            print("|---|--:|--:|--:|--:|--:|--:|")
            told_of(f"page, {asked.seconds} s", *watched(service.pid, page, asked.seconds, asked.connections))
            before, switched = served(base), []

            def switch() -> None:
                time.sleep(asked.seconds / 3)
                begin = time.monotonic()
                client_of(workspace).set_registered_model_alias(MODEL, registry.CHAMPION, other)
                while served(base) == before and time.monotonic() - begin < asked.seconds:
                    time.sleep(0.5)
                switched.append((time.monotonic() - begin, served(base)))

            changing = Thread(target=switch)
            changing.start()
            during = watched(service.pid, page, asked.seconds, asked.connections)
            changing.join()
            told_of(f"page, {asked.seconds} s, champion switched", *during)
            took, now = switched[0]
            outcome = (
                f"{before} -> {now} after {took:.0f} s" if now != before else "the champion did not change in time"
            )
            print(f"\nchampion: {outcome}")
    ratio("cached list page / bare FastAPI route, requests/s", float(np.median(found)), found)


if __name__ == "__main__":
    main()
