"""Finds providers: those that offhook brings, and those of other packages by their entry points."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from offhook.speech.errors import PluginMissing


def find_plugin(group: str, name: str, built_in: Mapping[str, Any]) -> Any:
    """The factory of this name; what is installed wins over what is built in. Raises PluginMissing."""
    for point in entry_points(group=group, name=name):
        try:
            return point.load()
        except Exception as error:  # foreign code may raise anything while it is imported
            raise PluginMissing(f"{name!r} of {point.value} cannot be loaded: {error}") from error
    if name in built_in:
        return built_in[name]
    known = sorted({*built_in, *(point.name for point in entry_points(group=group))})
    raise PluginMissing(f"there is no {name!r}: write one of {', '.join(known)}, or install what brings it ({group})")
