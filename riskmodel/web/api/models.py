"""Answers of the API as types, from which the OpenAPI description is made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from riskmodel.web.serving.recorded import MOST_NUMBER


class Answer(BaseModel):
    """A part of an answer; numbers that are not known are null."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


Item = TypeVar("Item", bound=Answer)


def example(**values: Any) -> ConfigDict:
    """Return the settings of an answer, with an example in its description."""
    return ConfigDict(
        frozen=True, extra="forbid", ser_json_inf_nan="null", json_schema_extra={"examples": [values]}
    )


def members(row: Mapping[Any, Any], model: type[Answer]) -> dict[str, Any]:
    """Return the members of an answer that a row has under the same name."""
    return {name: row[name] for name in model.model_fields if name in row}


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
        code="WK098311", name="Wijk 11 Venlo-Centrum", level="wijk", municipality="Venlo",
        municipality_code="GM0983", inhabitants=5000,
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
        code="WK098311", name="Wijk 11 Venlo-Centrum", municipality="Venlo", wave=2020, score=4.0111,
        deviation=-0.0912, score_class=6, class_name="ruim voldoende", inhabitants=5000, dimensions_wave=2020,
        dimensions={"onv": -0.1531, "soc": -0.0382, "won": -0.0464, "fys": -0.0013, "vrz": 0.1479},
        changes=[{"since": 2018, "change": -0.022}],
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


class Readings(Answer):
    """Chances of events at the target date, all of one distribution; null where the event cannot happen.

    All are null for an area too small to say anything.
    """

    p_slide: float | None = Field(ge=0, le=1, description="Lower class than now, and class 4 (zwak) or lower.")
    p_clear_slide: float | None = Field(ge=0, le=1, description="Class 4 or lower, and fallen by more than .05.")
    p_weak: float | None = Field(ge=0, le=1, description="Class 4 or lower.")
    p_lower_class: float | None = Field(ge=0, le=1, description="A lower class than now.")
    p_recover: float | None = Field(ge=0, le=1, description="Class 5 or higher, where it is lower now.")
    p_decline: float | None = Field(ge=0, le=1, description="A fall of more than .05.")
    target_date: date
    section: str = Field(description="to_weak, weak or other in a list about sliding; empty otherwise.")
    kind: str = Field(description="near: just above the border; real: a real fall; empty otherwise.")
    verdict: str = Field(description="threatens, raised, uncertain or empty.")
    reason: str = Field(description="Why there is no verdict or chance: small, new, lowest or empty.")


class Forecast(Readings):
    """What is expected of an area; a chance is of the event in ``source``, null where it is too small."""

    model_config = example(
        code="WK098322", name="Wijk 22 Blerick-Noord", municipality="Venlo", rank=226, chance=0.017,
        p_slide=0.017, p_clear_slide=0.029, p_weak=0.822, p_lower_class=0.017, p_recover=0.178,
        p_decline=0.029, target_date="2022-01-01", section="weak", kind="real", verdict="raised", reason="",
        expected_change=0.023, lower80=-0.016, upper80=0.062, under_pressure=True, threatens=False,
        too_small=False, quantiles=[{"level": 0.1, "change": -0.016}, {"level": 0.9, "change": 0.062}],
        class_chances=[0, 0, 0.017, 0.805, 0.16, 0.018, 0, 0, 0],
    )  # fmt: skip
    code: str
    name: str
    municipality: str
    rank: int = Field(ge=1, description="1 = highest chance in the country; too small areas come last.")
    chance: float | None = Field(ge=0, le=1)
    expected_change: float | None
    lower80: float | None
    upper80: float | None
    under_pressure: bool
    threatens: bool
    too_small: bool = Field(description="So few inhabitants that nothing can be said.")
    quantiles: list[Quantile] = Field(description="Empty for an area that is too small.")
    class_chances: list[float] = Field(max_length=9, description="Of classes 1 to 9; empty where too small.")


class Contribution(Answer):
    """What a driver adds to the expected change, in score points; how the model adds up, not a cause."""

    driver: str
    label: str
    contribution: float


class Drivers(Answer):
    """How the expected change of an area is built up: ``base`` plus all contributions."""

    model_config = example(
        code="WK098311", name="Wijk 11 Venlo-Centrum", municipality="Venlo", expected_change=0.0242, base=0.0099,
        too_small=False,
        contributions=[
            {"driver": "history", "label": "hoe hoog de score is en hoe hij veranderde", "contribution": 0.0051},
            {"driver": "reversal", "label": "de score naast wat hier gewoon is", "contribution": 0.0047},
        ],
    )  # fmt: skip
    code: str
    name: str
    municipality: str
    expected_change: float | None
    base: float | None
    too_small: bool = Field(description="So few inhabitants that nothing can be said: nothing is explained.")
    contributions: list[Contribution]


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
        code_version="0.1.0", made_on="2026-11-22", created_at="2026-11-22T20:00:00.000Z",
        who="token:0a1b2c3d4e5f",
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


class ListedArea(Readings):
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
    chance: float | None = Field(ge=0, le=1)
    expected_change: float | None
    lower80: float | None
    upper80: float | None
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
