"""What the API answers and takes, as types; the OpenAPI description is made from these."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from riskmodel.products.audit import AUDIT_SHARE
from riskmodel.web.recorded import MOST_NUMBER

#: No control characters; what is asked for must be visible.
VISIBLE = r"^[^\x00-\x1f\x7f-\x9f]+$"
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=VISIBLE)]
Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_.-]+$")]
#: Most items of a page.
MOST_ITEMS = 1000
#: Highest place at which a page may begin.
MOST_OFFSET = 1_000_000


class Answer(BaseModel):
    """A part of an answer; numbers that are not known are null."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Asking(BaseModel):
    """Something that is asked; what is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Item = TypeVar("Item", bound=Answer)


def example(**values: Any) -> ConfigDict:
    """Settings of an answer with an example in its description."""
    return ConfigDict(
        frozen=True, extra="forbid", ser_json_inf_nan="null", json_schema_extra={"examples": [values]}
    )


class Source(Answer):
    """Which forecast an answer was read from: all of one answer is of one forecast."""

    experiment: str
    question: str
    event: str
    model: str
    model_version: str
    forecast_id: str
    snapshot: str
    origin_date: date
    known_at: date
    horizon: int


class Page(Answer, Generic[Item]):
    """Some of many items, in a fixed order."""

    items: list[Item]
    total: int = Field(ge=0)
    offset: int = Field(ge=0)
    limit: int = Field(ge=1)
    next: str | None = Field(description="Address of the next page; null on the last.")


class SourcedPage(Page[Item], Generic[Item]):
    """A page with the forecast it was read from."""

    source: Source


class Municipality(Answer):
    """A municipality with areas."""

    model_config = example(code="GM0983", name="Venlo", areas=21, own_data=False)
    code: str
    name: str
    areas: int
    own_data: bool = Field(description="Whether it has local sources, which only it may see.")


class Area(Answer):
    """An area."""

    model_config = example(
        code="WK098301", name="Venlo-Centrum", level="wijk", municipality="Venlo",
        municipality_code="GM0983", inhabitants=5600,
    )  # fmt: skip
    code: str
    name: str
    level: str
    municipality: str
    municipality_code: str
    inhabitants: float | None


class Change(Answer):
    """A change of the score since an earlier measurement, in score points."""

    since: int
    change: float | None


class Score(Answer):
    """State of an area at the last measurement; dimensions add up to the deviation in the wave they are of."""

    model_config = example(
        code="WK098301", name="Venlo-Centrum", municipality="Venlo", wave=2020, score=3.95, deviation=-0.152,
        score_class=5, class_name="voldoende", inhabitants=5600, dimensions_wave=2020,
        dimensions={"onv": -0.2, "soc": -0.05, "won": 0.02, "fys": 0.03, "vrz": 0.048},
        changes=[{"since": 2018, "change": 0.012}],
    )  # fmt: skip
    code: str
    name: str
    municipality: str
    wave: int
    score: float
    deviation: float
    score_class: int = Field(ge=1, le=9)
    class_name: str
    inhabitants: float | None
    dimensions_wave: int | None
    dimensions: dict[str, float | None]
    changes: list[Change]


class Quantile(Answer):
    """A quantile of the change, in score points."""

    level: float
    change: float


class Forecast(Answer):
    """What is expected of an area; a chance is of the event in ``source``."""

    model_config = example(
        code="WK098301", name="Venlo-Centrum", municipality="Venlo", rank=120, chance=0.08,
        expected_change=-0.004, lower80=-0.041, upper80=0.033, under_pressure=False, threatens=False,
        too_small=False, quantiles=[{"level": 0.1, "change": -0.041}, {"level": 0.9, "change": 0.033}],
        class_chances=[0, 0, 0, 0.05, 0.9, 0.05, 0, 0, 0],
    )  # fmt: skip
    code: str
    name: str
    municipality: str
    rank: int = Field(ge=1, description="1 = highest chance in the country; too small areas come last.")
    chance: float = Field(ge=0, le=1)
    expected_change: float
    lower80: float
    upper80: float
    under_pressure: bool
    threatens: bool
    too_small: bool = Field(description="So few inhabitants that nothing can be said.")
    quantiles: list[Quantile]
    class_chances: list[float] = Field(min_length=9, max_length=9)


class Contribution(Answer):
    """What a driver adds to the expected change, in score points; how the model adds up, not a cause."""

    driver: str
    label: str
    contribution: float


class Drivers(Answer):
    """How the expected change of an area is built up: ``base`` plus all contributions."""

    model_config = example(
        code="WK098301", name="Venlo-Centrum", municipality="Venlo", expected_change=-0.004, base=0.006,
        contributions=[{"driver": "safety", "label": "overlast en onveiligheid", "contribution": -0.01}],
    )  # fmt: skip
    code: str
    name: str
    municipality: str
    expected_change: float
    base: float
    contributions: list[Contribution]


class ListAsked(Asking):
    """A risk list that is asked for."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"municipalities": ["Venlo"], "capacity": 10}]},
    )
    municipalities: list[Name] = Field(
        default_factory=list, max_length=400, description="Names, GM codes or regions; none for the whole country."
    )
    experiment: Code | None = Field(None, description="The question; by default the main one.")
    capacity: int | None = Field(None, ge=1, le=20_000, description="How many areas can be visited.")
    audit_share: float = Field(AUDIT_SHARE, ge=0, le=1, description="Part of the visits that is drawn by lot.")


