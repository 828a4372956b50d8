"""Recorded updates of the platforms, whole and with a few things in them broken."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
"""Any value that JSON can write."""


def recorded(platform: str) -> dict[str, Any]:
    """The updates in `payloads/` of one platform, by name."""
    folder = Path(__file__).parent / "payloads" / platform
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }


@st.composite
def broken(draw: st.DrawFn, payloads: Mapping[str, Any]) -> Any:
    """One of the updates with a few things in it replaced or missing."""
    update = copy.deepcopy(payloads[draw(st.sampled_from(sorted(payloads)))])
    for _ in range(draw(st.integers(1, 4))):
        *way, last = draw(st.sampled_from(_spots(update)))
        holder = update
        for key in way:
            holder = holder[key]
        if draw(st.booleans()) or isinstance(holder, list):
            holder[last] = draw(ANYTHING)
        else:
            del holder[last]
        if not _spots(update):
            break
    return update


def _spots(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything inside a JSON value."""
    if isinstance(node, dict):
        inside = list(node.items())
    elif isinstance(node, list):
        inside = list(enumerate(node))
    else:
        inside = []
    return [
        found for key, value in inside for found in ((*path, key), *_spots(value, (*path, key)))
    ]
