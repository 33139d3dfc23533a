"""How numbers are written as text: which sign is decimal and which separates thousands, for every reader.

``1.250`` is 1.25 or 1250. One number cannot say which, the others of its file can: ``2,5``, ``0.125`` and
``1.250,00`` have one meaning only. So the format is settled by all numbers of a file together. Where they leave it
open, or contradict each other, the file is refused, or its owner is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from riskmodel.errors import InputError

#: The sign that separates thousands where another one is decimal.
OTHER = {".": ",", ",": "."}
SIGNS = tuple(OTHER)
WITHOUT = "Save the numbers without separators between thousands."
ALIKE = "Save all numbers with the same decimal sign."
_NAMES = {".": "point", ",": "comma"}
#: A number in groups of three digits; no program begins the first group with a zero.
_GROUPS = r"[+-]?[1-9][0-9]{{0,2}}(?:{0}[0-9]{{3}}){1}"
#: A number of four digits or more without separators.
UNGROUPED = r"[+-]?[0-9]{4,}(?:[.,][0-9]+)?"
_UNGROUPED = re.compile(UNGROUPED)
_EXPONENT = r"(?:[eE][+-]?[0-9]{1,3})?"


def _grouped(sign: str, groups: str) -> str:
    return _GROUPS.format(re.escape(sign), groups)


#: By sign, what it can be in a number, in the order in which that is asked.
_FORMS = {
    sign: {
        "either": re.compile(_grouped(sign, "")),
        "thousands": re.compile(f"{_grouped(sign, '+')}{re.escape(other)}[0-9]+|{_grouped(sign, '{2,}')}"),
        "decimal": re.compile(rf"[+-]?[0-9]+{re.escape(sign)}[0-9]+{_EXPONENT}"),
    }
    for sign, other in OTHER.items()
}


@dataclass(frozen=True)
class NumberFormat:
    """The format of the numbers of a file.

    Attributes
    ----------
    decimal, thousands : str
        The signs; ``thousands`` is empty where none may occur.
    """

    decimal: str = "."
    thousands: str = ""

    @cached_property
    def pattern(self) -> str:
        """Regular expression of a whole number or one with decimals."""
        plain = f"[+-]?[0-9]+{self.decimals}{_EXPONENT}"
        return f"{plain}|{self.groups}{self.decimals}" if self.thousands else plain

    @cached_property
    def decimals(self) -> str:
        """Regular expression of the decimal sign and the digits after it, if any."""
        return rf"(?:{re.escape(self.decimal)}[0-9]+)?"

    @cached_property
    def groups(self) -> str:
        """Regular expression of the digits before the decimal sign, in groups."""
        return _grouped(self.thousands, "+")

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def number(self, text: str) -> float | None:
        """The number that a text is in this format; None if it is none.

        Examples
        --------
        >>> NumberFormat(",", ".").number("1.250,5"), NumberFormat(".").number("1,5")
        (1250.5, None)
        """
        if not self._compiled.fullmatch(text):
            return None
        return float(text.replace(self.thousands, "").replace(self.decimal, "."))

    def note(self, column: str, texts: Iterable[str]) -> str:
        """What was taken for a separator of thousands in a column, for the user; empty when nothing was."""
        if not self.thousands or not any(
            self.thousands in text and self.number(text) is not None for text in texts
        ):
            return ""
        return f"column {column!r}: {self.meaning(self.thousands)}"

    def meaning(self, sign: str) -> str:
        """What a sign means in this format, with an example that is not of the file: its values may be hidden."""
        example = f"1{sign}250"
        role = "is the decimal sign" if sign == self.decimal else "separates thousands"
        return f"the {_NAMES[sign]} {role}, {example} is {self.number(example):.15g}"


@dataclass(frozen=True)
class Doubt:
    """Why the format of the numbers of a file is not settled.

    Attributes
    ----------
    column, text : str
        A number that shows it.
    found, expected, hint : str
        For the message.
    sign : str
        The sign that may be either, empty where numbers contradict each other.
    """

    column: str
    text: str
    found: str
    expected: str
    hint: str = WITHOUT
    sign: str = ""

    def refusal(self, where: object) -> InputError:
        """The refusal of the file."""
        return InputError(where, self.found, self.expected, self.hint)


@dataclass
class Evidence:
    """What the numbers of a file say about their signs; columns may be added in pieces.

    Attributes
    ----------
    decimal, thousands, either : dict
        By sign, the column and text of the first number in which it can only be decimal, can only separate
        thousands, or can be both.
    grouped : dict
        By column and sign, the first number in which the sign may separate thousands.
    ungrouped : dict
        By column, the first number of four digits or more without a separator.
    """

    decimal: dict[str, tuple[str, str]] = field(default_factory=dict)
    thousands: dict[str, tuple[str, str]] = field(default_factory=dict)
    either: dict[str, tuple[str, str]] = field(default_factory=dict)
    grouped: dict[tuple[str, str], str] = field(default_factory=dict)
    ungrouped: dict[str, str] = field(default_factory=dict)

    def add(self, column: str, texts: Iterable[str]) -> None:
        """Look at numbers of a column; what is no number says nothing."""
        for text in texts:
            if _UNGROUPED.fullmatch(text):
                self.ungrouped.setdefault(column, text)
            for sign, role in _roles(text):
                found: dict[str, tuple[str, str]] = getattr(self, role)
                found.setdefault(sign, (column, text))
                if role != "decimal":
                    self.grouped.setdefault((column, sign), text)

    def number_format(self, decimal: str = "") -> NumberFormat | Doubt:
        """The format on which all numbers agree, with the decimal sign if that is known, or why there is none."""
        shown = dict(self.decimal)
        for sign, example in self.thousands.items():
            shown.setdefault(OTHER[sign], example)
        if len(shown) > 1 and not decimal:
            (_, (_, text)), (_, (column, other)) = shown.items()
            return Doubt(column, other, f"{other!r} beside {text!r}", "one decimal sign in a file", ALIKE)
        if not shown and not decimal:
            return self._unshown()
        decimal = decimal or next(iter(shown))
        sign = OTHER[decimal]
        if sign not in self.thousands and sign not in self.either:
            return NumberFormat(decimal)
        mixed = next((column for column, of in self.grouped if of == sign and column in self.ungrouped), None)
        if mixed is not None:
            text, other = self.grouped[mixed, sign], self.ungrouped[mixed]
            return Doubt(mixed, text, f"{text!r} beside {other!r}", "thousands separated everywhere or nowhere")
        return NumberFormat(decimal, sign)

    def _unshown(self) -> NumberFormat | Doubt:
        if not self.either:
            return NumberFormat()
        sign, (column, text) = next(iter(self.either.items()))
        values = " or ".join(f"{form.number(text):.15g}" for form in either_way(sign))
        expected = f"numbers that show whether the {_NAMES[sign]} is decimal or separates thousands"
        hint = f"Write {text}0 or {text.replace(sign, '')}."
        return Doubt(column, text, f"{text!r}, which may be {values}", expected, hint, sign)


def either_way(sign: str) -> tuple[NumberFormat, NumberFormat]:
    """The formats in which a sign is decimal, and in which it separates thousands."""
    return NumberFormat(sign, OTHER[sign]), NumberFormat(OTHER[sign], sign)


def is_number(text: str) -> bool:
    """Whether a text is a number with either sign as the decimal one."""
    return any(form.number(text) is not None for form in either_way("."))


def _roles(text: str) -> list[tuple[str, str]]:
    """What each sign can be in a number: ``decimal``, ``thousands`` or ``either``; none for other texts."""
    roles = ((sign, role, form) for sign in SIGNS if sign in text for role, form in _FORMS[sign].items())
    return [(sign, role) for sign, role, form in roles if form.fullmatch(text)][:1]


def evidence_of(columns: Mapping[str, Iterable[str]]) -> Evidence:
    """What the numbers in some columns say about their signs."""
    found = Evidence()
    for column, texts in columns.items():
        found.add(column, texts)
    return found


def settle(columns: Mapping[str, Iterable[str]], where: Callable[[str, str], object]) -> NumberFormat:
    """The format on which all numbers of a file agree.

    Parameters
    ----------
    columns : mapping of str to iterable of str
        Texts of the columns of numbers, without blanks around them; others than numbers may be among them.
    where : callable
        The position in the file of a number, by its column and text.

    Raises
    ------
    InputError
        If the numbers contradict each other, or leave open what a sign means.
    """
    found = evidence_of(columns).number_format()
    if isinstance(found, Doubt):
        raise found.refusal(where(found.column, found.text))
    return found
