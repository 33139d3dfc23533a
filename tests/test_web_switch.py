"""Another champion while requests run: every answer is of one model, and a killed server comes back whole."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from web_worlds import ROOT, TOWN, Client, make_champion, running, serving, settings_of, trained, until, world

import riskmodel
from riskmodel.sources.observations import SourceFile
from riskmodel.web.service import open_service
from riskmodel.web.serving.snapshot import freeze, load_snapshot, prune, release_of, stored_forecasts
from riskmodel.workspace.store import Workspace

__all__ = ["world"]
API = "/api/v1"
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each of the two models says when nothing else is going on: the oracle."""
    from web_worlds import copy_of

    found = {}
    numbers = two_versions(trained(tmp_path_factory.getbasetemp()))
    for number in numbers:
        workspace = copy_of(trained(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp(f"alone{number}"))
        make_champion(workspace, number)
        riskmodel.forecast(workspace)
        client = Client(serving(workspace))
        page = client.get(f"{API}/forecasts?limit=1000").json()
        drivers = client.get(f"{API}/drivers?limit=1000").json()
        found[page["source"]["model_version"]] = {
            "number": number,
            "forecasts": {row["code"]: row["chance"] for row in page["items"]},
            "drivers": {row["code"]: row["expected_change"] for row in drivers["items"]},
        }
    assert len(found) == 2
    first, second = found.values()
    assert first["forecasts"] != second["forecasts"] and first["drivers"] != second["drivers"]
    return found


def two_versions(workspace: Workspace) -> list[str]:
    """Numbers of the champion and of the candidate."""
    from riskmodel.workflow.tracking import registry

    found = {each.alias: each.number for each in registry.versions(workspace, "decline-2y")}
    return [found["champion"], found["candidate"]]


def check(page: dict[str, Any], kind: str, both: dict[str, dict[str, Any]]) -> str:
    """Every number of an answer is of the model that it names."""
    version: str = page["source"]["model_version"]
    field = {"forecasts": "chance", "drivers": "expected_change"}[kind]
    assert {row["code"]: row[field] for row in page["items"]} == both[version][kind]
    return version


def test_every_answer_is_wholly_of_one_model(world: Workspace, both: dict[str, dict[str, Any]]) -> None:
    numbers = [each["number"] for each in both.values()]
    for number in numbers:
        make_champion(world, number)
        riskmodel.forecast(world)
    seen: list[str] = []
    wrong: list[object] = []
    stop = threading.Event()

    def ask(base: str, kind: str) -> None:
        with httpx.Client(base_url=base, timeout=60) as client:
            while not stop.is_set():
                response = client.get(f"{API}/{kind}?limit=1000")
                try:
                    assert response.status_code == 200, response.text
                    seen.append(check(response.json(), kind, both))
                except Exception as error:
                    wrong.append(error)

    def order(base: str) -> None:
        with httpx.Client(base_url=base, timeout=60) as client:
            for capacity in range(1, 40):
                if stop.is_set():
                    break
                made = client.post(f"{API}/lists", json={"municipalities": [TOWN], "capacity": capacity})
                rows = client.get(made.json()["areas"]).json()["items"]
                expected = both[made.json()["model_version"]]["forecasts"]
                if any(row["chance"] != expected[row["code"]] for row in rows):
                    wrong.append(made.json())

    with running(settings_of(world, refresh_seconds=0.05)) as (base, service):
        until(lambda: service.snapshots.serving)
        threads = [
            threading.Thread(target=ask, args=(base, kind)) for kind in ("forecasts", "drivers", "forecasts")
        ]
        threads.append(threading.Thread(target=order, args=(base,)))
        for thread in threads:
            thread.start()
        for turn in range(4):
            before, answers = service.snapshots.switches, len(seen)
            make_champion(world, numbers[turn % 2])
            until(lambda then=before: service.snapshots.switches > then)
            until(lambda then=answers: len(seen) > then + 5 or wrong)
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong, wrong[:1]
    assert set(seen) == set(both) and len(seen) > 20


def test_a_champion_without_a_forecast_gets_one_while_the_old_one_serves(
    world: Workspace, both: dict[str, dict[str, Any]]
) -> None:
    service = serving(world)
    client = Client(service)
    before = check(client.get(f"{API}/forecasts?limit=1000").json(), "forecasts", both)
    other = next(version for version in both if version != before)
    make_champion(world, both[other]["number"])
    assert not [path for path in stored_forecasts(world, "decline-2y") if release_of(path) == other]
    service.snapshots.refresh()  # makes the forecast in another process, and nothing is put in place yet
    assert check(client.get(f"{API}/forecasts?limit=1000").json(), "forecasts", both) == before
    service.snapshots.refresh()
    assert check(client.get(f"{API}/forecasts?limit=1000").json(), "forecasts", both) == other


def test_a_forecast_of_other_files_than_are_there_does_not_take_over(world: Workspace) -> None:
    service = serving(world)
    snapshot = service.snapshots.current()
    assert snapshot is not None
    kwb = next(each for each in world.observations() if each.source == "kwb")
    frame = kwb.frame.assign(population=kwb.frame["population"] + 1)
    world.add([replace(kwb, frame=frame, files=(SourceFile("corrected.csv", "0" * 64),))], replace=True)
    service.snapshots.refresh()
    assert service.snapshots.current() is snapshot
    riskmodel.forecast(world)
    assert service.snapshots.refresh()
    later = service.snapshots.current()
    assert (
        later is not None and later.stored.id != snapshot.stored.id and later.panel.files != snapshot.panel.files
    )


def test_a_broken_forecast_is_tried_once_and_the_old_one_serves(
    world: Workspace, both: dict[str, dict[str, Any]]
) -> None:
    service = serving(world)
    snapshot = service.snapshots.current()
    assert snapshot is not None
    other = next(version for version in both if version != snapshot.stored.release_id)
    (world.path("models", "change-2y-wijk", other) / "model.json").write_text("{}", encoding="utf-8")
    make_champion(world, both[other]["number"])
    service.snapshots.refresh()
    first = service.snapshots._child
    assert first is not None and first.returncode == 2
    service.snapshots.refresh()
    assert service.snapshots._child is first and service.snapshots.current() is snapshot
    assert Client(service).get(f"{API}/ready").status_code == 200


def test_frozen_inputs_outlive_what_replaces_them(world: Workspace, tmp_path: Path) -> None:
    forecast = stored_forecasts(world, "change-2y-wijk")[0]
    frozen = freeze(world, tmp_path, ["decline-2y"], forecast)
    assert freeze(world, tmp_path, ["decline-2y"], forecast) == frozen
    before = load_snapshot(frozen, "decline-2y", forecast.name)
    for path in world.path("observations").glob("*.parquet"):
        path.unlink()
    after = load_snapshot(frozen, "decline-2y", forecast.name)
    assert after.id == before.id and (after.panel.values == before.panel.values)[~_missing(before)].all()
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [frozen.name]
    left = tmp_path / "snapshots" / ".left"
    left.mkdir()
    prune(tmp_path, {frozen.name})
    assert left.exists()  # somebody may be using it
    for path in (left, frozen):
        os.utime(path, (0, 0))
    prune(tmp_path, {frozen.name})
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [frozen.name]
    prune(tmp_path, set())
    assert not list((tmp_path / "snapshots").iterdir())


def _missing(snapshot: Any) -> Any:
    import numpy as np

    return np.isnan(snapshot.panel.values)


SERVER = """
import sys, uvicorn
from pathlib import Path
from riskmodel.web.app import create_app
from riskmodel.web.settings import Settings
settings = Settings(workspace=Path(sys.argv[1]), refresh_seconds=0.02, requests_per_minute=0)
uvicorn.run(create_app(settings), port=int(sys.argv[2]), log_level="warning")
"""


def start(workspace: Workspace, port: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SERVER, str(workspace.folder), str(port)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=60)


def ready(base: str) -> bool:
    try:
        return get(f"{base}{API}/ready").status_code == 200
    except httpx.TransportError:
        return False


def test_killed_during_a_switch_it_comes_back_whole(world: Workspace, both: dict[str, dict[str, Any]]) -> None:
    numbers = [each["number"] for each in both.values()]
    for number in numbers:
        make_champion(world, number)
        riskmodel.forecast(world)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    server = start(world, port)
    try:
        until(lambda: ready(base))
        made = httpx.post(f"{base}{API}/lists", json={"municipalities": [TOWN], "capacity": 3}, timeout=60).json()
        link = f"{base}{API}/lists/{made['number']}/risicolijst.csv"
        given = get(link).content
        make_champion(world, numbers[0])
        time.sleep(random.uniform(0, 0.3))  # before, in the middle of or after the switch
        server.send_signal(signal.SIGKILL)
        server.wait()
        for path in world.path("service").rglob("*.json"):
            json.loads(path.read_text(encoding="utf-8"))
        server = start(world, port)
        until(lambda: ready(base))
        versions = {check(get(f"{base}{API}/forecasts?limit=1000").json(), "forecasts", both) for _ in range(3)}
        assert versions <= set(both)
        assert get(link).content == given
        wanted = next(version for version, each in both.items() if each["number"] == numbers[0])
        until(lambda: get(f"{base}{API}/models/decline-2y").json()["serving"]["model_version"] == wanted)
    finally:
        server.kill()
        server.wait()


def test_a_service_that_starts_with_nothing_makes_its_forecast(world: Workspace) -> None:
    import shutil

    shutil.rmtree(world.path("forecasts"))
    service = open_service(settings_of(world))
    assert not service.snapshots.refresh()
    assert service.snapshots.refresh()
    assert service.snapshots.current() is not None
