"""Dask: chunks of the same list go to the workers of a cluster, or of this machine where none is named."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from riskmodel.scoring.engine_local import raise_if, score_one
from riskmodel.scoring.inputs import Chunk
from riskmodel.scoring.job import Job
from riskmodel.scoring.parts import Done


def run_dask(job: Job, chunks: Sequence[Chunk], done: Done) -> None:
    """Score chunks on the current client, else on the cluster of Dask's configuration, else on this machine."""
    distributed: Any = import_module("distributed")
    try:
        client = distributed.get_client()
        own = None
    except ValueError:
        # Without an address this is the cluster of DASK_SCHEDULER_ADDRESS, or a new one on this machine.
        client = own = distributed.Client()
    try:
        # A part is written by a call, so a call with the same arguments is not the same call.
        futures = {client.submit(score_one, job, chunk, pure=False): chunk for chunk in chunks}
        for future in distributed.as_completed(list(futures)):
            raise_if(future.result())
            done(futures[future].rows)
    finally:
        if own is not None:
            own.close()
