"""The pages of documentation name files that are there."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent.parent
PAGES = sorted(
    page for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.md")] if page.is_file()
)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
SPAN = re.compile(r"`((?:[a-z_]+/)+(?:[A-Za-z0-9_-]+\.(?:py|c|md|sql|toml))?)`")  # a folder ends with a slash
DEFINITION = re.compile(r"^(?:async )?def (test_[a-z0-9_]+)\(", re.MULTILINE)
TEST = re.compile(r"`(test_[a-z0-9_]+)`")
# Where a path in a code span may begin; ours name a module by its package, a test by its folder.
BASES = (ROOT, ROOT / "src" / "offhook", ROOT / "tests", ROOT / "src" / "offhook" / "media" / "native")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page has a target."""
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if ":" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_exist(page: Path) -> None:
    """Every path in a code span is a file or a folder, in one of the places where paths begin."""
    bases = (*BASES, page.parent)
    named = SPAN.findall(page.read_text(encoding="utf-8"))
    assert [path for path in named if not any((base / path).exists() for base in bases)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tests_that_are_named_exist(page: Path) -> None:
    """Every test in a code span is defined somewhere."""
    assert set(TEST.findall(page.read_text(encoding="utf-8"))) <= all_tests()


@cache
def all_tests() -> set[str]:
    """The names of all test functions."""
    every = (ROOT / "tests").rglob("test_*.py")
    return {name for file in every for name in DEFINITION.findall(file.read_text(encoding="utf-8"))}
