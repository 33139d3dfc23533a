"""Experiments that are part of the package, which can be asked for by name from any folder."""

from __future__ import annotations

from pathlib import Path

#: The main question: what is answered where several could be and none is named.
MAIN = "slide-2y"
#: In an installed package beside this module, in a checkout beside the package.
FOLDERS = (Path(__file__).parents[1] / "experiments", Path(__file__).parents[2] / "experiments")


def builtin_names() -> list[str]:
    """Names of the built-in experiments.

    Examples
    --------
    >>> builtin_names()
    ['decline-2y', 'decline-4y', 'slide-2y', 'slide-4y', 'tipping-2y']
    """
    return sorted({path.stem for folder in FOLDERS for path in folder.glob("*.yaml")})


def experiment_file(asked: Path) -> Path:
    """The file of an experiment: a path that exists, or the name of a built-in one.

    Anything else is returned unchanged, so that reading it reports what is wrong.

    Examples
    --------
    >>> experiment_file(Path("decline-2y")).name, experiment_file(Path("mine.yaml")).name
    ('decline-2y.yaml', 'mine.yaml')
    """
    if asked.exists() or str(asked) != asked.name:
        return asked
    found = [folder / f"{asked.name}.yaml" for folder in FOLDERS]
    return next((path for path in found if path.exists()), asked)
