"""Where the experiments that come along stand, so that one can be asked for by name from any folder."""

from __future__ import annotations

from pathlib import Path

#: The main question: what is answered where several could be and none is named.
MAIN = "decline-2y"
#: In an installed package beside this module, in a checkout beside the package.
PLACES = (Path(__file__).parents[1] / "experiments", Path(__file__).parents[2] / "experiments")


def builtin_names() -> list[str]:
    """Names of the experiments that come along.

    Examples
    --------
    >>> builtin_names()
    ['decline-2y', 'decline-4y', 'tipping-2y']
    """
    return sorted({path.stem for place in PLACES for path in place.glob("*.yaml")})


def experiment_file(asked: Path) -> Path:
    """The file that is meant: a path that exists, or the name of an experiment that comes along.

    Anything else is given back as it is, so that reading it tells what is wrong.

    Examples
    --------
    >>> experiment_file(Path("decline-2y")).name, experiment_file(Path("mine.yaml")).name
    ('decline-2y.yaml', 'mine.yaml')
    """
    if asked.exists() or str(asked) != asked.name:
        return asked
    found = [place / f"{asked.name}.yaml" for place in PLACES]
    return next((path for path in found if path.exists()), asked)
