"""Make the pictures of MLflow's own pages for the docs, on the invented country.

Run by ``make pictures``, after ``make demo``; needs Debian's Chromium. Starts ``mlflow ui`` on this machine.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow import MlflowClient
from pictures import CHROMIUM, save
from playwright.sync_api import Page, sync_playwright

from riskmodel.workflow.tracking.log import BACKTEST, KIND
from riskmodel.workflow.tracking.store import client_of, store_uri
from riskmodel.workspace.store import Workspace

WINDOW = {"width": 1480, "height": 880}
#: MLflow remembers in the browser which half of its menu is shown, and whether its assistant is open.
REMEMBERED = {
    "mlflow.workflowType_v1": '"machine_learning"',
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
    "mlflow.assistant.panelOpen_v1": "false",
}
QUESTION, MODEL = "slide-2y", "change-2y-wijk"
#: Seconds that a page takes for the rest once its first words are there, and that the server may take to start.
DRAWING, STARTING = 15, 180


def main(demo: Path) -> None:
    """Make the pictures from the folder of ``make demo``."""
    workspace = Workspace(demo / "workspace")
    client = client_of(workspace)
    place = client.get_experiment_by_name(QUESTION).experiment_id
    champion = client.get_model_version_by_alias(MODEL, "champion").version
    pages = {
        "mlflow-runs": f"experiments/{place}/runs?viewStateShareKey=runs",
        "mlflow-models": f"experiments/{place}/runs?viewStateShareKey=models",
        "mlflow-run": f"experiments/{place}/runs/{_backtest(client, place)}",
        "mlflow-version": f"models/{MODEL}/versions/{champion}",
    }
    with served(store_uri(workspace)) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WINDOW["width"], "height": WINDOW["height"]})
        page.add_init_script(f"Object.assign(localStorage, {json.dumps(REMEMBERED)})")
        for name, path in pages.items():
            awaited = "main/AP_ratio" if "viewState" in path else "Description"
            save(name, shot(page, f"{address}/#/{path}", awaited))
        browser.close()


def shot(page: Page, address: str, awaited: str) -> bytes:
    """What a page shows once some words stand on it, and a while later all is drawn."""
    page.goto("about:blank")
    page.goto(address)
    page.get_by_text(awaited).first.wait_for(timeout=STARTING * 1000)
    page.wait_for_timeout(DRAWING * 1000)
    return page.screenshot()


@contextmanager
def served(store: str) -> Iterator[str]:
    """MLflow's pages on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store, "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--workers", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + STARTING
        while time.monotonic() < until:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _backtest(client: MlflowClient, place: str) -> str:
    [run, *_] = client.search_runs([place], f"tags.`{KIND}` = '{BACKTEST}'")
    return str(run.info.run_id)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
