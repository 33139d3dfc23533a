"""Publication standard 1.0 of the Dutch algorithm register: its fields, and validation of an entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from riskmodel.catalogue import load

#: What looks like a tag of HTML, and the name of the element.
TAG = re.compile(r"</?\s*([A-Za-z][A-Za-z0-9]*)[^>]*>")


@dataclass(frozen=True)
class StandardField:
    """One field of the standard.

    Attributes
    ----------
    key, title : str
        Name in an entry, and in Dutch.
    type : {"text", "choice", "choices", "links"}
        A text, one of the permitted values, a list of them, or a list of titles with an address.
    required : bool
        Whether an entry must have it.
    longest : int
        Most characters; 0 for no limit.
    permitted : tuple of str
        The only values allowed; empty for any.
    html : tuple of str
        Elements of HTML that a text may hold.
    pattern : str
        Regular expression of the whole value; empty for any.
    items : tuple of StandardField
        Of every link in a list.
    """

    key: str
    title: str
    type: Literal["text", "choice", "choices", "links"]
    required: bool = False
    longest: int = 0
    permitted: tuple[str, ...] = ()
    html: tuple[str, ...] = ()
    pattern: str = ""
    items: tuple[StandardField, ...] = ()


@dataclass(frozen=True)
class Problem:
    """What is wrong with one value of an entry.

    Attributes
    ----------
    key : str
        The field.
    found, expected : str
        The value and what was expected.
    """

    key: str
    found: str
    expected: str


@cache
def standard_fields() -> dict[str, StandardField]:
    """Return all fields by key, in the order of the standard."""
    return {key: _field(key, entry) for key, entry in load("algoritmeregister").items()}


def problems_of(entry: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return the violations of the standard by an entry; empty for a valid one."""
    fields = standard_fields()
    found = [Problem(str(key), "a field", "a field of the standard") for key in entry if key not in fields]
    for key, field in fields.items():
        if key in entry:
            found += problems_of_value(field, entry[key])
        elif field.required:
            found.append(Problem(key, "nothing", "a value: the field is required"))
    return tuple(found)


def problems_of_value(field: StandardField, value: Any) -> Iterator[Problem]:
    """Yield what is wrong with the value of one field."""
    if field.type == "links":
        yield from _links(field, value)
    elif field.type == "choices":
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            yield Problem(field.key, _shown(value), "a list of texts")
            return
        for each in value:
            yield from _text(field, each)
    else:
        yield from _text(field, value)


def _field(key: str, entry: Mapping[str, Any]) -> StandardField:
    lists = {name: tuple(entry.get(name, ())) for name in ("permitted", "html")}
    items = tuple(_field(name, each) for name, each in entry.get("items", {}).items())
    return StandardField(key=key, **{**entry, **lists, "items": items})


def _text(field: StandardField, value: Any) -> Iterator[Problem]:
    if not isinstance(value, str) or not value.strip():
        yield Problem(field.key, _shown(value), "a text")
        return
    if field.longest and len(value) > field.longest:
        yield Problem(field.key, f"{len(value):,} characters", f"at most {field.longest:,}")
    if field.permitted and value not in field.permitted:
        yield Problem(field.key, _shown(value), f"one of {', '.join(field.permitted)}")
    if field.pattern and not re.fullmatch(field.pattern, value):
        yield Problem(field.key, _shown(value), _written(field))
    strange = [tag for tag in TAG.findall(value) if tag.lower() not in field.html]
    if strange:
        allowed = f"only the elements {', '.join(field.html)}" if field.html else "plain text"
        yield Problem(field.key, f"HTML element {strange[0]!r}", allowed)


def _links(field: StandardField, value: Any) -> Iterator[Problem]:
    if not isinstance(value, list) or not value or not all(isinstance(each, dict) for each in value):
        yield Problem(field.key, _shown(value), "a list of entries with title and link")
        return
    known = {item.key: item for item in field.items}
    for number, each in enumerate(value, 1):
        where = f"{field.key}, entry {number}"
        for key in each:
            if key not in known:
                yield Problem(where, f"{key!r}", f"{' and '.join(known)}")
        for key, item in known.items():
            if key in each:
                for problem in _text(item, each[key]):
                    yield Problem(f"{where}, {key}", problem.found, problem.expected)
            elif item.required:
                yield Problem(where, f"no {key}", "one")


def _written(field: StandardField) -> str:
    if "date" in field.key:
        return "a year and month such as 2023-01"
    if field.key == "contact_email":
        return "an e-mail address, or a website that begins with https://"
    return "an address that begins with https://"


def _shown(value: Any) -> str:
    return repr(value)[:80]
