"""What the tests of the service share: a small workspace with two models, and the service on it."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("fastapi", reason="the extra riskmodel[web] is not installed")

import httpx
import uvicorn

import riskmodel
from riskmodel.web.app import create_app
from riskmodel.web.service import Service, open_service
from riskmodel.web.settings import Settings
from riskmodel.workflow import ingest as ingesting
from riskmodel.workflow.example import write_example
from riskmodel.workflow.tracking import registry
from riskmodel.workflow.tracking.store import client_of
from riskmodel.workspace.store import Workspace

ROOT = Path(__file__).parents[1]
TOWN, OTHER = "GM9001", "GM9002"


@cache
def trained(base: Path) -> Workspace:
    """An invented country of 200 areas in which version 1 of the model is champion and version 2 is not."""
    workspace = Workspace(base / "web_workspace")
    files = write_example(base / "web_files", n_areas=200)
    ingesting.ingest_leefbaarometer([files.leefbaarometer], workspace)
    ingesting.ingest_kwb(files.kwb, workspace)
    content = yaml.safe_load((ROOT / "experiments" / "decline-2y.yaml").read_text(encoding="utf-8"))
    for trees in (10, 20):
        for model in content["models"]:
            if model["kind"] == "lightgbm":
                model |= {"trees": trees, "min_in_leaf": 20}
        path = base / f"trees-{trees}" / "decline-2y.yaml"
        path.parent.mkdir()
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        riskmodel.train(path, workspace)
        if trees == 10:
            riskmodel.forecast(workspace)
    return workspace


def copy_of(workspace: Workspace, folder: Path) -> Workspace:
    """A workspace of one's own."""
    return Workspace(shutil.copytree(workspace.folder, folder / "workspace"))


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Workspace:
    """A copy of the trained workspace."""
    return copy_of(trained(tmp_path_factory.getbasetemp()), tmp_path)


def settings_of(workspace: Workspace, **changes: Any) -> Settings:
    """Settings for tests: no limit on the rate, unless it is what is tested."""
    return Settings(**{"workspace": workspace.folder, "requests_per_minute": 0, **changes})


def serving(workspace: Workspace, **changes: Any) -> Service:
    """A service with its snapshots loaded and no thread that looks for others."""
    service = open_service(settings_of(workspace, **changes))
    assert service.snapshots.refresh()
    return service


class Client:
    """Calls an app without a network, in one thread of events."""

    def __init__(self, service: Service, address: str = "192.0.2.1", **headers: str) -> None:
        self.service = service
        app = create_app(service.settings, service)
        transport = httpx.ASGITransport(app=app, client=(address, 1234), raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)
        self._loop = asyncio.new_event_loop()

    def __call__(self, method: str, path: str, **named: Any) -> httpx.Response:
        return self._loop.run_until_complete(self._client.request(method, path, **named))

    def get(self, path: str, **named: Any) -> httpx.Response:
        return self("GET", path, **named)

    def post(self, path: str, **named: Any) -> httpx.Response:
        return self("POST", path, **named)


def is_problem(response: httpx.Response, status: int) -> bool:
    """Whether an answer is a problem as RFC 9457 has it, without a path or a traceback in it."""
    told = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status"} <= set(told) <= {"type", "title", "status", "detail", "errors"}
    assert told["status"] == response.status_code
    for secret in ("/tmp", "Traceback", ".py", "sqlite", str(ROOT)):
        assert secret not in response.text
    return response.status_code == status


@contextmanager
def running(settings: Settings) -> Iterator[tuple[str, Service]]:
    """A real server on loopback."""
    service = open_service(settings)
    config = uvicorn.Config(
        create_app(settings, service), port=0, log_config=None, proxy_headers=False, server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", service
    finally:
        server.should_exit = True
        thread.join(timeout=30)


def until(condition: Any, seconds: float = 120.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def make_champion(workspace: Workspace, number: str) -> None:
    """Move the alias, as ``riskmodel promote`` does behind its gate."""
    client_of(workspace).set_registered_model_alias("change-2y-wijk", registry.CHAMPION, number)
