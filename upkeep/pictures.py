"""Make the pictures of the docs, all of the invented country: no picture shows a real area.

Run by ``make pictures``, after ``make demo`` and ``make docs``; needs Debian's Chromium.
"""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
from PIL import Image
from playwright.sync_api import sync_playwright

import riskmodel
from riskmodel.forecasting.origins import backtest_origins
from riskmodel.workflow.tracking.pictures import split_picture
from riskmodel.workspace.store import Workspace

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
#: An invented municipality where some areas threaten to decline and others do not.
TOWN = "Kwakerburgh (voorbeeld)"
#: Enough for pages in few colours, and a third of the bytes.
COLOURS = 128


def main(demo: Path, site: Path) -> None:
    """Make all pictures from the folder of ``make demo`` and the built site."""
    PICTURES.mkdir(exist_ok=True)
    panel = Workspace(demo / "workspace").panel("wijk")
    picture = io.BytesIO()
    split_picture(backtest_origins(panel, 2), panel.waves).savefig(picture, format="png", dpi=100)
    save("origins", picture.getvalue())
    with sync_playwright() as play, tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(demo / "workspace")
        riskmodel.risk_list(workspace, Path(folder), municipality=[TOWN], capacity=8, forms=["html"])
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1180, "height": 1500})
        page.goto((Path(folder) / "risicolijst.html").as_uri())
        page.wait_for_timeout(500)
        save("list", page.screenshot())
        page.locator("table a[href^='#']").first.click()
        page.wait_for_timeout(500)
        save("area-sheet", page.screenshot())
        with service(workspace) as address:
            page.goto(f"{address}/nederland")
            page.wait_for_timeout(1000)
            save("national", page.screenshot())
            page.goto(f"{address}/hoe-goed")
            page.wait_for_timeout(500)
            save("how-good", page.screenshot())
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto((site / "index.html").resolve().as_uri())
        page.wait_for_timeout(500)
        save("front-page", page.screenshot())
        browser.close()


@contextmanager
def service(workspace: Workspace) -> Iterator[str]:
    """The service on a free port, once it has something to serve."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "riskmodel.cli",
        "serve",
        "--workspace",
        str(workspace.folder),
        "--port",
        str(port),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(120):
            time.sleep(1)
            with suppress(requests.RequestException):
                if requests.get(f"{address}/api/v1/ready", timeout=5).ok:
                    break
        yield address
    finally:
        process.terminate()
        process.wait(30)


def save(name: str, picture: bytes) -> None:
    """Write a PNG in few colours."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(PICTURES / f"{name}.png", optimize=True)
    print(PICTURES / f"{name}.png", (PICTURES / f"{name}.png").stat().st_size // 1000, "kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
