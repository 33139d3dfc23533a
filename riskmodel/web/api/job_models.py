"""Bodies and answers of the routes for uploads and jobs, as types."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from riskmodel.web.api.asked import Asking, Code, Name, strict_example
from riskmodel.web.api.models import Answer, example, members
from riskmodel.web.jobs.jobs import Job
from riskmodel.web.jobs.uploads import Upload

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", min_length=16, max_length=16)]


class UploadAsked(Asking):
    """Parameters of an upload."""

    name: Name | None = Field(None, description="What you call it: a label, never a path.")
    municipality: str | None = Field(
        None,
        pattern=r"^GM[0-9]{4}$",
        description="Whose it is, when your login belongs to several municipalities or to none.",
    )


class JobAsked(Asking):
    """A file to score."""

    model_config = strict_example(upload="0a1b2c3d4e5f6071", experiment="decline-2y")
    upload: Id
    experiment: Code | None = Field(None, description="The question; by default the main one.")
    version: str | None = Field(
        None, pattern=r"^[1-9][0-9]{0,8}$", description="Number of the model; by default the champion's."
    )
    drivers: bool = Field(False, description="Whether to tell how each expected change is built up.")


class UploadAnswer(Answer):
    """An uploaded file."""

    model_config = example(
        id="0a1b2c3d4e5f6071", name="cellen.csv", municipality="GM0983", who="token:0a1b2c3d4e5f", kind="csv",
        bytes=1234567, rows=12000, columns=47, created_at="2026-11-22T20:00:00.000Z",
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    )  # fmt: skip
    id: str
    name: str | None
    municipality: str | None = Field(description="The only one that may see it; null for the organisation.")
    who: str
    kind: Literal["csv", "parquet"]
    bytes: int
    rows: int
    columns: int
    sha256: str
    created_at: str


class Result(Answer):
    """What came out: every row of the file is scored or rejected."""

    href: str
    bytes: int
    sha256: str
    rows: int
    scored: int
    rejected: int
    reasons: dict[str, int] = Field(description="Rejected rows by reason.")


class JobAnswer(Answer):
    """A background job."""

    model_config = example(
        id="1b2c3d4e5f607182", state="done", upload="0a1b2c3d4e5f6071", experiment="decline-2y", version="3",
        model_version="lightgbm-2020-3a29e11975", drivers=False, municipality="GM0983", who="token:0a1b2c3d4e5f",
        rows_done=12000, rows_total=12000, progress=1.0, rows_per_second=9500.0, attempts=1, message="",
        created_at="2026-11-22T20:00:00.000Z", started_at="2026-11-22T20:00:01.000Z",
        heartbeat_at="2026-11-22T20:00:03.000Z", ended_at="2026-11-22T20:00:04.000Z",
        result={
            "href": "/api/v1/jobs/1b2c3d4e5f607182/result", "bytes": 481203, "sha256": "5e" * 32,
            "rows": 12000, "scored": 11998, "rejected": 2, "reasons": {"no number": 2},
        },
    )  # fmt: skip
    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    upload: str
    experiment: str
    version: str
    model_version: str
    drivers: bool
    municipality: str | None
    who: str
    rows_done: int
    rows_total: int
    progress: float = Field(ge=0, le=1)
    rows_per_second: float | None
    attempts: int = Field(description="How often it was started.")
    message: str | None = Field(description="Why it failed, or began again.")
    created_at: str
    started_at: str | None
    heartbeat_at: str | None = Field(description="Last sign of life of a job that is running.")
    ended_at: str | None
    result: Result | None


def upload_answer(found: Upload) -> UploadAnswer:
    """Return an upload as the API has it."""
    return UploadAnswer(
        **members(vars(found), UploadAnswer)
        | {
            "name": found.name or None,
            "municipality": found.municipality or None,
            "columns": len(found.header),
        }
    )


def job_answer(found: Job, root: str) -> JobAnswer:
    """Return a job as the API has it; ``root`` is the path below which the service is shown."""
    result = None
    if found.state == "done":
        href = f"{root}/api/v1/jobs/{found.id}/result"
        result = Result(href=href, **members(found.result["totals"] | found.result, Result))
    return JobAnswer(
        **members(vars(found), JobAnswer)
        | {
            "upload": found.upload_id,
            "experiment": found.options.experiment,
            "version": found.options.version,
            "model_version": found.options.release,
            "drivers": found.options.drivers,
            "municipality": found.municipality or None,
            "progress": found.rows_done / found.rows_total if found.rows_total else 0.0,
            "rows_per_second": found.rate,
            "message": found.message or None,
            "result": result,
        }
    )