class Form(Answer):
    """A form in which a list can be had."""

    form: str
    href: str
    media_type: str


class RiskListAnswer(Answer):
    """A risk list with its number; the same number always gives the same list."""

    model_config = example(
        number=17, title="Risicolijst Venlo", municipalities=["GM0983"], capacity=10, audit_share=0.1,
        experiment="decline-2y", forecast_id="2020-79769c5c9b", model_version="lightgbm-2020-3a29e11975",
        code_version="0.1.0", made_on="2026-11-22", created_at="2026-11-22T20:00:00.000Z", who=None,
        areas="/api/v1/lists/17/areas",
        forms=[{"form": "csv", "href": "/api/v1/lists/17/risicolijst.csv", "media_type": "text/csv"}],
    )  # fmt: skip
    number: int = Field(ge=1, le=MOST_NUMBER)
    title: str
    municipalities: list[str]
    capacity: int | None
    audit_share: float
    experiment: str
    forecast_id: str
    model_version: str
    code_version: str
    made_on: date
    created_at: str
    who: str | None = Field(description="Who asked, for whoever asked and for analysts; null otherwise.")
    areas: str
    forms: list[Form]


class ListedArea(Answer):
    """A row of a risk list."""

    rank: int = Field(ge=1)
    code: str
    name: str
    municipality: str
    inhabitants: float | None
    score: float
    score_class: int
    class_name: str
    change_last: float | None
    change_long: float | None
    chance: float = Field(ge=0, le=1)
    expected_change: float
    lower80: float
    upper80: float
    under_pressure: bool
    threatens: bool
    too_small: bool
    on_list: bool
    audit: bool
    drivers_down: str
    drivers_up: str


class Version(Answer):
    """A version of a registered model."""

    number: str
    model_version: str
    aliases: list[str]


class Model(Answer):
    """What answers a question: the versions there are and the one that is served."""

    experiment: str
    question: str
    event: str
    horizon: int
    champion: str | None = Field(description="Number of the version that carries the alias champion.")
    serving: Source | None
    track_record: str
    versions: list[Version]


class Run(Answer):
    """A run in MLflow."""

    run_id: str
    parent_id: str | None
    experiment: str
    name: str
    status: str
    started_at: str
    ended_at: str | None
    parameters: dict[str, str]
    metrics: dict[str, float | None]
    tags: dict[str, str]


class Me(Answer):
    """Who asks, and what it may do."""

    model_config = example(name="token:0a1b2c3d4e5f", role="analyst", municipalities=["GM0983"])
    name: str | None
    role: str
    municipalities: list[str] | None = Field(description="Whose own data it may see; null for all.")


class Health(Answer):
    """The service is alive."""

    model_config = example(status="ok", version="0.1.0")
    status: str
    version: str


class Ready(Answer):
    """The service can answer."""

    model_config = example(status="ready", experiments=["decline-2y"])
    status: str
    experiments: list[str]


class PageAsked(Asking):
    """Which part of many items."""

    offset: int = Field(0, ge=0, le=MOST_OFFSET, description="How many items to skip.")
    limit: int = Field(100, ge=1, le=MOST_ITEMS, description="How many items at most.")


class AreasAsked(PageAsked):
    """Which areas."""

    municipality: list[Name] = Field(
        default_factory=list, max_length=50, description="Name, GM code or region; may be repeated."
    )
    area: list[Code] = Field(default_factory=list, max_length=100, description="Area code; may be repeated.")
    name: Name | None = Field(None, description="Part of the name of the area.")


class ForecastsAsked(AreasAsked):
    """Which areas, by which question."""

    experiment: Code | None = Field(None, description="By default the main question.")


class RunsAsked(PageAsked):
    """Which runs."""

    offset: int = Field(0, ge=0, le=10_000, description="How many runs to skip.")
    experiment: Code | None = None
