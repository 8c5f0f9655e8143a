"""Fixtures of the command tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli_platform import Running, running_platform
from typer.testing import CliRunner, Result

from offhook.server.cli import app


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and nothing of this machine's own offhook."""
    for name in ("OFFHOOK_CONFIG", "OFFHOOK_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def running(folder: Path) -> Iterator[Running]:
    """A running platform."""
    with running_platform(folder) as made:
        yield made


@pytest.fixture
def offhook(folder: Path) -> Callable[..., Result]:
    """The program, as a function of its arguments, at work in the folder."""
    assert folder.is_dir()

    def run(*arguments: object, text: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], input=text)

    return run
