"""The entry for the *Algoritmeregister*: values from the model, and answers of the organisation.

Names and lengths of the fields are those of publication standard 1.0, see
:mod:`riskmodel.products.governance.register_standard`. Answers that only a person can give are never filled in: an
open field that is required is ``null`` in the entry, which no program takes for a valid value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from riskmodel.errors import InputError, refuse_damage
from riskmodel.products.governance.register_standard import (
    Problem,
    StandardField,
    problems_of,
    problems_of_value,
    standard_fields,
)
from riskmodel.products.governance.register_words import ASKS

#: Name of the entry in the folder of a released model.
ENTRY = "register_entry.json"


@dataclass(frozen=True)
class Field:
    """One field of the entry.

    Attributes
    ----------
    standard : StandardField
        The field in the standard.
    value : str, list or None
        Its value; None when only a person can give it.
    ask : str
        The question to a person; empty when there is none left.
    """

    standard: StandardField
    value: Any
    ask: str

    @property
    def label(self) -> str:
        """Name of the field in Dutch."""
        return self.standard.title

    @property
    def required(self) -> bool:
        """Whether the standard asks for it."""
        return self.standard.required

    @property
    def missing(self) -> bool:
        """Whether the entry is not complete without an answer."""
        return self.required and self.value is None

    @property
    def text(self) -> str:
        """The value for a reader; empty when there is none."""
        if isinstance(self.value, list):
            return "; ".join(each if isinstance(each, str) else each["title"] for each in self.value)
        return str(self.value or "")


@dataclass(frozen=True)
class Entry:
    """An entry, filled in as far as it can be.

    Attributes
    ----------
    values : dict
        By key, in the order of the standard; None for a required field that is open.
    fields : tuple of Field
        All that has a value or is asked for, in the same order.
    """

    values: dict[str, Any]
    fields: tuple[Field, ...]

    @property
    def missing(self) -> tuple[Field, ...]:
        """Required fields that a person must still fill in."""
        return tuple(field for field in self.fields if field.missing)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Violations of the standard; empty for a complete entry."""
        return problems_of({key: value for key, value in self.values.items() if value is not None})

    @property
    def text(self) -> str:
        """The entry as JSON."""
        return json.dumps(self.values, indent=2, ensure_ascii=False) + "\n"


def entry_of(values: Mapping[str, Any], answers: Mapping[str, Any] | None = None) -> Entry:
    """Return an entry from the values of a model and the answers of people; an answer replaces a value."""
    answers = answers or {}
    both = {key: value for key, value in {**values, **answers}.items() if value is not None}
    standard = standard_fields()
    return Entry(
        {key: both.get(key) for key, field in standard.items() if key in both or field.required},
        tuple(
            Field(field, both.get(key), "" if key in answers else ASKS.get(key, ""))
            for key, field in standard.items()
            if key in both or key in ASKS or field.required
        ),
    )


def read_entry(path: Path) -> dict[str, Any]:
    """Read the entry in the folder of a released model."""
    hint = "Run: riskmodel describe FOLDER"
    with refuse_damage(path, "no entry for the register", "one written by riskmodel", hint):
        content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise InputError(path, type(content).__name__, "fields of an entry")
    return content


def read_answers(path: Path) -> dict[str, Any]:
    """Read the answers of people from YAML: key and value; a key without value stays open."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, error.strerror or "an unreadable file", "a file with answers") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(path, f"text that is not YAML ({error})", "a file with answers") from error
    if not isinstance(content, dict):
        raise InputError(path, type(content).__name__, "keys and values")
    fields, found = standard_fields(), {}
    for key, value in content.items():
        if key not in fields:
            raise InputError(path, f"field {str(key)[:80]!r}", f"one of {', '.join(fields)}")
        if value is None:
            continue
        for problem in problems_of_value(fields[key], value):
            raise InputError(f"{path}: {problem.key}", problem.found, problem.expected)
        found[str(key)] = value
    return found


def answers_form(entry: Entry) -> str:
    """Return a file to answer in: a key without value for each open question, below the question."""
    lines = [
        "# Antwoorden voor het Algoritmeregister. Vul achter elke dubbele punt een antwoord in.",
        "# Een regel zonder antwoord blijft open. Geef dit bestand daarna mee met --answers.",
    ]
    for field in entry.fields:
        if not field.ask:
            continue
        standard = field.standard
        limit = f" Hoogstens {standard.longest} tekens." if standard.longest and not standard.permitted else ""
        must = "verplicht" if field.required else "niet verplicht"
        lines += ["", f"# {field.label} ({must}). {field.ask}{limit}"]
        lines += [f"# Nu staat er: {field.text}"] if field.value is not None else []
        lines += ["#   - {title: ..., link: https://...}"] if standard.type == "links" else []
        lines.append(f"{standard.key}:")
    return "\n".join(lines) + "\n"


def summary(entry: Entry) -> str:
    """Return the open questions in Dutch; or that the entry is complete."""
    may = [field for field in entry.fields if field.ask and not field.missing]
    if entry.missing:
        lines = [f"Nog niet klaar. Nog in te vullen, verplicht ({len(entry.missing)}):"]
        lines += [f"  {field.label} ({field.standard.key}): {field.ask}" for field in entry.missing]
    else:
        lines = ["Alle verplichte velden zijn ingevuld. De inschrijving past bij publicatiestandaard 1.0."]
    if may:
        lines.append(f"Aan te vullen, niet verplicht ({len(may)}):")
        lines += [f"  {field.label} ({field.standard.key}): {field.ask}" for field in may]
    return "\n".join(lines)
