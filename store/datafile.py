"""Data files a non-programmer can read: YAML in, frozen pydantic values out, or a clear error.

Laws, articles, offices, communes and texts all ship as files. A file that is wrong stops the
program with its name, the line and the reason, so that a lawyer who edited it can mend it.
This module imports nothing of the store: the pure rooms may use it.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

T = TypeVar("T")


class DataFileError(Exception):
    """A data file that can't be used; says which file, which line and why."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        super().__init__(f"{path}:{line}: {reason}" if line else f"{path}: {reason}")


class Entry(BaseModel):
    """A value read from a data file: frozen, and strict about keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Loader(yaml.CSafeLoader):
    """YAML that refuses a key written twice, which plain YAML silently overwrites."""


def _mapping(loader: yaml.CSafeLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.MarkedYAMLError(
                problem=f"the key {key!r} stands here twice", problem_mark=key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not fit: where it stands and what is wrong with it."""

    line: int | None
    loc: tuple[int | str, ...]
    """The way to it from the top of the file; empty for the file as a whole."""
    kind: str
    """Pydantic's name of the fault, or `yaml`."""
    reason: str


class FaultsError(Exception):
    """A text that does not fit; holds every fault, in the order pydantic finds them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(fault.reason for fault in faults))


def parse(text: str, kind: type[T]) -> T:
    """Read a YAML text as `kind` (a pydantic model, or any type pydantic can validate).

    Raises:
        FaultsError: it is not YAML, or does not fit `kind`.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        value = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = mark.line + 1 if mark else None
        raise FaultsError((Fault(line, (), "yaml", problem.problem or str(problem)),)) from problem
    except (yaml.YAMLError, ValueError) as problem:  # ValueError: the 31st of February
        raise FaultsError((Fault(None, (), "yaml", str(problem)),)) from problem
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as problem:
        raise FaultsError(
            tuple(
                Fault(_line(node, error["loc"]), error["loc"], error["type"], error["msg"])
                for error in problem.errors(include_url=False)
            )
        ) from problem


def load(path: Path, kind: type[T]) -> T:
    """Read one YAML file as `kind`.

    Raises:
        DataFileError: the file is missing, is not YAML, or does not fit `kind`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise DataFileError(path, None, f"can't be read: {problem}") from problem
    try:
        return parse(text, kind)
    except FaultsError as problem:
        first = problem.faults[0]
        where = ".".join(str(part) for part in first.loc) or "the file"
        reason = first.reason if first.kind == "yaml" else f"{where}: {first.reason}"
        raise DataFileError(path, first.line, reason) from problem


def load_folder(folder: Path, kind: type[T], pattern: str = "**/*.yaml") -> tuple[T, ...]:
    """Read every file of a folder, in the order of their paths; an empty folder is an error."""
    paths = sorted(folder.glob(pattern))
    if not paths:
        raise DataFileError(folder, None, f"holds no file like {pattern}")
    return tuple(load(path, kind) for path in paths)


def _line(node: yaml.Node | None, loc: Sequence[int | str]) -> int | None:
    """The line of the deepest node that the error's path still leads to."""
    line = node.start_mark.line + 1 if node is not None else None
    for part in loc:
        found: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, found = key.start_mark.line + 1, value
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value)
        ):
            found = node.value[part]
            line = found.start_mark.line + 1
        if found is None:
            break
        node = found
    return line
