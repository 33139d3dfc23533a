"""Nothing is reported to anyone: the whole chain and the service, in processes that may reach this machine alone.

A module ``sitecustomize`` on the path of every Python process hangs a guard on the interpreter itself: connections
and look-ups of names that go beyond this machine are written down and raise. The environment is that of a user who
set nothing, and no sign of a test or of continuous integration is left in it, at which some libraries fall silent.
Where ``strace`` is there and may look, the kernel is asked as well: it also sees what compiled libraries do.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from web_worlds import until

ROOT = Path(__file__).parents[1]
GUARD = """
import os, sys

ADDRESS = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
NAME = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
HERE = ("localhost", "::1", "0.0.0.0", "::", "", None)

def guard(event, args):
    if event in ADDRESS:
        address = args[ADDRESS[event]]
        asked = address[0] if isinstance(address, tuple) else None
    elif event in NAME:
        asked = args[0]
    else:
        return
    asked = asked.decode() if isinstance(asked, bytes) else asked
    if asked not in HERE and not str(asked).startswith("127."):
        with open(os.environ["ATTEMPTS"], "a") as file:
            file.write(f"{event} {asked}\\n")
        raise PermissionError(f"no connections: {asked}")

sys.addaudithook(guard)
"""
CHAIN = """
import sys
from pathlib import Path
import yaml
import riskmodel
from riskmodel.workflow.example import write_example
from riskmodel.workspace.store import Workspace

folder, experiment = Path(sys.argv[1]), Path(sys.argv[2])
content = yaml.safe_load(experiment.read_text(encoding="utf-8"))
for model in content["models"]:
    if model["kind"] == "lightgbm":
        model |= {"trees": 10, "min_in_leaf": 20}
question = folder / "decline-2y.yaml"
question.write_text(yaml.safe_dump(content), encoding="utf-8")
files = write_example(folder / "files", n_areas=200)
workspace = Workspace(folder / "workspace")
riskmodel.ingest_leefbaarometer([files.leefbaarometer], workspace)
riskmodel.ingest_kwb(list(files.kwb), workspace)
riskmodel.backtest(question, workspace)
riskmodel.train(question, workspace)
riskmodel.forecast(workspace)
riskmodel.risk_list(workspace, folder / "list", municipality=["Wolderdam (voorbeeld)"], capacity=3)
"""
SERVE = "import sys; from riskmodel.cli import main; sys.argv[0] = 'riskmodel'; main()"
#: Variables at which libraries take a process for one of a test, or by which somebody already said no.
SILENCING = ("CI", "PYTEST", "GITHUB_", "GITLAB_", "JENKINS", "DO_NOT_TRACK", "MLFLOW", "RISKMODEL")


@dataclass(frozen=True)
class Guarded:
    """How to start a process under guard, and what it tried."""

    environment: dict[str, str]
    attempts: Path

    def start(self, *arguments: str, before: Sequence[str] = (), **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*before, sys.executable, *arguments],
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, code: str, *arguments: str, before: Sequence[str] = (), **more: str) -> str:
        process = self.start("-c", code, *arguments, before=before, **more)
        told, _ = process.communicate(timeout=300)
        assert process.returncode == 0, told
        return told

    def tried(self) -> list[str]:
        return self.attempts.read_text(encoding="utf-8").splitlines() if self.attempts.exists() else []


def guarded(folder: Path) -> Guarded:
    (folder / "guard").mkdir()
    (folder / "guard" / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SILENCING)}
    paths = {"PYTHONPATH": str(folder / "guard"), "ATTEMPTS": str(folder / "attempts"), "HOME": str(folder)}
    return Guarded(kept | paths, folder / "attempts")


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "import socket; socket.getaddrinfo('example.org', 443)",
        "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "import urllib.request; urllib.request.urlopen('https://example.org', timeout=1)",
        "import requests; requests.get('http://[2001:db8::1]/', timeout=1)",
        "import subprocess, sys; subprocess.run([sys.executable, '-c',"
        " 'import socket; socket.gethostbyname(\"example.org\")'])",
    ],
)
def test_the_guard_sees_and_stops_what_goes_out(tmp_path: Path, code: str) -> None:
    process = guarded(tmp_path)
    told, _ = process.start("-c", code).communicate(timeout=60)
    assert "no connections" in told
    assert len(process.tried()) == 1


def strace(record: Path) -> list[str]:
    """The command that has the kernel write down where a process sends anything; empty if it cannot."""
    command = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg", "-o", str(record)]
    try:
        works = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    return command if works else []


def beyond_this_machine(record: Path) -> list[str]:
    """Addresses of the Internet in a record of ``strace`` that are not this machine's own."""
    addresses = re.findall(r'inet_(?:addr\("|pton\(AF_INET6, ")([^"]+)"', record.read_text(encoding="utf-8"))
    return [each for each in addresses if each != "::1" and not each.startswith("127.")]


def test_the_kernel_sees_what_goes_out(tmp_path: Path) -> None:
    before = strace(tmp_path / "calls")
    if not before:
        pytest.skip("no strace, or not allowed to look")
    code = "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.connect(('127.0.0.1', 9));"
    code += "s.connect(('192.0.2.1', 9))"
    subprocess.run([*before, sys.executable, "-c", code], capture_output=True, check=False)
    assert beyond_this_machine(tmp_path / "calls") == ["192.0.2.1"]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Guarded]:
    """The whole chain on the invented country, under guard."""
    folder = tmp_path_factory.mktemp("walked")
    process = guarded(folder)
    experiment = ROOT / "experiments" / "decline-2y.yaml"
    process.run(CHAIN, str(folder), str(experiment), before=strace(folder / "calls"))
    return folder, process


@pytest.mark.long
def test_the_chain_from_files_to_list_asks_nobody_anything(walked: tuple[Path, Guarded]) -> None:
    folder, process = walked
    assert (folder / "list" / "risicolijst.html").exists()
    assert (folder / "workspace" / "mlflow.db").exists()
    assert process.tried() == []
    if (folder / "calls").exists():
        assert beyond_this_machine(folder / "calls") == []


@pytest.mark.long
def test_mlflow_would_report_if_it_were_not_told_not_to(tmp_path: Path) -> None:
    """That nothing was tried says something only if the same library does try where it may."""
    process = guarded(tmp_path)
    code = "import riskmodel, mlflow, sys, time; mlflow.set_tracking_uri('sqlite:///' + sys.argv[1]);"
    code += "mlflow.create_experiment('any'); time.sleep(3)"
    process.run(code, str(tmp_path / "store.db"), MLFLOW_DISABLE_TELEMETRY="false", DO_NOT_TRACK="false")
    assert process.tried() != []


@pytest.mark.long
def test_the_service_asks_nobody_anything(walked: tuple[Path, Guarded], tmp_path: Path) -> None:
    folder, _ = walked
    process = guarded(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = process.start("-c", SERVE, "serve", "--workspace", str(folder / "workspace"), "--port", str(port))
    base = f"http://127.0.0.1:{port}"
    try:
        until(lambda: is_ready(base))
        for path in ("/", "/api/v1/forecasts?limit=5"):
            assert httpx.get(base + path, timeout=60).status_code == 200
    finally:
        serving.terminate()
        told, _ = serving.communicate(timeout=60)
    assert process.tried() == [], told


def is_ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/api/v1/ready", timeout=60).status_code == 200
    except httpx.TransportError:
        return False
