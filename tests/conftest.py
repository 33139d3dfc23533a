"""Fixtures that several test files share: the invented country, a workspace of it, and the official files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import browser as browser
from hypothesis import Phase, settings
from threadpoolctl import threadpool_limits

from riskmodel.workflow import ingest as ingesting
from riskmodel.workflow.example import ExampleFiles, write_example
from riskmodel.workspace.store import Workspace

# How long an example takes depends on what else the machine does: a limit on it fails a test for nothing.
settings.register_profile("default", deadline=None)
settings.load_profile("default")
# For mutation testing: the same examples every time, and no search for the smallest one that fails.
settings.register_profile(
    "mutation", deadline=None, phases=[Phase.explicit, Phase.generate], derandomize=True, database=None
)

OFFICIAL_FILES = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def example_files(tmp_path_factory: pytest.TempPathFactory) -> ExampleFiles:
    """Files of an invented country of 400 areas."""
    return write_example(tmp_path_factory.mktemp("example_files"), n_areas=400)


@pytest.fixture(scope="session")
def example_workspace(tmp_path_factory: pytest.TempPathFactory, example_files: ExampleFiles) -> Workspace:
    """A workspace with these files ingested. Shared: a test that changes it takes a copy."""
    workspace = Workspace(tmp_path_factory.mktemp("example_workspace"))
    ingesting.ingest_leefbaarometer([example_files.leefbaarometer], workspace)
    ingesting.ingest_kwb(example_files.kwb, workspace)
    return workspace


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """As in a backtest: on matrices of this size threads wait for each other."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with the official files, which the project does not ship."""
    if not OFFICIAL_FILES.is_dir():
        pytest.skip("the official files are not here (../shared/data)")
    return OFFICIAL_FILES
