"""What the keys of the mapping of a local file may be, and the messages about those that are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    Strict,
    StringConstraints,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema

from riskmodel.errors import InputError

#: Marks in a draft what cannot be seen in the file.
BLANK = "..."
#: Period of a value: a state on a day, or events of a year.
STATE, WHOLE_YEAR = "1 January", "whole year"
FIRST_YEAR, LAST_YEAR = 1995, 2049

Model = TypeVar("Model", bound="Section")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Expected:
    """Annotation of a field: words for what its value must be, and the values themselves where they are few."""

    words: str
    values: tuple[str, ...] = ()

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(self.values)) if self.values else handler(source)


def one_of(*values: str) -> Expected:
    """Annotation of a field that has one of some texts."""
    return Expected(f"one of {', '.join(map(repr, values))}", values)


def whole(lowest: int, highest: int) -> tuple[Any, Expected]:
    """Annotations of a field that has a whole number between two others."""
    return Field(ge=lowest, le=highest), Expected(f"a whole number from {lowest} to {highest}")


def _year_key(key: object) -> object:
    return int(key) if isinstance(key, str) and key.isascii() and key.isdigit() and len(key) == 4 else key


_Bounds = Field(ge=FIRST_YEAR, le=LAST_YEAR)
Text = Annotated[str, StringConstraints(pattern=r"\S"), Expected("a text")]
AnyText = Annotated[str, Expected("a text")]
YesNo = Annotated[bool, Expected("true or false")]
Number = Annotated[float, Expected("a number")]
Texts = Annotated[tuple[str, ...], Strict(False), Expected("a list of texts")]
Year = Annotated[int, _Bounds, Expected(f"a year from {FIRST_YEAR} to {LAST_YEAR}")]
ByYear: TypeAlias = Annotated[
    dict[Annotated[int, BeforeValidator(_year_key), _Bounds], Value], Field(min_length=1)
]
Days = Annotated[ByYear[date], Expected("days by year, such as { 2022 = 2023-03-15 }")]
Columns = Annotated[ByYear[Text], Expected('columns by year, such as { 2022 = "aantal 2022" }')]
Beside = Annotated[
    Text | ByYear[Text], Expected("a column, or columns by year where the values have columns by year")
]


class Section(BaseModel):
    """A section of a mapping: no unknown keys, no conversions of values, no changes afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


Sections: TypeAlias = Mapping[str, type[Section]]


def refuse_blanks(path: Path, document: dict[str, Any], meanings: Mapping[str, str]) -> None:
    """Refuse a document that still has blanks, naming all of them and what may be written there."""
    names = _blanks(document)
    if names:
        asked = {name.rsplit(".", 1)[-1] for name in names}
        hint = "; ".join(f"{key} is {meaning}" for key, meaning in meanings.items() if key in asked)
        hint = f"{hint[:1].upper()}{hint[1:]}." if hint else ""
        raise InputError(path, f'"{BLANK}" at {", ".join(names)}', f'every "{BLANK}" filled in', hint)


def _blanks(value: object, name: str = "") -> list[str]:
    if value == BLANK:
        return [name]
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in _blanks(item, f"{name}.{key}".strip("."))]
    return []


def checked(path: Path, model: type[Model], document: dict[str, Any], sections: Sections) -> Model:
    """The document of a mapping as a model; ``sections`` has the models of its parts by their names."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = [(_names(each["loc"], sections), each["type"]) for each in error.errors(include_url=False)]
    # An unknown key explains why another one is absent.
    names, kind = next((fault for fault in faults if fault[1] == "extra_forbidden"), faults[0])
    *section, key = names
    where = f"{path}, [{'.'.join(section)}]" if section else path
    if key == "[key]":
        raise InputError(where, repr(section[-1]), "a name of lower-case letters, digits and underscores")
    owner: type[Section] = sections[section[0]] if section else model
    fields = {field.alias or name: field for name, field in owner.model_fields.items()}
    if kind == "extra_forbidden":
        raise InputError(where, f"unknown key {key!r}", f"one of {', '.join(fields)}")
    if kind == "missing":
        raise InputError(where, f"no {key!r}", _words(fields[key]))
    value: Any = document
    for name in names:
        value = value[name]
    raise InputError(where, f"{key} = {value!r}", _words(fields[key]))


def _names(location: tuple[int | str, ...], sections: Sections) -> tuple[str, ...]:
    """The sections around a fault and the key in them; pydantic goes on into the value of the key."""
    depth = 0 if location[0] not in sections else 2 if location[0] == "indicators" else 1
    return tuple(map(str, location[: depth + 1] if len(location) > depth else location[:1]))


def _words(field: FieldInfo) -> str:
    parts = (getattr(each, "__metadata__", ()) for each in get_args(field.annotation))
    return next(each.words for each in chain(field.metadata, *parts) if isinstance(each, Expected))
