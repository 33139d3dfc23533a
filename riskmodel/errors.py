"""The one error type a user of riskmodel meets when input is not as expected."""

from __future__ import annotations


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
        self.where = str(where)
        self.found = found
        self.expected = expected
        self.hint = hint
        message = f"{self.where}: found {found}; expected {expected}."
        super().__init__(f"{message} {hint}".strip())
