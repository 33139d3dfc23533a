"""Parameters and bodies that the API accepts, as types; anything else is refused."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from riskmodel.products.risk_list.random_visits import RANDOM_SHARE

#: No control characters.
VISIBLE = r"^[^\x00-\x1f\x7f-\x9f]+$"
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=VISIBLE)]
Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_.-]+$")]
#: A whole number as it is written in an address: no sign, blanks, leading zeros or fraction.
Whole = Annotated[int, BeforeValidator(lambda value: _whole(value))]
#: Most items of a page.
MOST_ITEMS = 1000
#: Highest offset of a page.
MOST_OFFSET = 1_000_000


class Asking(BaseModel):
    """Parameters of a request; unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def strict_example(**values: Any) -> ConfigDict:
    """Return the settings of a body, with an example in its description."""
    return ConfigDict(frozen=True, extra="forbid", strict=True, json_schema_extra={"examples": [values]})


class ListAsked(Asking):
    """A risk list that is asked for."""

    model_config = strict_example(municipalities=["Venlo"], capacity=10)
    municipalities: list[Name] = Field(
        default_factory=list, max_length=400, description="Names, GM codes or regions; none for the whole country."
    )
    experiment: Code | None = Field(None, description="The question; by default the main one.")
    capacity: int | None = Field(None, ge=1, le=20_000, description="How many areas can be visited.")
    audit_share: float = Field(RANDOM_SHARE, ge=0, le=1, description="Part of the visits that is drawn by lot.")


class PageAsked(Asking):
    """Parameters of a page of items."""

    offset: Whole = Field(0, ge=0, le=MOST_OFFSET, description="How many items to skip.")
    limit: Whole = Field(100, ge=1, le=MOST_ITEMS, description="How many items at most.")


class AreasAsked(PageAsked):
    """Parameters of a page of areas."""

    municipality: list[Name] = Field(
        default_factory=list, max_length=50, description="Name, GM code or region; may be repeated."
    )
    area: list[Code] = Field(default_factory=list, max_length=100, description="Area code; may be repeated.")
    name: Name | None = Field(None, description="Part of the name of the area.")


class ForecastsAsked(AreasAsked):
    """Parameters of a page of forecasts or drivers."""

    experiment: Code | None = Field(None, description="By default the main question.")


class RunsAsked(PageAsked):
    """Parameters of a page of runs."""

    offset: Whole = Field(0, ge=0, le=10_000, description="How many runs to skip.")
    experiment: Code | None = None


def _whole(value: object) -> object:
    if isinstance(value, str) and not (value == "0" or re.fullmatch("[1-9][0-9]{0,17}", value)):
        raise ValueError("a whole number is expected, such as 25")
    return value
