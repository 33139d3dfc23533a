"""The registered model behind MLflow's own server, in another process: the numbers of ``riskmodel score``."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests
from web_worlds import ROOT, copy_of, trained

import riskmodel
from riskmodel.workflow.tracking.store import store_uri
from riskmodel.workspace.store import Workspace

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name != "posix", reason="process groups are those of POSIX")]
ANSWERS = ["p_decline", "expected_change", "lower80", "upper80"]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return copy_of(trained(tmp_path_factory.getbasetemp()), tmp_path_factory.mktemp("serve"))


@pytest.fixture(scope="module")
def scored(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features of the last wave, and what ``riskmodel score`` says of them."""
    out = tmp_path_factory.mktemp("scored") / "out"
    riskmodel.score(workspace.folder, "decline-2y", out, drivers=True, workspace=workspace)
    parts = [pd.read_parquet(path) for path in sorted((out / "scores").rglob("*.parquet"))]
    return pd.read_parquet(out / "features.parquet"), pd.concat(parts, ignore_index=True)


def asked_over_http(workspace: Workspace, table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Start ``mlflow models serve``, ask once, stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_TRACKING_URI": store_uri(workspace),
        # MLflow looks for its server there.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", "models:/change-2y-wijk@champion"]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        end = time.monotonic() + 120
        while True:
            assert server.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            try:
                if requests.get(f"http://127.0.0.1:{port}/ping", timeout=5).ok:
                    break
            except requests.ConnectionError:
                time.sleep(0.3)
        body = json.dumps({"dataframe_split": json.loads(table.to_json(orient="split", double_precision=15))})
        answer = requests.post(
            f"http://127.0.0.1:{port}/invocations",
            data=body,
            headers={"content-type": "application/json"},
            timeout=120,
        )
        assert answer.ok, answer.text
        return pd.DataFrame(answer.json()["predictions"])
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def test_mlflow_serves_the_numbers_of_riskmodel_score(
    workspace: Workspace, scored: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    features, expected = scored
    answered = asked_over_http(workspace, features.drop(columns="location"), tmp_path)
    assert list(answered.columns) == [name for name in expected.columns if name != "location"]
    assert len(answered) == len(expected) == len(features)
    # JSON has fifteen digits behind the point.
    for name in answered.columns:
        np.testing.assert_allclose(answered[name], expected[name], atol=1e-12, err_msg=name)
    assert answered["p_decline"].between(0, 1).all() and answered["p_decline"].nunique() > 100
    drivers = answered.filter(like="driver_").sum(axis=1)
    np.testing.assert_allclose(drivers, answered["expected_change"], atol=1e-9)


def test_load_model_elsewhere_gives_the_bits_of_riskmodel_score(
    workspace: Workspace, scored: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    features, expected = scored
    features.to_parquet(tmp_path / "in.parquet")
    code = (
        "import sys, mlflow, pandas as pd\n"
        "mlflow.set_tracking_uri(sys.argv[1])\n"
        "model = mlflow.pyfunc.load_model('models:/change-2y-wijk@champion')\n"
        "outputs = [each.name for each in model.metadata.signature.outputs]\n"
        "made = model.predict(pd.read_parquet(sys.argv[2]).drop(columns='location'))\n"
        "assert outputs == list(made.columns), outputs\n"
        "made.to_parquet(sys.argv[3])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"}
    files = [str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet")]
    command = [sys.executable, "-c", code, store_uri(workspace), *files]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    answered = pd.read_parquet(files[1])
    assert {*ANSWERS, "driver_base"} < set(answered.columns)
    for name in answered.columns:
        np.testing.assert_array_equal(answered[name].to_numpy(), expected[name].to_numpy(), err_msg=name)
