"""The error type for input that is not as expected, and what turns other errors into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

#: Of each part of a message, no more characters than this: a strange file can hold a very long line.
WIDTH = 600
#: Raised by reading a damaged file: it is gone, no text, no JSON, or its keys and values are other ones.
DAMAGE: tuple[type[Exception], ...] = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)


def printable(text: object) -> str:
    """Shorten a part of a message, and escape what a terminal cannot print or would obey."""
    part = str(text)
    if len(part) > WIDTH:
        part = f"{part[:WIDTH]} ..."
    if part.isprintable():
        return part
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in part)


class InputError(ValueError):
    """Bad input, described in one message: where, what was found, what was expected, what to do.

    The command line prints the message and exits with code 2; nothing has been written by then.

    Parameters
    ----------
    where : str
        File, and the row or column where known.
    found : str
        What is there.
    expected : str
        What should be there.
    hint : str, optional
        What the user can do about it.
    """

    def __init__(self, where: object, found: str, expected: str, hint: str = "") -> None:
        self.where, self.found, self.expected, self.hint = map(printable, (where, found, expected, hint))
        message = f"{self.where}: found {self.found}; expected {self.expected}."
        super().__init__(f"{message} {self.hint}".strip())


class StoreError(InputError):
    """A disk or database that is busy, full or closed: nothing was written, and later the same may go well."""


def unreadable(path: object, error: OSError, expected: str = "a readable file", hint: str = "") -> InputError:
    """The error to raise for a file that cannot be read."""
    absent = isinstance(error, FileNotFoundError)
    advice = hint or "Is the name right, and the folder? A name with spaces needs quotes."
    return InputError(path, error.strerror or "an unreadable file", expected, advice if absent else "")


@contextmanager
def refuse_damage(
    where: object, found: str, expected: str, hint: str = "", also: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Raise InputError for whatever is wrong with the text, keys or values of a file of riskmodel's own."""
    try:
        yield
    except InputError:
        raise
    except (*DAMAGE, *also) as error:
        raise InputError(where, f"{found} ({error})", expected, hint) from error


def missing_openmp(error: OSError) -> InputError | None:
    """The error to raise where LightGBM cannot load the OpenMP library of the system; None for another error."""
    name = next((each for each in ("libgomp", "libomp") if each in str(error)), None)
    if name is None:
        return None
    return InputError(
        "this machine",
        f"no {name}",
        "the OpenMP library, which LightGBM needs",
        "Install it: apt install libgomp1 (Debian, Ubuntu), dnf install libgomp, brew install libomp (macOS).",
    )
