"""One machine: threads that share one reader."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from riskmodel.errors import InputError
from riskmodel.forecasting.models.treeshap.compiled import processors
from riskmodel.scoring.inputs import Chunk
from riskmodel.scoring.job import Job, Opened, open_job
from riskmodel.scoring.parts import Done, score_chunks


def run_local(opened: Opened, chunks: Sequence[Chunk], done: Done) -> None:
    """Score chunks with as many threads as there are processors."""
    score_chunks(opened, chunks, processors(), done)


#: The four parts of a message, or nothing: an exception with arguments of its own does not travel well.
Refusal = tuple[str, str, str, str] | None
#: What an engine needs beside the package; each is an extra with the engine's name.
LIBRARIES = {"dask": "distributed", "spark": "pyspark"}


def score_one(job: Job, chunk: Chunk) -> Refusal:
    """Score a chunk and write its part; the refusal where it could not."""
    try:
        score_chunks(open_job(job), [chunk], workers=1)
    except InputError as error:
        return error.where, error.found, error.expected, error.hint
    return None


def raise_if(refusal: Refusal) -> None:
    """Raise the refusal of a worker."""
    if refusal is not None:
        raise InputError(*refusal)


def require(engine: str) -> None:
    """Make sure that the library of an engine is here, before anything is written."""
    library = LIBRARIES.get(engine)
    if library is not None and find_spec(library) is None:
        raise InputError(
            f"--engine {engine}",
            f"no {library}",
            "the library of this engine",
            f"Install it with: pip install 'riskmodel[{engine}]'",
        )
