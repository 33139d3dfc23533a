"""A scoring job: all that a worker needs to score any chunk, small enough to send anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.structural import SPREAD, Structural
from riskmodel.scoring.driver_sums import DriverSums, driver_sums
from riskmodel.scoring.reference import FeatureReference, load_reference
from riskmodel.scoring.release import Release, load_release
from riskmodel.scoring.scorer import Scorer
from riskmodel.workspace.versions import package_version

#: Packages whose version may change a bit of the output.
THAT_MATTER = ("lightgbm", "numba", "numpy", "pyarrow", "scipy")
#: Column beside the features that every model needs.
DEVIATION = "deviation"


@dataclass(frozen=True)
class Job:
    """What to score, with what, and where to.

    Attributes
    ----------
    release : str
        Folder of the released model.
    root : str
        Folder of the input.
    output : str
        Folder of the output.
    keep : tuple of str
        Columns that are carried along.
    drivers : bool
        Whether drivers are given.
    how : str
        Method of their sums, see :class:`~riskmodel.scoring.driver_sums.DriverSums`; empty for not at all.
    versions : tuple of (str, str)
        Packages that matter and their versions.
    """

    release: str
    root: str
    output: str
    keep: tuple[str, ...]
    drivers: bool
    how: str = ""
    versions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Opened:
    """A job on the worker that does it.

    Attributes
    ----------
    job : Job
        The job.
    scorer : Scorer
        The model.
    reference : tuple of FeatureReference, optional
        What it learned from.
    """

    job: Job
    scorer: Scorer
    reference: tuple[FeatureReference, ...] | None

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns that must be numbers: the deviation, then the features."""
        return (DEVIATION, *self.scorer.release.model.names)

    @property
    def required(self) -> tuple[int, ...]:
        """Indices in :attr:`numbers` without which the model has no answer."""
        return tuple(self.numbers.index(name) for name in required_columns(self.scorer.release))


def required_columns(release: Release) -> tuple[str, ...]:
    """Columns that may not be missing in a row: without a spread there is no distribution."""
    own = (SPREAD,) if isinstance(release.model, LightGBM | Structural) else ()
    return (DEVIATION, *own)


def versions() -> tuple[tuple[str, str], ...]:
    """Versions here of what may change a bit of the output; empty for what is not installed."""
    return tuple((name, package_version(name)) for name in ("riskmodel", *THAT_MATTER))


def open_here(job: Job, release: Release, drivers: DriverSums | None) -> Opened:
    """A job for the process that made it."""
    return Opened(job, Scorer(release, drivers), load_reference(release.folder, release.model.names))


@lru_cache(maxsize=1)
def open_job(job: Job) -> Opened:
    """Load what a job needs on a worker, once a process."""
    release = load_release(Path(job.release))
    drivers = driver_sums(release.model) if job.drivers else None
    how = "" if drivers is None else drivers.how
    if job.versions != versions() or job.how != how:
        here = [f"{name} {number}" for name, number in (*versions(), ("drivers by", how))]
        there = [f"{name} {number}" for name, number in (*job.versions, ("drivers by", job.how))]
        raise InputError(
            "a worker", ", ".join(here), ", ".join(there), "Every worker needs the same packages as the start."
        )
    return open_here(job, release, drivers)
