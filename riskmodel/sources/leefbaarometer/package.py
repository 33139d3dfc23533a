"""Leefbaarometer 3.0: the open-data package, a zip or a folder with one score file a level.

:func:`riskmodel.sources.leefbaarometer.scores.read_scores` reads the score files; the files with developments
between waves are left out, because they follow from the scores.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

from riskmodel.errors import InputError, unreadable
from riskmodel.sources.formats.archives import Bounds, blocks, check_members
from riskmodel.sources.formats.files import first_bytes

#: Levels in the order of the result, and the words for them in file names.
LEVELS: dict[str, tuple[str, ...]] = {
    "gemeente": ("gemeenten", "gemeente"),
    "wijk": ("wijken", "wijk"),
    "buurt": ("buurten", "buurt"),
    "pc4": ("pc4",),
    "grid": ("grids", "grid"),
}
#: ``Leefbaarometer-scores wijken 2002-2024.csv``; ``Leefbaarometer 3.0 - meting 2020 - scores buurt.csv``.
SCORES = re.compile(r"Leefbaarometer.*\bscores (?P<word>\w+)(?: \d{4}-\d{4})?\.csv", re.IGNORECASE)
DEVELOPMENT = re.compile(r"Leefbaarometer.*\bontwikkeling\b.*\.csv", re.IGNORECASE)

#: The largest file of a package (grids, all waves) is about half a gigabyte and shrinks to a third.
LARGEST_MEMBER = 2 * 1024**3
LARGEST_TOTAL = 4 * 1024**3
HIGHEST_RATIO = 100

HINT = "Use open-data-leefbaarometer-meting-2024.zip of the open-data page, or the folder it unpacks to."


@contextmanager
def open_package(path: Path, levels: Sequence[str] = ()) -> Iterator[list[Path]]:
    """Yield the score files of a package, one a level, unpacked while they are read."""
    unknown = [level for level in levels if level not in LEVELS]
    if unknown:
        raise InputError("levels", repr(unknown[0]), f"some of {', '.join(LEVELS)}")
    if path.is_dir():
        yield _files_in(path, levels)
    elif path.suffix.lower() == ".csv":
        if DEVELOPMENT.fullmatch(path.name):
            raise InputError(path, "a file with developments", "a file with scores", HINT)
        yield [path]
    else:
        with tempfile.TemporaryDirectory(prefix="riskmodel-") as folder:
            yield _extract(path, Path(folder), levels)


def _files_in(folder: Path, levels: Sequence[str]) -> list[Path]:
    try:
        inside = sorted(folder.iterdir())
        below = [file for each in inside if each.is_dir() for file in sorted(each.iterdir())]
    except OSError as error:
        raise InputError(folder, error.strerror or "an unreadable folder", "a readable folder") from error
    files = [file for file in [*inside, *below] if file.is_file()]
    return [files[index] for index in _by_level(folder, [file.name for file in files], levels)]


def _extract(path: Path, folder: Path, levels: Sequence[str]) -> list[Path]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = check_members(path, archive, Bounds(LARGEST_TOTAL, LARGEST_MEMBER, HIGHEST_RATIO), HINT)
            # Windows paths know both kinds of slash, and both occur in zips made there.
            names = [PureWindowsPath(member.filename).name for member in members]
            chosen = [members[index] for index in _by_level(path, names, levels)]
            return [_unpack(path, archive, member, folder) for member in chosen]
    # A directory of members that asks for an unknown version of zip is damaged, too.
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise _no_archive(path) from error
    except OSError as error:
        raise unreadable(path, error, "a zip archive, folder or CSV") from error


def _by_level(where: Path, names: Sequence[str], levels: Sequence[str]) -> list[int]:
    """Indices of the score files among the names, in the order of the levels."""
    words = {word: level for level, known in LEVELS.items() for word in known}
    found: dict[str, int] = {}
    for index, name in enumerate(names):
        match = SCORES.fullmatch(name)
        level = words.get(match["word"].lower()) if match else None
        if level is None:
            continue
        if level in found:
            raise InputError(
                where,
                f"{names[found[level]]!r} and {name!r}, both of level {level}",
                "one score file a level",
                "Two releases are two instruments; give one of them.",
            )
        found[level] = index
    if not found:
        seen = ", ".join(sorted(names)[:5]) or "nothing"
        raise InputError(where, f"no score file ({seen})", "'Leefbaarometer-scores wijken 2002-2024.csv'", HINT)
    absent = [level for level in levels if level not in found]
    if absent:
        raise InputError(where, f"no scores of level {absent[0]} (levels: {', '.join(found)})", "those asked for")
    return [found[level] for level in LEVELS if level in found and (not levels or level in levels)]


def _unpack(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> Path:
    """Write one member under its bare name, never more bytes than the archive announces."""
    where = f"{path}, member {member.filename!r}"
    target = folder / PureWindowsPath(member.filename).name
    try:
        with target.open("wb") as out:
            for block in blocks(archive, member):
                out.write(block)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise InputError(where, "damaged data", "an undamaged archive", "Download it again.") from error
    except (NotImplementedError, RuntimeError) as error:
        raise InputError(where, f"an unknown packing ({error})", "a common zip archive", HINT) from error
    return target


def _no_archive(path: Path) -> InputError:
    start = first_bytes(path, 512).lstrip()
    if start.startswith(b"PK"):
        return InputError(path, "a zip archive that is cut off or damaged", "a whole one", "Download it again.")
    if not start:
        return InputError(path, "an empty file", "a zip archive, folder or CSV file", HINT)
    if start.startswith(b"<"):
        return InputError(path, "a web page", "a zip archive, folder or CSV file", HINT)
    return InputError(path, "no zip archive", "a zip archive, folder or CSV file", HINT)
