"""YAML that is only what it says: keys, lists, texts and numbers, every key once, no references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from riskmodel.errors import InputError

#: The experiments that come along are some 1,500 bytes.
LARGEST = 1 << 20


class _PlainLoader(yaml.SafeLoader):
    """The safe loader without aliases, which let a few lines stand for gigabytes, and without doubled keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "an alias (*...) is not read here", self.get_mark())
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        made = super().construct_mapping(node, deep=deep)
        if len(made) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key twice", node.start_mark)
        return made


def load_plain(path: Path, expected: str) -> Any:
    """Read a YAML file.

    Parameters
    ----------
    path : Path
        The file.
    expected : str
        What it should be, for messages.

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
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise InputError(path, f"{size:,} bytes", f"at most {LARGEST:,}")
        # A subclass of the safe loader: it makes nothing but plain values.
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_PlainLoader)
    except OSError as error:
        raise InputError(path, error.strerror or "an unreadable file", expected) from error
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(path, f"text that is not YAML ({error})", expected) from error
