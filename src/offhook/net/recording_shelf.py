"""Where recordings lie that are not on this machine: any place that fsspec has a name for, such as s3://bucket/folder.

fsspec and what it needs for a place come with an extra (docs/decisions/0026-recordings-elsewhere.md). Everything here
blocks, and is called on threads.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from offhook.calls.errors import RecordingFailed


class Shelf:
    """Files by name below one URL. Every method raises RecordingFailed when the place cannot be reached."""

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        try:
            from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra

            self._files, self._root = url_to_fs(url, **_nested(options))
        except (ImportError, ValueError) as error:
            advice = 'install what it needs (pip install "offhook[s3]" for s3://), or write file:./recordings'
            raise RecordingFailed(f"recordings.url {url!r} cannot be used: {error}; {advice}") from error

    def put(self, path: Path) -> None:
        """Copy a file there, under its own name."""
        self._do("put_file", str(path), self._place(path.name))

    def get(self, name: str, path: Path) -> None:
        """Copy one here. Raises FileNotFoundError when there is none."""
        self._do("get_file", self._place(name), str(path))

    def remove(self, name: str) -> None:
        """Remove one; nothing happens when there is none."""
        try:
            self._do("rm_file", self._place(name))
        except FileNotFoundError:
            return

    def _place(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _do(self, what: str, *names: str) -> None:
        try:
            if what == "put_file":
                self._files.makedirs(self._root, exist_ok=True)
            getattr(self._files, what)(*names)
        except FileNotFoundError:
            raise
        except Exception as error:  # each kind of place has errors of its own
            raise RecordingFailed(f"{names[-1]}: {type(error).__name__}: {error}") from error


def _nested(options: Mapping[str, str]) -> dict[str, Any]:
    """`client_kwargs.region_name` as fsspec wants it: a table within a table."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        outer, _, inner = name.partition(".")
        if inner:
            found.setdefault(outer, {})[inner] = value
        else:
            found[name] = value
    return found
