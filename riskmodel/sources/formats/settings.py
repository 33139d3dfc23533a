"""Settings from files of users: pydantic checks them, and what is wrong becomes one :class:`InputError`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Annotated, Any, TypeVar, dataclass_transform, get_args

from pydantic import ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import CoreSchema, core_schema

from riskmodel.errors import InputError

CONFIG = ConfigDict(extra="forbid", coerce_numbers_to_str=True)
#: Longest value that a message repeats.
LONGEST = 80
#: Words for what was expected, by pydantic's type of error.
WORDS = {
    "bool_type": "true or false",
    "dataclass_type": "keys and values",
    "float_parsing": "a number",
    "float_type": "a number",
    "string_type": "a text",
    "tuple_type": "a list",
}
Made = TypeVar("Made")


class Expected:
    """Annotation of a field: limits that pydantic checks, and the words for what was expected.

    With limits a number must be one of its type: no text and no truth value. The value itself stays as it was.

    Examples
    --------
    >>> @settings("lamp")
    ... class Lamp:
    ...     watts: Annotated[int, Expected("a whole number from 1 to 60", ge=1, le=60)] = 40
    >>> Lamp(watts=75)
    Traceback (most recent call last):
    riskmodel.errors.InputError: lamp.watts: found 75; expected a whole number from 1 to 60.
    """

    def __init__(self, text: str, **limits: float) -> None:
        self.text, self.limits = text, limits

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: Any = {**handler(source), **self.limits, **({"strict": True} if self.limits else {})}
        return core_schema.no_info_wrap_validator_function(self._check, schema)

    def _check(self, value: Any, check: Callable[[Any], Any]) -> Any:
        try:
            check(value)
        except ValidationError as error:
            raise InputError("", repr(value)[:LONGEST], self.text) from error
        return value


def between(lowest: float, highest: float) -> Expected:
    """A number from ``lowest`` to ``highest``, both included; whole where the limits are."""
    kind = "a whole number" if isinstance(lowest, int) else "a number"
    return Expected(f"{kind} from {lowest:g} to {highest:g}", ge=lowest, le=highest)


#: A whole number that any database can hold.
Whole = Annotated[int, Expected("a whole number", ge=0, lt=2**31)]


@dataclass_transform(frozen_default=True)
def settings(where: str) -> Callable[[type[Made]], type[Made]]:
    """A frozen dataclass with values checked by pydantic and no unknown keys; ``where`` begins messages."""

    def decorate(cls: type[Made]) -> type[Made]:
        made: Any = dataclass(frozen=True, config=CONFIG)(cls)
        check = made.__init__

        @wraps(check)
        def init(self: Any, *args: Any, **values: Any) -> None:
            try:
                check(self, *args, **values)
            except ValidationError as error:
                raise refusal(where, made, error) from error

        made.__init__ = init
        checked: type[Made] = made
        return checked

    return decorate


def refusal(where: str, owner: type, error: ValidationError) -> InputError:
    """The first thing that is wrong, as where it is, what was found and what was expected."""
    first = error.errors(include_url=False)[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InputError) and cause.where:
        return cause
    names = [key for key in first["loc"] if isinstance(key, str)]
    path = ".".join(filter(None, (where, *names)))
    if isinstance(cause, InputError):
        return InputError(path, cause.found, cause.expected, cause.hint)
    if first["type"] in ("missing", "unexpected_keyword_argument"):
        found = f"{'no' if first['type'] == 'missing' else 'unknown'} key {names[-1]!r}"
        expected = f"keys {', '.join(_keys(owner, names[:-1]))}"
        return InputError(path.rpartition(".")[0], found, expected)
    found = first["input"]
    shown = type(found).__name__ if first["type"] == "dataclass_type" else repr(found)[:LONGEST]
    return InputError(path, shown, WORDS.get(first["type"], first["msg"]))


def _keys(owner: Any, path: Sequence[str]) -> list[str]:
    """Names of the fields of the settings at a path."""
    for name in path:
        annotation = owner.__pydantic_fields__[name].annotation
        owner = next(each for each in (annotation, *get_args(annotation)) if is_dataclass(each))
    return [field.name for field in fields(owner)]
