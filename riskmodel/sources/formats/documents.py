"""YAML, TOML and JSON files of users: plain values only, every key once, and of bounded size."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from riskmodel.errors import InputError, unreadable

#: Experiments and mappings are a few thousand bytes, a list of the whole country some two million.
LARGEST = 64 << 20
LARGEST_SETTINGS = 1 << 20
#: The reader of YAML takes some eight seconds for a megabyte.
LARGEST_YAML = 1 << 18


class _PlainLoader(yaml.SafeLoader):
    """The safe loader without aliases, which can make gigabytes of a few lines, and without doubled keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "an alias (*...) is not read here", self.get_mark())
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        made = super().construct_mapping(node, deep=deep)
        if len(made) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key twice", node.start_mark)
        return made


def read_yaml(path: Path, expected: str, absent: str = "") -> Any:
    """Read a YAML file without aliases and doubled keys.

    Parameters
    ----------
    path : Path
        The file.
    expected : str
        The kind of file, for messages.
    absent : str
        Hint for a file that does not exist.

    Returns
    -------
    Any
        Dictionaries, lists, texts, numbers, dates, true, false and nothing; no other objects.

    Raises
    ------
    InputError
        If it cannot be read, is no UTF-8 or YAML, is too large, has a key twice, or refers to another part of
        itself.
    """
    # A subclass of the safe loader: it makes nothing but plain values.
    return _read(path, "YAML", expected, LARGEST_YAML, lambda text: yaml.load(text, Loader=_PlainLoader), absent)


def read_toml(path: Path, expected: str) -> dict[str, Any]:
    """Read a TOML file.

    Parameters
    ----------
    path : Path
        The file.
    expected : str
        The kind of file, for messages.

    Raises
    ------
    InputError
        If it cannot be read, is no UTF-8 or TOML, or is too large.
    """
    made: dict[str, Any] = _read(path, "TOML", expected, LARGEST_SETTINGS, tomllib.loads)
    return made


def read_json(path: Path, expected: str, *, missing: bool = False) -> Any:
    """Read a JSON file with finite numbers and every key once.

    Parameters
    ----------
    path : Path
        The file.
    expected : str
        The kind of file, for messages.
    missing : bool
        Whether NaN may mean a missing number.

    Raises
    ------
    InputError
        If it cannot be read, is no UTF-8 or JSON, is too large, has a key twice, or has a number in it that is not
        finite.
    """

    def constant(text: str) -> float:
        if text == "NaN" and missing:
            return float("nan")
        raise ValueError(f"{text}, which is no number")

    def load(text: str) -> Any:
        return json.loads(text, parse_constant=constant, object_pairs_hook=_once)

    return _read(path, "JSON", expected, LARGEST, load)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key twice")
    return made


def _read(path: Path, kind: str, expected: str, largest: int, load: Callable[[str], Any], absent: str = "") -> Any:
    try:
        size = path.stat().st_size
        if size > largest:
            raise InputError(path, f"{size:,} bytes", f"{expected}, at most {largest:,} bytes")
        return load(path.read_bytes().decode("utf-8-sig"))
    except InputError:
        raise
    except OSError as error:
        raise unreadable(path, error, expected, absent) from error
    except UnicodeDecodeError as error:
        raise InputError(path, "bytes that are not UTF-8 text", expected) from error
    # The parsers raise many kinds of error on odd texts: a date that is none, keys that are lists.
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise InputError(path, f"text that is not {kind} ({reason})", expected) from error
