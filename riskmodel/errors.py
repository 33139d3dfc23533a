"""The one error type a user of riskmodel meets when input is not as expected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

#: Of each part of a message, no more characters than this: a strange file can hold a very long line.
WIDTH = 600
#: What reading a damaged file raises: it is gone, no text, no JSON, or its keys and values are other ones.
DAMAGE: tuple[type[Exception], ...] = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)


def shown(text: object) -> str:
    """A part of a message: not too long, and in characters that a terminal can print and does not obey."""
    said = str(text)
    if len(said) > WIDTH:
        said = f"{said[:WIDTH]} ..."
    if said.isprintable():
        return said
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in said)


class InputError(ValueError):
    """Bad input, told in one message: where, what was found, what was expected, what to do.

    The command line prints the message and exits with code 2; nothing has been written by then.

    Parameters
    ----------
    where : str
        File, and the row or column where known.
    found : str
        What stands there.
    expected : str
        What should stand there.
    hint : str, optional
        What the user can do about it.
    """

    def __init__(self, where: object, found: str, expected: str, hint: str = "") -> None:
        self.where, self.found, self.expected, self.hint = map(shown, (where, found, expected, hint))
        message = f"{self.where}: found {self.found}; expected {self.expected}."
        super().__init__(f"{message} {self.hint}".strip())


def unreadable(path: object, error: OSError, expected: str = "a readable file", hint: str = "") -> InputError:
    """What to raise for a file that cannot be read."""
    absent = isinstance(error, FileNotFoundError)
    told = "Is the name right, and the folder? A name with spaces needs quotes."
    return InputError(path, error.strerror or "an unreadable file", expected, (hint or told) if absent else "")


@contextmanager
def damage_told(
    where: object, found: str, expected: str, hint: str = "", also: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Read a file of riskmodel's own: whatever is wrong with its text, keys or values ends in one message."""
    try:
        yield
    except InputError:
        raise
    except (*DAMAGE, *also) as error:
        raise InputError(where, f"{found} ({error})", expected, hint) from error


def missing_openmp(error: OSError) -> InputError | None:
    """What to tell when LightGBM cannot load the OpenMP library of the system."""
    name = next((each for each in ("libgomp", "libomp") if each in str(error)), None)
    if name is None:
        return None
    return InputError(
        "this machine",
        f"no {name}",
        "the OpenMP library, which LightGBM needs",
        "Install it: apt install libgomp1 (Debian, Ubuntu), dnf install libgomp, brew install libomp (macOS).",
    )
