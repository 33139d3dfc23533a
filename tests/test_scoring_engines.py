"""Dask and Spark on clusters of this machine: the bits of the local engine; and training through lightgbm.dask."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scoring_worlds import MORE, bytes_of, made_release, made_rows, write
from worlds import made_features, training_from

import riskmodel
from riskmodel.errors import InputError
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.scoring.release import Release

ROWS = 200_000
pytestmark = pytest.mark.long
DOCS = Path(__file__).parents[1] / "docs" / "scoring.md"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return made_release(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def local(release: Release, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The input in six files, and what the local engine makes of it with drivers."""
    folder = tmp_path_factory.mktemp("local")
    rows = made_rows(ROWS)
    rows.loc[::1000, "deviation"] = np.nan
    for number, part in enumerate(np.array_split(np.arange(ROWS), 6)):
        write(rows.iloc[part], folder / "in" / f"part={number % 2}" / f"{number}.parquet")
    done = riskmodel.score(folder / "in", release.folder, folder / "out", drivers=True)
    assert done.manifest["totals"]["scored"] == ROWS - 200
    return folder / "in", folder / "out"


@pytest.fixture(scope="module")
def client() -> Iterator[object]:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install riskmodel[dask]")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as made,
    ):
        yield made


def test_dask_gives_the_bits_of_the_local_engine(
    client: object, release: Release, local: tuple[Path, Path], tmp_path: Path
) -> None:
    source, expected = local
    seen: list[tuple[int, int]] = []
    riskmodel.score(
        source,
        release.folder,
        tmp_path / "out",
        drivers=True,
        engine="dask",
        progress=lambda *rows: seen.append(rows),
    )
    assert bytes_of(tmp_path / "out") == bytes_of(expected)
    assert seen[0] == (0, ROWS)
    assert seen[-1] == (ROWS, ROWS)


def test_begun_here_and_finished_on_dask(
    client: object, release: Release, local: tuple[Path, Path], tmp_path: Path
) -> None:
    source, expected = local
    out = tmp_path / "out"
    shutil.copytree(expected, out)
    (out / "manifest.json").unlink()
    (out / "scores" / "part=0" / "2-00000.parquet").unlink()
    riskmodel.score(source, release.folder, out, drivers=True, engine="dask")
    assert bytes_of(out) == bytes_of(expected)


def test_a_worker_tells_what_is_wrong(client: object, release: Release, tmp_path: Path) -> None:
    # A column that is a number by its type and damaged further on is found where it is read.
    path = write(made_rows(50_000), tmp_path / "in.parquet")
    content = bytearray(path.read_bytes())
    content[1000:9000] = b"\xff" * 8000
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read") as raised:
        riskmodel.score(path, release.folder, tmp_path / "out", engine="dask")
    assert raised.value.expected == "a whole file"
    assert str(raised.value).count("expected") == 1


def test_spark_gives_the_bits_of_the_local_engine(
    release: Release, local: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: pip install riskmodel[spark]")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("Spark needs Java, which is not here")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    source, expected = local
    session = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        riskmodel.score(source, release.folder, tmp_path / "out", drivers=True, engine="spark")
        assert bytes_of(tmp_path / "out") == bytes_of(expected)
    finally:
        session.stop()


def test_trees_grown_on_dask(client: object) -> None:
    """The recipe of the documentation, as it stands there."""
    pytest.importorskip("dask.array", reason="Dask is not installed: pip install riskmodel[dask]")
    [recipe] = [text for text in DOCS.read_text(encoding="utf-8").split("```") if "def fit_on_dask" in text]
    scope: dict[str, object] = {}
    exec(recipe.removeprefix("python\n"), scope)
    features, rng = made_features(6000, MORE)
    change = 0.02 * features.values[:, 0] - 0.02 * np.sign(features.column("onv.level"))
    training = training_from(features, change + 0.02 * rng.standard_t(5, 6000))
    settings = {"trees": 40, "min_in_leaf": 50, "learning_rate": 0.1}
    grown = scope["fit_on_dask"](client, training, np.array([-0.05]), 3000, **settings)
    alone = LightGBM(**settings).fit(training, np.array([-0.05]))
    one, other = (model.distribution(features).mean() for model in (grown, alone))
    assert np.corrcoef(one, other)[0, 1] > 0.99
    told = grown.contributions(features).sum(axis=1)
    np.testing.assert_allclose(told, one, atol=1e-9)
