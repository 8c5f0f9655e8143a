"""The configuration in the how-to pages can be read, and the metrics of the reference are those that are published."""

import re
from pathlib import Path

import pytest

from offhook.server.config import load
from offhook.server.protection import protection
from offhook.telemetry.guard_metrics import GuardTold
from offhook.telemetry.metrics import Metrics

DOCS = Path(__file__).parents[3] / "docs"
PAGES = ("run-behind-nat.md", "on-the-public-internet.md", "where-calls-go.md", "stream-audio.md", "record-calls.md")


def blocks(page: str) -> list[str]:
    """The TOML of a page."""
    return re.findall(r"```toml\n(.*?)```", (DOCS / "howto" / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_configuration_of_a_page_can_be_read(page: str, tmp_path: Path) -> None:
    """Every block, and the guard that it asks for can be built."""
    assert blocks(page)
    for block in blocks(page):
        path = tmp_path / "offhook.toml"
        path.write_text(block, encoding="utf-8")
        protection(load(path, {}).settings, b"secret")


def test_the_reference_names_every_metric_and_no_other() -> None:
    """Those of the process apart."""
    metrics = Metrics()
    metrics.watch_calls(lambda: 0)
    metrics.watch_media(lambda: (), lambda: 0)
    metrics.watch_guard(
        lambda: GuardTold(refused={}, strikes={}, bans=0, bans_made=0, pressures={}, lateness=0.0, checks={})
    )
    families = re.findall(r"^# HELP (offhook_\w+)", metrics.text().decode(), re.MULTILINE)
    published = {name for name in families if not name.endswith("_created")}
    page = (DOCS / "reference" / "metrics.md").read_text(encoding="utf-8")
    assert published == set(re.findall(r"^\| `(offhook_\w+)`", page, re.MULTILINE))
