"""What a worker of a cluster is asked to do: one chunk, by the steps of the local engine."""

from __future__ import annotations

from riskmodel.errors import InputError
from riskmodel.scoring.inputs import Chunk
from riskmodel.scoring.job import Job, open_job
from riskmodel.scoring.parts import score_chunks

#: The four parts of a message, or nothing: an exception with arguments of its own does not travel well.
Refusal = tuple[str, str, str, str] | None


def score_one(job: Job, chunk: Chunk) -> Refusal:
    """Score a chunk and write its part; tells why it could not."""
    try:
        score_chunks(open_job(job), [chunk], workers=1)
    except InputError as error:
        return error.where, error.found, error.expected, str(error)
    return None


def raise_if(refusal: Refusal) -> None:
    """Raise what a worker told.

    Raises
    ------
    InputError
        If it told something.
    """
    if refusal is not None:
        where, found, expected, message = refusal
        hint = message.removeprefix(f"{where}: found {found}; expected {expected}.").strip()
        raise InputError(where, found, expected, hint)


def missing_extra(name: str) -> InputError:
    """The message where an engine is not installed."""
    return InputError(
        f"--engine {name}", f"{name} not installed", "it", f'Install the extra: pip install "riskmodel[{name}]"'
    )
