"""One machine: threads that share one reader."""

from __future__ import annotations

import os
from collections.abc import Sequence

from riskmodel.scoring.inputs import Chunk
from riskmodel.scoring.job import Opened
from riskmodel.scoring.parts import Done, score_chunks


def run_local(opened: Opened, chunks: Sequence[Chunk], done: Done) -> None:
    """Score chunks with as many threads as there are processors.

    Parameters
    ----------
    opened : Opened
        The job.
    chunks : sequence of Chunk
        What to score.
    done : callable
        Told the number of rows after each batch.
    """
    score_chunks(opened, chunks, processors(), done)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
